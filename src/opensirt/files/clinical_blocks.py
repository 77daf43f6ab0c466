"""The clinical blocks of case.toml: disease, labs, earlier treatments, symptoms, overrides."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from opensirt.domain.laboratory import Analyte
from opensirt.domain.patient_record import TreatmentKind, TumourType
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import Fraction, Name

_EXAMPLE = "true where the facts are invented for an example; reports say so"


def _word_of(kind: type[Enum]) -> Any:  # noqa: ANN401 - a pair of pydantic markers
    words = [str(one.value) for one in kind]

    def check(value: object) -> object:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)} is wanted")
        return value

    return BeforeValidator(check), WithJsonSchema({"enum": words})


Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Stain = Literal["positive", "negative"]


class DiseaseBlock(Block):
    """The disease as it is at the time of the case; what is not known is left out."""

    example: bool = Field(default=False, description=_EXAMPLE)
    tumour_type: Annotated[str, *_word_of(TumourType)] | None = Field(
        default=None, description=f"one of {', '.join(one.value for one in TumourType)}"
    )
    primary_site: Name | None = Field(default=None, description="organ of the primary tumour")
    grade: Literal["G1", "G2", "G3", "NEC", "MiNEN"] | None = Field(
        default=None, description="WHO grade of a neuroendocrine neoplasm"
    )
    differentiation: Literal["well differentiated", "poorly differentiated"] | None = Field(
        default=None, description='"well differentiated" or "poorly differentiated"'
    )
    ki67_fraction: Fraction | None = Field(default=None, description="0.06 for 6 %")
    ki67_site: Name | None = Field(default=None, description="where the tissue came from")
    ki67_method: Name | None = Field(default=None, description="how it was counted")
    ki67_on: date | None = Field(default=None, description="date of the tissue")
    mitoses_per_2_mm2: NotNegative | None = Field(
        default=None, description="mitoses in 2 square millimetres"
    )
    functioning_syndrome: Name | None = Field(
        default=None, description='name of the hormonal syndrome; "none" where there is none'
    )
    sstr_status: Stain | None = Field(
        default=None, description='somatostatin-receptor imaging: "positive" or "negative"'
    )
    fdg_status: Stain | None = Field(
        default=None, description='FDG imaging: "positive" or "negative"'
    )
    progressive: bool | None = Field(default=None, description="progression is documented")
    symptomatic: bool | None = Field(
        default=None, description="symptoms of the liver tumours or of their hormones"
    )
    extrahepatic_disease: Literal["none", "limited", "disseminated"] | None = Field(
        default=None, description='"none", "limited" or "disseminated"'
    )
    extrahepatic_sites: list[Name] = Field(
        default_factory=list, description="organs outside the liver, in words"
    )
    liver_distribution: Literal["segmental", "unilobar", "bilobar"] | None = Field(
        default=None, description='"segmental", "unilobar" or "bilobar"'
    )
    tumour_burden_fraction: Fraction | None = Field(
        default=None, description="tumour volume over liver volume, where it was read elsewhere"
    )
    liver_volume_ml: Positive | None = Field(
        default=None, description="liver volume in mL, where it was read elsewhere"
    )
    diagnosed_on: date | None = Field(default=None, description="date of the diagnosis")
    ecog_performance_status: Annotated[int, Field(ge=0, le=5)] | None = Field(
        default=None, description="ECOG 0 to 5"
    )
    ecog_on: date | None = Field(default=None, description="date of the performance status")
    prior_treatments_complete: bool | None = Field(
        default=None,
        description="true when every earlier treatment is listed: only then does one that is not "
        "there mean that it was never given",
    )
    facts: dict[str, float | bool | str] = Field(
        default_factory=dict,
        description="further clinical facts by their name, such as "
        '{ ascites = "none", encephalopathy = "none", pregnant = false }',
    )


class LabBlock(Block):
    """One laboratory value as printed."""

    example: bool = Field(default=False, description=_EXAMPLE)
    analyte: Annotated[str, *_word_of(Analyte)] = Field(
        description=f"one of {', '.join(one.value for one in Analyte)}"
    )
    value: float = Field(description="the number as printed")
    unit: Name = Field(description='the unit as printed, such as "umol/L"')
    on: date = Field(description="date, such as 2026-01-05 (without quotation marks)")
    lower_limit: float | None = Field(
        default=None, description="the laboratory's lower limit of normal, in `unit`"
    )
    upper_limit: float | None = Field(
        default=None, description="the laboratory's upper limit of normal, in `unit`"
    )
    assay: Name | None = Field(default=None, description="the assay, for tumour markers")


class PriorDosesBlock(Block):
    """Doses of an earlier treatment with radiation, and what they rest on."""

    lung_gy: NotNegative | None = Field(default=None, description="mean dose to the lungs, in Gy")
    normal_liver_gy: NotNegative | None = Field(
        default=None, description="mean dose to the whole normal liver, in Gy"
    )
    territories_gy: dict[Name, NotNegative] = Field(
        default_factory=dict,
        description="territory of this case = mean dose that its normal liver got, in Gy",
    )
    device: Literal["resin", "glass", "holmium"] | None = Field(
        default=None, description="of an earlier radioembolization; gives the half-life for BED"
    )
    lung_shunt_fraction: Fraction | None = Field(
        default=None,
        description="between 0 and 1; with device, activity_gbq and lung_mass_kg the lung dose "
        "follows where it is not stated",
    )
    lung_mass_kg: Positive | None = Field(default=None, description="mass of both lungs then")
    n_fractions: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="equal fractions of external beam, or cycles of PRRT, for BED"
    )
    effective_half_life_h: Positive | None = Field(
        default=None, description="in the liver, of a radiopharmaceutical, in hours, for BED"
    )
    assumptions: list[Name] = Field(
        default_factory=list, description="what the doses rest on, in words; printed with them"
    )


class PriorTreatmentBlock(Block):
    """One earlier, running or planned treatment."""

    example: bool = Field(default=False, description=_EXAMPLE)
    kind: Annotated[str, *_word_of(TreatmentKind)] = Field(
        description=f"one of {', '.join(one.value for one in TreatmentKind)}"
    )
    name: Name | None = Field(default=None, description="drug or procedure, in words")
    started_on: date | None = Field(default=None, description="first day")
    ended_on: date | None = Field(default=None, description="day of the last dose or session")
    ongoing: bool | None = Field(default=None, description="whether it goes on")
    planned: bool = Field(default=False, description="true when it is not given yet")
    cycles: Annotated[int, Field(ge=0)] | None = Field(default=None, description="cycles so far")
    activity_gbq: NotNegative | None = Field(
        default=None, description="activity given in all, in GBq"
    )
    doses: PriorDosesBlock | None = Field(
        default=None, description="doses that it gave, for treatments with radiation"
    )


class SymptomBlock(Block):
    """One symptom on one day."""

    example: bool = Field(default=False, description=_EXAMPLE)
    name: Name = Field(description='such as "flushing" or "diarrhoea"')
    on: date = Field(description="date, such as 2026-01-05 (without quotation marks)")
    per_day: NotNegative | None = Field(default=None, description="episodes or stools a day")
    ctcae_grade: Annotated[int, Field(ge=0, le=5)] | None = Field(
        default=None, description="grade 0 (none) to 5"
    )
    note: Name | None = Field(default=None, description="in words")


class HepatobiliaryScanBlock(Block):
    """Hepatobiliary scintigraphy of one day, as the laboratory computed it."""

    example: bool = Field(default=False, description=_EXAMPLE)
    on: date = Field(description="date, such as 2026-01-05 (without quotation marks)")
    function_percent_per_min: Positive | None = Field(
        default=None, description="uptake rate of the whole liver, in % of the activity per minute"
    )
    remnant_function_percent_per_min: Positive | None = Field(
        default=None, description="uptake rate of the part that is not treated"
    )
    body_surface_area_m2: Positive | None = Field(
        default=None, description="otherwise from height and weight in [patient]"
    )


class OverrideBlock(Block):
    """Named people go on in spite of one eligibility rule."""

    rule: Name = Field(description='the rule, such as "E12"')
    by: list[Name] = Field(
        min_length=1, description="who decided; two people for an absolute contraindication"
    )
    reason: Name = Field(description="why")
    on: date = Field(description="date, such as 2026-03-02 (without quotation marks)")


class ClinicalBlocks(Block):
    """What a case says of the patient beside images, as `Case.other_blocks` keeps it."""

    disease: DiseaseBlock = Field(default_factory=DiseaseBlock)
    labs: list[LabBlock] = Field(default_factory=list)
    prior_treatments: list[PriorTreatmentBlock] = Field(default_factory=list)
    symptoms: list[SymptomBlock] = Field(default_factory=list)
    overrides: list[OverrideBlock] = Field(default_factory=list)
    hepatobiliary_scans: list[HepatobiliaryScanBlock] = Field(default_factory=list)

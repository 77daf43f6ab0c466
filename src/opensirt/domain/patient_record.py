"""What is known of one patient over time: disease, treatments, laboratory, events, status.

A record holds a pseudonym and nothing that identifies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from types import MappingProxyType

from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.laboratory import LabValue
from opensirt.domain.lesion import ImagingVisit, Lesion
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Number = float | Missing
Flag = bool | Missing


class TumourType(Enum):
    """What the liver tumours are."""

    NEUROENDOCRINE = "neuroendocrine"
    HEPATOCELLULAR = "hepatocellular"
    CHOLANGIOCELLULAR = "cholangiocellular"
    COLORECTAL = "colorectal"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disease:
    """The disease at one time; everything may be missing.

    `ki67_site` and `ki67_method` belong to the value: a metastasis may exceed the primary.
    """

    tumour_type: TumourType | Missing = Missing.NOT_RECORDED
    primary_site: str | Missing = Missing.NOT_RECORDED
    well_differentiated: Flag = Missing.NOT_RECORDED
    net_grade: str | Missing = Missing.NOT_RECORDED
    ki67_fraction: Number = Missing.NOT_RECORDED
    ki67_site: str | Missing = Missing.NOT_RECORDED
    ki67_method: str | Missing = Missing.NOT_RECORDED
    ki67_on: date | Missing = Missing.NOT_RECORDED
    mitoses_per_2_mm2: Number = Missing.NOT_RECORDED
    functioning_syndrome: Flag = Missing.NOT_RECORDED
    sstr_positive: Flag = Missing.NOT_RECORDED
    fdg_positive: Flag = Missing.NOT_RECORDED
    progressive: Flag = Missing.NOT_RECORDED
    symptomatic: Flag = Missing.NOT_RECORDED
    tumour_burden_fraction: Number = Missing.NOT_RECORDED
    liver_volume_ml: Number = Missing.NOT_RECORDED
    extrahepatic_disease: str | Missing = Missing.NOT_RECORDED
    extrahepatic_sites: tuple[str, ...] = ()
    liver_distribution: str | Missing = Missing.NOT_RECORDED


class TreatmentKind(Enum):
    """An earlier or concurrent treatment."""

    SOMATOSTATIN_ANALOGUE = "somatostatin analogue"
    EVEROLIMUS = "everolimus"
    SUNITINIB = "sunitinib"
    CAPTEM = "capecitabine and temozolomide"
    CAPECITABINE = "capecitabine"
    OTHER_CHEMOTHERAPY = "other chemotherapy"
    IMMUNOTHERAPY = "immunotherapy"
    BEVACIZUMAB = "bevacizumab"
    AFLIBERCEPT = "aflibercept"
    PRRT = "PRRT"
    BLAND_EMBOLIZATION = "TAE"
    CHEMOEMBOLIZATION = "TACE"
    DRUG_ELUTING_BEADS = "DEB-TACE"
    RADIOEMBOLIZATION = "SIRT"
    LIVER_RESECTION = "liver resection"
    PRIMARY_RESECTION = "resection of the primary"
    ABLATION = "ablation"
    EXTERNAL_BEAM_LIVER = "external-beam radiotherapy of the liver"
    EXTERNAL_BEAM_OTHER = "external-beam radiotherapy elsewhere"
    BILIOENTERIC_ANASTOMOSIS = "bilioenteric anastomosis"
    BILIARY_STENT = "biliary stent"
    PAPILLOTOMY = "papillotomy"
    CHOLECYSTECTOMY = "cholecystectomy"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierTreatment:
    """One treatment with its dates; `last_on` is the last dose or session so far.

    Raises
    ------
    InputError
        When it ends before it begins, or a count or activity is negative.
    """

    kind: TreatmentKind
    first_on: date | Missing = Missing.NOT_RECORDED
    last_on: date | Missing = Missing.NOT_RECORDED
    ongoing: Flag = Missing.NOT_RECORDED
    planned: bool = False
    """Not given yet; planned after the procedure."""
    cycles: int | Missing = Missing.NOT_RECORDED
    activity_gbq: Number = Missing.NOT_RECORDED
    text: str = ""

    def __post_init__(self) -> None:
        first, last = self.first_on, self.last_on
        if not isinstance(first, Missing) and not isinstance(last, Missing) and last < first:
            raise InputError(f"{self.kind.value} ends on {last}, before it began on {first}")
        for name, number in (("cycles", self.cycles), ("activity", self.activity_gbq)):
            if not isinstance(number, Missing) and number < 0:
                raise InputError(f"{self.kind.value}: {name} is {number}; wanted 0 or more")


class VitalState(Enum):
    """Whether a patient is known to live."""

    ALIVE = "alive"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class VitalStatus:
    """Alive at the last contact, or dead on a day."""

    state: VitalState
    on: date


@dataclass(frozen=True, slots=True)
class PerformanceStatus:
    """ECOG 0 to 5 on one day."""

    ecog: int
    on: date

    def __post_init__(self) -> None:
        if self.ecog not in range(6):
            raise InputError(f"ECOG of {self.on} is {self.ecog}; wanted 0 to 5")


@dataclass(frozen=True, slots=True)
class FilledForm:
    """Answers of one questionnaire on one day: item → answer."""

    questionnaire: str
    on: date
    answers: Mapping[int, int | Missing]

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", MappingProxyType(dict(self.answers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedSymptom:
    """One symptom on one day, counted, graded, or both; 0 is none."""

    name: str
    on: date
    per_day: Number = Missing.NOT_RECORDED
    ctcae_grade: int | Missing = Missing.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class FdgScan:
    """One FDG scan as a reader measured it by PERCIST: the hottest lesion, and what else changed.

    SUL peak is the mean in a sphere of 1 mL. `total_lesion_glycolysis_g` is the product of mean
    SUL and volume over all lesions. A scan may state SUV (by body weight) in place of SUL, with
    the body of that day; `with_sul` turns it into SUL.
    """

    on: date
    sul_peak: Number = Missing.NOT_RECORDED
    liver_mean_sul: Number = Missing.NOT_RECORDED
    liver_deviation_sul: Number = Missing.NOT_RECORDED
    blood_pool_mean_sul: Number = Missing.NOT_RECORDED
    blood_pool_deviation_sul: Number = Missing.NOT_RECORDED
    total_lesion_glycolysis_g: Number = Missing.NOT_RECORDED
    indistinguishable: Flag = Missing.NOT_RECORDED
    """No lesion stands out from background or blood pool."""
    new_lesion: Flag = Missing.NOT_RECORDED
    other_lesion_increased: Flag = Missing.NOT_RECORDED
    """Any other lesion rose by the limit of progression."""
    injected_activity_mbq: Number = Missing.NOT_RECORDED
    uptake_min: Number = Missing.NOT_RECORDED
    glucose_mg_per_dl: Number = Missing.NOT_RECORDED
    fasting_h: Number = Missing.NOT_RECORDED
    days_since_chemotherapy: Number = Missing.NOT_RECORDED
    suv_peak: Number = Missing.NOT_RECORDED
    liver_mean_suv: Number = Missing.NOT_RECORDED
    liver_deviation_suv: Number = Missing.NOT_RECORDED
    blood_pool_mean_suv: Number = Missing.NOT_RECORDED
    blood_pool_deviation_suv: Number = Missing.NOT_RECORDED
    total_lesion_glycolysis_suv_g: Number = Missing.NOT_RECORDED
    weight_kg: Number = Missing.NOT_RECORDED
    height_cm: Number = Missing.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class HepatobiliaryScan:
    """Hepatobiliary scintigraphy of one day, as the laboratory computed it.

    Uptake rates of the whole liver, and of the part that will be left (the remnant), in % of
    the injected activity per minute.
    """

    on: date
    function_percent_per_min: Number = Missing.NOT_RECORDED
    remnant_function_percent_per_min: Number = Missing.NOT_RECORDED
    body_surface_area_m2: Number = Missing.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalState:
    """Ascites and encephalopathy on one day, in the words of Child-Pugh, as a clinician saw them.

    A CTCAE grade is no substitute.
    """

    on: date
    ascites: str | Missing = Missing.NOT_RECORDED
    encephalopathy: str | Missing = Missing.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """Everything clinical that is known of one patient.

    `treatments_complete` says that every earlier treatment is listed: only then does a
    treatment that is not there mean that it was never given. `entered` holds facts that a
    person entered as such (life expectancy, active hepatitis, …), by their name in
    ``clinical_facts.toml``.
    """

    key: str
    birth_year: int | Missing = Missing.NOT_RECORDED
    disease: Disease = field(default_factory=Disease)
    treatments: tuple[EarlierTreatment, ...] = ()
    treatments_complete: Flag = Missing.NOT_RECORDED
    laboratory: tuple[LabValue, ...] = ()
    performance: tuple[PerformanceStatus, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    forms: tuple[FilledForm, ...] = ()
    lesions: tuple[Lesion, ...] = ()
    imaging: tuple[ImagingVisit, ...] = ()
    vital_status: VitalStatus | Missing = Missing.NOT_RECORDED
    symptoms: tuple[DatedSymptom, ...] = ()
    fdg_scans: tuple[FdgScan, ...] = ()
    hepatobiliary_scans: tuple[HepatobiliaryScan, ...] = ()
    clinical_states: tuple[ClinicalState, ...] = ()
    entered: Mapping[str, float | bool | str | Missing] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.key:
            raise InputError("a patient record has no key")
        object.__setattr__(self, "entered", MappingProxyType(dict(self.entered)))

"""The blocks of case.toml that come after treatment: follow-up, adverse events, questionnaires."""

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from opensirt.domain.ctcae import HIGHEST_GRADE, CtcaeVersion
from opensirt.domain.lesion import LesionKind, LesionRole, Modality, NonTargetState, SightState
from opensirt.domain.patient_record import VitalState
from opensirt.domain.response import ResponseCategory
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import Name


def _words(kind: type[Enum]) -> Any:  # noqa: ANN401 - a pair of pydantic markers
    words = [str(one.value) for one in kind]

    def check(value: object) -> object:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)} is wanted")
        return value

    return BeforeValidator(check), WithJsonSchema({"enum": words})


Size = Annotated[float, Field(ge=0.0)] | None
Day = Annotated[int, Field(ge=0)]
Version = Annotated[str, *_words(CtcaeVersion)]
_ON = "date, such as 2026-03-02 (without quotation marks)"


class LesionBlock(Block):
    """One lesion at baseline; its identity stays the same from visit to visit."""

    id: Name = Field(description="a short name, such as the label of its structure")
    structure: Name | None = Field(
        default=None,
        description="label of its structure at treatment, whose dose it got; the id when left out",
    )
    organ: Name = Field(description="paired organs are one organ; all nodes together are one")
    role: Annotated[str, *_words(LesionRole)] = Field(description='"target" or "non-target"')
    kind: Annotated[str, *_words(LesionKind)] = LesionKind.MASS.value
    modality: Annotated[str, *_words(Modality)] = Modality.CT.value
    slice_thickness_mm: Size = None
    longest_diameter_mm: Size = None
    short_axis_mm: Size = None
    in_treated_area: bool | None = Field(
        default=None, description="irradiated or locoregionally treated before baseline"
    )
    progression_in_treated_area: bool | None = None


class SightBlock(Block):
    """What one visit saw of one lesion."""

    lesion: Name
    state: Annotated[str, *_words(SightState)] = SightState.MEASURED.value
    longest_diameter_mm: Size = None
    perpendicular_mm: Size = None
    short_axis_mm: Size = None
    viable_diameter_mm: Size = Field(
        default=None, description="of the arterially enhancing part; 0 when nothing enhances"
    )
    viable_perpendicular_mm: Size = None
    volume_ml: Size = None
    attenuation_hu: float | None = Field(
        default=None, description="mean CT number in the portal venous phase, for Choi"
    )
    pieces_mm: list[float] = Field(
        default_factory=list, description="longest diameters of the pieces of a split lesion"
    )
    merged_into: Name | None = None


class NewLesionBlock(Block):
    """A lesion that was not there before."""

    id: Name
    organ: Name
    equivocal: bool


class SegmentationBlock(Block):
    """Outlines of one visit, from which sizes and volumes are measured.

    Names of segments may end in * for several. A lesion that is in no file was not measured: an
    absent one is entered as a sight.
    """

    path: Name = Field(description="file, relative to case.toml")
    frame: Name | None = Field(
        default=None, description="name of the frame of reference, where the file carries none"
    )
    names: dict[str, Name] = Field(
        default_factory=dict, description="number of a label = its name, for label maps"
    )
    lesions: dict[Name, Name] = Field(
        default_factory=dict, description='segment = id of the lesion, { "Tumor 1" = "t1" }'
    )
    tumours: list[Name] = Field(
        default_factory=list,
        description='segments that together are all tumour of the liver, such as ["Tumor *"]',
    )
    liver: Name | None = Field(default=None, description="segment of the whole liver")
    spleen: Name | None = Field(default=None, description="segment of the spleen")


class VisitBlock(Block):
    """One imaging visit; the last one not after treatment is baseline."""

    on: date = Field(description=_ON)
    image: Name | None = Field(
        default=None,
        description='id of its image in [[images]] (role "follow-up" or "ct"; CT or MR): contours '
        "of an RTSTRUCT are laid on it, and attenuation is measured from a CT",
    )
    phase: Literal["native", "arterial", "portal venous", "delayed"] | None = Field(
        default=None, description="contrast phase of the image; Choi reads the portal venous one"
    )
    segmentations: list[SegmentationBlock] = Field(default_factory=list)
    tumour_volume_ml: Size = Field(default=None, description="all tumour of the liver")
    liver_volume_ml: Size = Field(default=None, description="liver with its tumours")
    spleen_volume_ml: Size = None
    varices: bool | None = None
    ascites: bool | None = Field(default=None, description="seen on this imaging")
    cirrhosis_like_morphology: bool | None = None
    sights: list[SightBlock] = Field(default_factory=list)
    non_target_states: dict[str, Annotated[str, *_words(NonTargetState)]] = Field(
        default_factory=dict
    )
    non_target: Annotated[str, *_words(ResponseCategory)] | None = Field(
        default=None, description="the non-targets as a whole, as the reader judged them"
    )
    markers_normal: bool | None = None
    new_lesions: list[NewLesionBlock] | None = Field(
        default=None, description="[] when somebody looked and found none; left out: nobody looked"
    )


class VitalStatusBlock(Block):
    """Alive at the last contact, or dead on a day."""

    state: Annotated[str, *_words(VitalState)]
    on: date = Field(description=_ON)


class PerformanceBlock(Block):
    """ECOG performance status on one day."""

    ecog: Annotated[int, Field(ge=0, le=5)]
    on: date = Field(description=_ON)


class WindowBlock(Block):
    """Days after treatment, both ends included."""

    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day lies before first_day")
        return self


class MarkerDefinitionBlock(Block):
    """A protocol's definition of marker response; none ships, for none was verified."""

    name: Name
    response_decrease_fraction: float
    progression_increase_fraction: float
    raised_from_times_upper_limit: float
    source: Name


class BraatBlock(Block):
    """What the Braat grade needs beside laboratory values and adverse events."""

    non_invasive_treatment: bool | None = None
    invasive_treatment: bool | None = None
    fatal: bool | None = None
    resolved: bool | None = None
    hepatic_progression: bool | None = None
    biliary_obstruction: bool | None = None


class FdgScanBlock(Block):
    """One FDG scan as a reader measured it; the last one not after treatment is baseline."""

    on: date = Field(description=_ON)
    sul_peak: Size = Field(default=None, description="of the hottest lesion, in a sphere of 1 mL")
    liver_mean_sul: Size = None
    liver_deviation_sul: Size = None
    blood_pool_mean_sul: Size = Field(
        default=None, description="of the aorta; in place of a diseased liver"
    )
    blood_pool_deviation_sul: Size = None
    total_lesion_glycolysis_g: Size = None
    indistinguishable: bool | None = Field(
        default=None, description="no lesion stands out from background or blood pool"
    )
    new_lesion: bool | None = None
    other_lesion_increased: bool | None = Field(
        default=None, description="another lesion rose by 30 % or more"
    )
    injected_activity_mbq: Size = None
    uptake_min: Size = None
    glucose_mg_per_dl: Size = None
    fasting_h: Size = None
    days_since_chemotherapy: Size = None
    suv_peak: Size = Field(
        default=None,
        description="SUV by body weight in place of sul_peak; SUL is computed with height, weight "
        "and sex",
    )
    liver_mean_suv: Size = None
    liver_deviation_suv: Size = None
    blood_pool_mean_suv: Size = None
    blood_pool_deviation_suv: Size = None
    total_lesion_glycolysis_suv_g: Size = Field(
        default=None, description="mean SUV times volume, in place of total_lesion_glycolysis_g"
    )
    weight_kg: Annotated[float, Field(gt=0.0)] | None = Field(
        default=None, description="on the day of the scan; otherwise that of [patient]"
    )
    height_cm: Annotated[float, Field(gt=0.0)] | None = Field(
        default=None, description="otherwise that of [patient]"
    )


class ClinicalStateBlock(Block):
    """Ascites and encephalopathy on one day, in the words of Child-Pugh."""

    on: date = Field(description=_ON)
    ascites: Literal["none", "mild", "moderate"] | None = None
    encephalopathy: Literal["none", "grade_1_2", "grade_3_4"] | None = None


class FollowUpBlock(Block):
    """What became of the patient."""

    example: bool = Field(
        default=False, description="true where the facts are invented for an example"
    )
    assumed: list[str] = Field(
        default_factory=list, description="what is assumed here, in words; printed first"
    )
    treated_on: date | None = Field(
        default=None, description="day of treatment; otherwise that of administered_at"
    )
    treatment_day_counts: bool = Field(
        default=False, description="laboratory values of the treatment day were taken before it"
    )
    birth_year: int | None = None
    ctcae_versions: list[Version] = Field(
        default_factory=lambda: [CtcaeVersion.V5.value],
        description="versions of CTCAE to grade in, side by side",
    )
    windows: list[WindowBlock] = Field(
        default_factory=list, description="windows of worst grades; otherwise all days so far"
    )
    criteria: list[Name] = Field(
        default_factory=list, description="response criteria; all those that ship when left out"
    )
    organs: list[Name] | None = Field(
        default=None, description="read these organs only, for a liver-specific response"
    )
    markers_raised_at_baseline: bool | None = None
    albi_within_days: Day = Field(
        default=0, description="bilirubin and albumin of ALBI lie at most so many days apart"
    )
    reild_facts: dict[str, bool | float | str] = Field(
        default_factory=dict,
        description="what people saw after treatment, such as { jaundice = false }; for every "
        "definition",
    )
    reild_facts_of: dict[str, dict[str, bool | float | str]] = Field(
        default_factory=dict, description="the same for the window of one definition by its name"
    )
    braat: BraatBlock = Field(default_factory=BraatBlock)
    marker_definitions: dict[str, MarkerDefinitionBlock] = Field(
        default_factory=dict, description="analyte = definition"
    )
    stable_at_least_days: Day | None = Field(
        default=None,
        description="days from baseline that stable disease has to last, as the protocol says",
    )
    new_therapy_on: date | None = Field(
        default=None, description="first day of a new anticancer therapy; best response ends before"
    )
    no_new_therapy_until: date | None = Field(
        default=None,
        description="last day until which no new anticancer therapy is known to have been given; "
        "times to next treatment need it where there was none",
    )
    fdg_scans: list[FdgScanBlock] = Field(default_factory=list)
    clinical_states: list[ClinicalStateBlock] = Field(default_factory=list)
    important_difference: Name = Field(
        default="ten_points", description="difference of quality-of-life scores that matters"
    )
    lesions: list[LesionBlock] = Field(default_factory=list)
    visits: list[VisitBlock] = Field(default_factory=list)
    performance: list[PerformanceBlock] = Field(default_factory=list)
    vital_status: VitalStatusBlock | None = None

    @model_validator(mode="after")
    def _one_therapy(self) -> Self:
        given, none_until = self.new_therapy_on, self.no_new_therapy_until
        if given is not None and none_until is not None and none_until >= given:
            raise ValueError(
                f"no_new_therapy_until ({none_until.isoformat()}) is not before new_therapy_on "
                f"({given.isoformat()}); correct one of them"
            )
        return self


class AdverseEventBlock(Block):
    """One adverse event, coded in one version of CTCAE."""

    term: Name = Field(
        description='key such as "ascites", or a free term, whose grade is unchecked'
    )
    version: Version = Field(description='"v4.03", "v5" or "v6"')
    grade: Annotated[int, Field(ge=1, le=HIGHEST_GRADE)]
    on: date = Field(description=_ON)
    until: date | None = None
    treatment: Name | None = Field(default=None, description="what was done about it")
    text: str = ""


class QualityOfLifeBlock(Block):
    """One filled-in questionnaire; item numbers only, the texts belong to their owners."""

    questionnaire: Name = Field(description="such as qlq_c30")
    on: date = Field(description=_ON)
    answers: dict[str, int] = Field(description="item number = answer; unanswered ones left out")

    @model_validator(mode="after")
    def _items_are_numbers(self) -> Self:
        wrong = [one for one in self.answers if not one.isdigit()]
        if wrong:
            raise ValueError(f"answers are named by item number; found {', '.join(wrong)}")
        return self


class FollowUpBlocks(Block):
    """The three together, as `Case.other_blocks` keeps them."""

    follow_up: FollowUpBlock = Field(default_factory=FollowUpBlock)
    adverse_events: list[AdverseEventBlock] = Field(default_factory=list)
    quality_of_life: list[QualityOfLifeBlock] = Field(default_factory=list)

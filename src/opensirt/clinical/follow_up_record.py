"""What a follow-up asks, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from opensirt.clinical.biomarker import MarkerDefinition
from opensirt.clinical.braat_grade import BraatGrade
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.liver_function.trend import DatedScore, ScoreTrend
from opensirt.clinical.predicate.facts import Value
from opensirt.clinical.quality_of_life import Questionnaire
from opensirt.clinical.reild import Evidence
from opensirt.clinical.reported_record import FormFollowUp, MarkerFollowUp, SymptomFollowUp
from opensirt.clinical.response.best_response import BestResponse
from opensirt.clinical.response.choi_course import DatedChoi
from opensirt.clinical.response.criterion import SumCriterion
from opensirt.clinical.response.metabolic_course import MetabolicCourse
from opensirt.clinical.response.per_lesion import LesionResponse
from opensirt.clinical.response.percist import PercistLimits
from opensirt.clinical.response.tumour_load import TumourLoad
from opensirt.clinical.timeline import Timeline
from opensirt.clinical.toxicity.event_window import WorstEvent
from opensirt.clinical.toxicity.laboratory_series import WorstGrade
from opensirt.clinical.toxicity.late_liver import LateLiverChange
from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.citation import Citation
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.finding import Finding
from opensirt.domain.laboratory import Analyte
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import DatedSymptom, PerformanceStatus, VitalStatus
from opensirt.domain.response import ResponseAssessment, ResponseCategory
from opensirt.domain.score import Score
from opensirt.errors import InputError
from opensirt.provenance import Provenance

Number = float | Missing
Flag = bool | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class LiverToxicityAnswers:
    """What people answer for the Braat grade; treatments count when they were for the liver."""

    non_invasive_treatment: Flag = Missing.NOT_RECORDED
    invasive_treatment: Flag = Missing.NOT_RECORDED
    fatal: Flag = Missing.NOT_RECORDED
    resolved: Flag = Missing.NOT_RECORDED
    hepatic_progression: Flag = Missing.NOT_RECORDED
    biliary_obstruction: Flag = Missing.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionDose:
    """Dose of the structure that a lesion was at treatment, and where it was read."""

    structure: str
    mean_gy: Number
    d70_gy: Number
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpCourse:
    """The treatment that is followed up, and how its follow-up is read.

    Windows are (first, last) days after treatment, both included; none means all days so far.
    Criteria are names of `sum_criterion_names`; none means all of them. `reild_facts` hold for
    every definition, `reild_facts_of` for the window of one, by its name. Without
    `stable_at_least_days` no minimum duration of stable disease is asked. `lesion_doses` maps a
    lesion to the dose that it got.
    """

    treated_on: date
    treatment_day_counts: bool = False
    ctcae_versions: tuple[CtcaeVersion, ...] = (CtcaeVersion.V5,)
    windows: tuple[tuple[int, int], ...] = ()
    criteria: tuple[str, ...] = ()
    organs: tuple[str, ...] | None = None
    markers_raised_at_baseline: Flag = Missing.NOT_RECORDED
    albi_within_days: int = 0
    reild_facts: Mapping[str, Value] = field(default_factory=dict)
    reild_facts_of: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    braat: LiverToxicityAnswers = field(default_factory=LiverToxicityAnswers)
    marker_definitions: Mapping[Analyte, MarkerDefinition] = field(default_factory=dict)
    important_difference: str = "ten_points"
    symptoms: tuple[DatedSymptom, ...] = ()
    stable_at_least_days: int | None = None
    new_therapy_on: date | None = None
    lesion_doses: Mapping[str, LesionDose] = field(default_factory=dict)
    sex: Sex | Missing = Missing.NOT_RECORDED
    weight_kg: Number = Missing.NOT_RECORDED
    height_cm: Number = Missing.NOT_RECORDED
    percist: PercistLimits | None = None
    """Limits of the site; those that ship when None."""
    own_criteria: Mapping[str, SumCriterion] = field(default_factory=dict)
    """A site's own response criteria; they are read beside those of `criteria`."""
    questionnaires: Mapping[str, Questionnaire] = field(default_factory=dict)
    """A site's own, such as licensed ones with their items; they come before those that ship."""

    def __post_init__(self) -> None:
        if not self.ctcae_versions:
            raise InputError("a follow-up names no version of CTCAE; name at least one")
        for name in (
            "reild_facts",
            "reild_facts_of",
            "marker_definitions",
            "lesion_doses",
            "questionnaires",
            "own_criteria",
        ):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedValue:
    """One laboratory value after treatment with its grade in one version."""

    term: str
    version: CtcaeVersion
    on: date
    value: float
    unit: str
    grade: int | Missing
    lowest: int
    highest: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowToxicity:
    """Worst grades of one version in one window.

    `shift` counts laboratory terms by grade at baseline (rows 0 to 5, unknown) and worst grade
    in the window (columns, the same).
    """

    version: CtcaeVersion
    first_day: int
    last_day: int
    laboratory: tuple[WorstGrade, ...]
    events: tuple[WorstEvent, ...]
    shift: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEvents:
    """Adverse events that belong to one late effect, by the time when it comes."""

    window: str
    text: str
    events: tuple[AdverseEvent, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ReildFollowUp:
    """One named definition with its evidence; `window_open` says that more days are to come."""

    definition: str
    title: str
    called: str
    first_day: int | Missing
    last_day: int | None
    met: Flag
    window_open: bool
    evidence: tuple[Evidence, ...]
    missing: tuple[str, ...]
    text: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResponse:
    """The response by one criterion, or why there is none."""

    criterion: str
    title: str
    reason: Missing | None
    """Why there are no assessments; None when there are."""
    not_measured_at_baseline: tuple[str, ...]
    assessments: tuple[ResponseAssessment, ...]
    by_lesion: tuple[LesionResponse, ...]
    progression_on: date | None
    citation: Citation
    organs: tuple[str, ...] | None = None
    """Organs that were read, None for all."""
    best: BestResponse | None = None
    best_confirmed: BestResponse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiFollowUp:
    """One variant of Choi: the visits, or why there are none."""

    variant: str
    title: str
    visits: tuple[DatedChoi, ...] | Missing
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionDoseResponse:
    """Dose of one lesion beside its change by one criterion at one visit."""

    lesion: str
    dose: LesionDose | Missing
    criterion: str
    on: date
    change_fraction: float | None
    category: ResponseCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLiver:
    """Late change of the liver since baseline, with the days that were compared."""

    spleen_on: date | None
    platelets_on: date | None
    change: LateLiverChange


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRemnant:
    """Hepatobiliary function of one scan: of the whole liver and of the remnant."""

    on: date
    whole: Score
    remnant: Score
    remnant_fraction: Number


@dataclass(frozen=True, eq=False, kw_only=True)
class FollowUp:
    """What is known of a patient `day` days after treatment; every part may be empty."""

    treated_on: date
    on: date
    day: int
    vital_status: VitalStatus | Missing
    performance: tuple[PerformanceStatus, ...]
    on_watch_list: bool
    """Whether REILD may still appear."""
    graded: tuple[GradedValue, ...]
    toxicity: tuple[WindowToxicity, ...]
    late_events: tuple[LateEvents, ...]
    reild: tuple[ReildFollowUp, ...]
    braat: Mapping[str, BraatGrade]
    """Version of CTCAE → grade."""
    albi: tuple[DatedScore, ...]
    response: tuple[CriterionResponse, ...]
    symptoms: tuple[SymptomFollowUp, ...]
    markers: tuple[MarkerFollowUp, ...]
    quality_of_life: tuple[FormFollowUp, ...]
    timeline: Timeline
    liver_function: tuple[ScoreTrend, ...]
    hepatobiliary: tuple[DatedRemnant, ...]
    choi: tuple[ChoiFollowUp, ...]
    metabolic: MetabolicCourse | Missing | None
    """PERCIST; None when there is no FDG scan."""
    tumour_load: tuple[TumourLoad, ...]
    dose_response: tuple[LesionDoseResponse, ...]
    late_liver: LateLiver | Missing
    findings: tuple[Finding, ...]
    provenance: Provenance

    def __post_init__(self) -> None:
        object.__setattr__(self, "braat", MappingProxyType(dict(self.braat)))

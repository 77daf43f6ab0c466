"""Response of a tumour marker by a definition that the caller brings."""

from dataclasses import dataclass
from enum import Enum

from opensirt.clinical.comparison import at_least, at_most
from opensirt.domain.citation import Citation
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte, LabValue, analyte_facts, spelled
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Number = float | Missing


class MarkerCategory(Enum):
    """What became of a marker."""

    RESPONSE = "response"
    STABLE = "stable"
    PROGRESSION = "progression"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerDefinition:
    """A protocol's definition: no published cut-off was verified, so none ships.

    `raised_from_times_upper_limit` is the least baseline that can respond.
    """

    name: str
    response_decrease_fraction: float
    progression_increase_fraction: float
    raised_from_times_upper_limit: float
    citation: Citation

    def __post_init__(self) -> None:
        if not (
            0 < self.response_decrease_fraction <= 1 and self.progression_increase_fraction > 0
        ):
            raise InputError(
                f"marker definition {self.name}: wanted a decrease in 0 to 1 and a positive "
                "increase, as fractions"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerResponse:
    """Change of a marker and its category; the raw values stay with it."""

    baseline: LabValue
    now: LabValue
    change_fraction: Number
    category: MarkerCategory | Missing
    definition: MarkerDefinition | None
    findings: tuple[Finding, ...] = ()


def marker_response(
    baseline: LabValue, now: LabValue, definition: MarkerDefinition | None
) -> MarkerResponse:
    """Return the change of a marker, and its category by a definition where one is given.

    Values of different assays are not compared; without a definition the category is
    `Missing.NO_VERIFIED_VALUE`.

    Raises
    ------
    InputError
        When the two values are of different analytes, or the later one is not later.
    """
    if baseline.analyte is not now.analyte:
        raise InputError(f"{baseline.analyte.value} and {now.analyte.value} are two markers")
    if now.on <= baseline.on:
        raise InputError(f"the marker of {now.on} is not later than baseline of {baseline.on}")
    trouble = _incomparable(baseline, now)
    if trouble:
        finding = Finding(Severity.WARN, "marker_not_comparable", trouble)
        return MarkerResponse(
            baseline=baseline,
            now=now,
            change_fraction=Missing.NOT_EVALUABLE,
            category=Missing.NOT_EVALUABLE,
            definition=definition,
            findings=(finding,),
        )
    change = (now.inside - baseline.inside) / baseline.inside
    return MarkerResponse(
        baseline=baseline,
        now=now,
        change_fraction=change,
        category=_category(baseline, change, definition),
        definition=definition,
    )


def _incomparable(baseline: LabValue, now: LabValue) -> str:
    name = analyte_facts(baseline.analyte).name
    if baseline.inside == 0:
        return f"{name} was 0 at baseline: there is no relative change"
    if not analyte_facts(baseline.analyte).convertible:
        if spelled(baseline.unit) != spelled(now.unit):
            return f"{name} in {baseline.unit} and {now.unit}: never converted between assays"
        if not baseline.assay or baseline.assay != now.assay:
            return f"{name}: not known to be of the same assay, so the values are not compared"
    return ""


def _category(
    baseline: LabValue, change: float, definition: MarkerDefinition | None
) -> MarkerCategory | Missing:
    if definition is None:
        return Missing.NO_VERIFIED_VALUE
    if at_least(change, definition.progression_increase_fraction):
        return MarkerCategory.PROGRESSION
    raised = baseline.times_upper_limit
    if at_most(change, -definition.response_decrease_fraction):
        if isinstance(raised, Missing):
            return Missing.NEEDS_LIMIT_OF_NORMAL
        if at_least(raised, definition.raised_from_times_upper_limit):
            return MarkerCategory.RESPONSE
        return Missing.NOT_EVALUABLE
    return MarkerCategory.STABLE


MARKERS = (Analyte.CHROMOGRANIN_A, Analyte.FIVE_HIAA, Analyte.NSE, Analyte.AFP)
"""Analytes that are tumour markers."""

"""Criteria that compare a sum over targets with baseline and nadir."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.lesion import Lesion, Number, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

METRICS = ("longest_diameter", "viable_diameter", "product", "viable_product", "volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class SumCriterion:
    """Limits of one criterion; change a field with `dataclasses.replace` and it is yours.

    See ``response_criteria.toml`` for what each field means.
    """

    name: str
    title: str
    metric: str
    partial_fraction: float
    partial_included: bool
    progression_fraction: float
    progression_included: bool
    progression_absolute: float | None
    progression_reference: str
    progression_of: str
    node_normal_below_mm: float | None
    citation: Citation

    def __post_init__(self) -> None:
        for what, value, known in (
            ("metric", self.metric, METRICS),
            ("progression_reference", self.progression_reference, ("nadir", "baseline")),
            ("progression_of", self.progression_of, ("sum", "any_lesion")),
        ):
            if value not in known:
                raise UnknownNameError(f"{what} of criterion {self.name}", value, known)
        if not 0 < self.partial_fraction < 1 < self.progression_fraction:
            raise InputError(
                f"criterion {self.name}: partial response at {self.partial_fraction:g} of baseline "
                f"and progression at {self.progression_fraction:g} do not lie around 1"
            )


@cache
def sum_criterion_names() -> tuple[str, ...]:
    """Return the names of the criteria that ship with this package."""
    table = read_table("response_criteria")
    return tuple(name for name, entry in table.items() if "metric" in entry)


@cache
def sum_criterion(name: str) -> SumCriterion:
    """Return one criterion of ``response_criteria.toml``.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    if name not in sum_criterion_names():
        raise UnknownNameError("response criterion", name, sum_criterion_names())
    return criterion_of(name, read_table("response_criteria")[name])


def criterion_of(name: str, entry: Mapping[str, Any]) -> SumCriterion:
    """Return the criterion that a table writes; a site may bring its own.

    Raises
    ------
    InputError, UnknownNameError
        When its limits make no sense, or a field has no such value.
    """
    return SumCriterion(
        name=name,
        title=entry["title"],
        metric=entry["metric"],
        partial_fraction=entry["partial_fraction"],
        partial_included=entry["partial_included"],
        progression_fraction=entry["progression_fraction"],
        progression_included=entry["progression_included"],
        progression_absolute=entry.get("progression_absolute"),
        progression_reference=entry["progression_reference"],
        progression_of=entry["progression_of"],
        node_normal_below_mm=entry.get("node_normal_below_mm"),
        citation=citation_of(entry, where=f"response_criteria.toml {name}"),
    )


def measurement_rules() -> dict[str, float]:
    """Return the limits of measuring (too small, measurable, most targets, …)."""
    entry = read_table("response_criteria")["measurement"]
    citation_of(entry, where="response_criteria.toml measurement")
    return {key: float(value) for key, value in entry.items() if isinstance(value, int | float)}


def size_of(sight: Sight, lesion: Lesion, metric: str) -> Number:
    """Return the size that a criterion counts for one lesion at one visit.

    Absent and merged lesions count 0, pieces are summed, a mass too small to measure counts the
    conventional 5 mm unless a real value was recorded (a node has its true short axis). A
    metric that the reader did not record is missing.
    """
    if sight.state in {SightState.ABSENT, SightState.MERGED}:
        return 0.0
    if sight.state is SightState.NOT_EVALUABLE:
        return Missing.NOT_EVALUABLE
    sizes: dict[str, Number] = {
        "longest_diameter": _longest(sight, lesion),
        "viable_diameter": sight.viable_diameter_mm,
        "volume": sight.volume_ml,
        "product": _product(sight.longest_diameter_mm, sight.perpendicular_mm),
        "viable_product": _product(sight.viable_diameter_mm, sight.viable_perpendicular_mm),
    }
    return sizes[metric]


def _product(first: Number, second: Number) -> Number:
    """Return the product of two diameters; nothing is nothing whatever the other was."""
    if first == 0.0:
        return 0.0
    if isinstance(first, Missing):
        return first
    return second if isinstance(second, Missing) else first * second


def _longest(sight: Sight, lesion: Lesion) -> Number:
    if lesion.is_node:
        return sight.short_axis_mm
    if sight.pieces_mm:
        return sum(sight.pieces_mm)
    too_small = sight.state is SightState.TOO_SMALL
    if too_small and isinstance(sight.longest_diameter_mm, Missing):
        return measurement_rules()["too_small_mm"]
    return sight.longest_diameter_mm

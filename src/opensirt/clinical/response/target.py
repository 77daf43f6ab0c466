"""Response of target lesions: sum now against baseline and nadir."""

from collections.abc import Mapping
from dataclasses import dataclass

from opensirt.clinical.comparison import above, at_least, at_most, below
from opensirt.clinical.response.criterion import SumCriterion
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSizes:
    """Sizes of all targets, in the metric of one criterion.

    `smallest` is the smallest complete sum so far, baseline included; `smallest_each` the same
    for each lesion (used by criteria where one lesion is enough). `nodes` are the lesions that
    are lymph nodes; `was_complete` says that the targets had been in complete response before.
    """

    baseline: Mapping[str, float]
    now: Mapping[str, Number]
    smallest: float
    smallest_each: Mapping[str, float]
    nodes: frozenset[str] = frozenset()
    was_complete: bool = False

    def __post_init__(self) -> None:
        if set(self.baseline) != set(self.now):
            raise InputError(
                f"targets at baseline {sorted(self.baseline)} and now {sorted(self.now)} differ"
            )
        if not sum(self.baseline.values()) > 0:
            raise InputError("the targets have a sum of 0 at baseline: there is nothing to compare")

    @property
    def baseline_sum(self) -> float:
        """Sum of all targets at baseline."""
        return sum(self.baseline.values())

    @property
    def measured(self) -> float:
        """Sum of the targets that were measured now."""
        return sum(one for one in self.now.values() if not isinstance(one, Missing))

    @property
    def not_measured(self) -> tuple[str, ...]:
        """Targets that were not measured now."""
        return tuple(name for name, one in self.now.items() if isinstance(one, Missing))


def target_response(sizes: TargetSizes, criterion: SumCriterion) -> ResponseCategory:
    """Classify the targets at one visit (RECIST 1.1, 4.3.1, and criteria of the same form).

    The order is: progression of what was measured, not evaluable, complete, partial, stable.
    Complete response is read lesion by lesion, because the sum of normal nodes is not 0. A mass
    that is back after a complete response is progression whatever its size.
    """
    if _progressive(sizes, criterion):
        return ResponseCategory.PROGRESSIVE
    if sizes.not_measured:
        return ResponseCategory.NOT_EVALUABLE
    if _complete(sizes, criterion):
        return ResponseCategory.COMPLETE
    limit = criterion.partial_fraction * sizes.baseline_sum
    reached = at_most if criterion.partial_included else below
    if reached(sizes.measured, limit):
        return ResponseCategory.PARTIAL
    return ResponseCategory.STABLE


def _complete(sizes: TargetSizes, criterion: SumCriterion) -> bool:
    return all(
        not isinstance(size, Missing) and _gone(size, name in sizes.nodes, criterion)
        for name, size in sizes.now.items()
    )


def _gone(size: float, is_node: bool, criterion: SumCriterion) -> bool:  # noqa: FBT001 - private
    if is_node and criterion.node_normal_below_mm is not None:
        return below(size, criterion.node_normal_below_mm)
    return size == 0


def _progressive(sizes: TargetSizes, criterion: SumCriterion) -> bool:
    if sizes.was_complete and any(
        not isinstance(size, Missing) and size > 0 and name not in sizes.nodes
        for name, size in sizes.now.items()
    ):
        return True
    by_nadir = criterion.progression_reference == "nadir"
    if criterion.progression_of == "any_lesion":
        references = sizes.smallest_each if by_nadir else sizes.baseline
        return any(
            not isinstance(size, Missing) and _grown(size, references[name], criterion)
            for name, size in sizes.now.items()
        )
    reference = sizes.smallest if by_nadir else sizes.baseline_sum
    return _grown(sizes.measured, reference, criterion)


def _grown(now: float, reference: float, criterion: SumCriterion) -> bool:
    if not above(now, reference):
        return False
    limit = criterion.progression_fraction * reference
    reached = at_least if criterion.progression_included else above
    by_fraction = reached(now, limit)
    if criterion.progression_absolute is None:
        return by_fraction
    return by_fraction and at_least(now, reference + criterion.progression_absolute)

"""Response categories, and what one assessment says."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from opensirt.domain.citation import Citation
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing


class ResponseCategory(Enum):
    """Response in the letters that every criterion uses."""

    COMPLETE = "CR"
    PARTIAL = "PR"
    STABLE = "SD"
    PROGRESSIVE = "PD"
    NEITHER_COMPLETE_NOR_PROGRESSIVE = "non-CR/non-PD"
    """Non-target lesions that are still there; mRECIST calls it incomplete response or stable."""
    NOT_EVALUABLE = "NE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseAssessment:
    """The response at one visit by one criterion.

    `target` and `non_target` are None where there are no such lesions. Sums are in the unit of
    the criterion's metric; `now` is None when a target was not measured, `measured` is the sum
    of those that were.
    """

    on: date
    criterion: str
    overall: ResponseCategory
    target: ResponseCategory | None
    non_target: ResponseCategory | None
    new_lesion: bool | Missing
    """A `Missing` when nobody said whether there is one."""
    baseline: float | None
    smallest: float | None
    now: float | None
    measured: float | None
    not_measured: tuple[str, ...]
    citation: Citation
    findings: tuple[Finding, ...] = ()

    @property
    def change_from_baseline_fraction(self) -> float | None:
        """(now − baseline) / baseline, None when not all targets were measured."""
        if self.now is None or not self.baseline:
            return None
        return (self.now - self.baseline) / self.baseline

"""Best overall response of a course, and response rates of a group."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import combinations
from types import MappingProxyType

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.response import ResponseAssessment, ResponseCategory
from opensirt.errors import InputError
from opensirt.reference.table import read_table

_CR, _PR, _SD = ResponseCategory.COMPLETE, ResponseCategory.PARTIAL, ResponseCategory.STABLE
_PD, _NE = ResponseCategory.PROGRESSIVE, ResponseCategory.NOT_EVALUABLE
_STILL_THERE = ResponseCategory.NEITHER_COMPLETE_NOR_PROGRESSIVE
_WORST_FIRST = (_PD, _NE, _SD, _STILL_THERE, _PR, _CR)


class Confirmation(Enum):
    """Whether a response has to be seen twice."""

    NONE = "unconfirmed"
    FOUR_WEEKS = "confirmed at 4 weeks or later"


class PartialAfterComplete(Enum):
    """What remnants after a complete response mean; the reader has to settle it."""

    PROGRESSION = "the lesion is back: progression"
    NEVER_COMPLETE = "small remnants had been missed: it never was complete"


@dataclass(frozen=True, slots=True)
class Visit:
    """Overall response of one day."""

    on: date
    category: ResponseCategory


def visits_of(
    assessments: Sequence[ResponseAssessment], progression_on: date | None
) -> tuple[Visit, ...]:
    """Return the overall responses of a course, progression on the day that it is dated to.

    A new lesion that a later visit confirmed dates progression to its first sighting (RECIST 1.1,
    4.3.5): what that visit seemed to be then is no response.
    """
    return tuple(
        Visit(one.on, _PD if one.on == progression_on else one.overall) for one in assessments
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BestResponse:
    """Best overall response with the rules that made it."""

    category: ResponseCategory
    confirmation: Confirmation
    stable_at_least_days: int
    n_visits_used: int
    citation: Citation
    findings: tuple[Finding, ...] = ()


def best_response(
    visits: Sequence[Visit],
    *,
    baseline_on: date,
    stable_at_least_days: int,
    confirmation: Confirmation,
    partial_after_complete: PartialAfterComplete = PartialAfterComplete.PROGRESSION,
    new_therapy_on: date | None = None,
) -> BestResponse:
    """Return the best overall response (RECIST 1.1, 4.4).

    Visits count up to the first progression, and before a new anticancer therapy where one is
    given; of two assessments of one day the worse is kept. Stable disease has to last
    `stable_at_least_days` from baseline (the protocol says how many). A partial response, or
    stable disease, after a complete one is a query to the reader, and a finding here.

    Raises
    ------
    InputError
        When a visit is not after baseline, or the number of days is negative.
    """
    if stable_at_least_days < 0:
        raise InputError(f"stable disease of at least {stable_at_least_days} days makes no sense")
    entry = read_table("response_criteria")["best_response"]
    used = _used(visits, baseline_on, new_therapy_on)
    findings = _queries(used, entry["source"])
    read = used
    if findings and partial_after_complete is PartialAfterComplete.NEVER_COMPLETE:
        read = _never_complete(used)
    elif findings:
        read = _complete_then_progressive(used)
    if confirmation is Confirmation.NONE:
        category = _unconfirmed(read, baseline_on, stable_at_least_days)
    else:
        category = _confirmed(read, baseline_on, stable_at_least_days, entry["confirmation_days"])
    return BestResponse(
        category=category,
        confirmation=confirmation,
        stable_at_least_days=stable_at_least_days,
        n_visits_used=len(read),
        citation=citation_of(entry, where="response_criteria.toml best_response"),
        findings=findings,
    )


def _used(
    visits: Sequence[Visit], baseline_on: date, new_therapy_on: date | None
) -> tuple[Visit, ...]:
    by_day: dict[date, ResponseCategory] = {}
    for one in visits:
        if one.on <= baseline_on:
            raise InputError(
                f"assessment of {one.on.isoformat()} is not after baseline of "
                f"{baseline_on.isoformat()}"
            )
        there = by_day.get(one.on)
        by_day[one.on] = (
            one.category if there is None else min(there, one.category, key=_WORST_FIRST.index)
        )
    used = []
    for day in sorted(by_day):
        if new_therapy_on is not None and day >= new_therapy_on:
            break
        used.append(Visit(day, by_day[day]))
        if by_day[day] is _PD:
            break
    return tuple(used)


def _queries(used: Sequence[Visit], source: str) -> tuple[Finding, ...]:
    for first, later in combinations(used, 2):
        if first.category is _CR and later.category in {_PR, _SD}:
            text = (
                f"complete response on {first.on.isoformat()} and {later.category.value} on "
                f"{later.on.isoformat()}: the lesion is back, which is progression, or the "
                "response never was complete; the reader has to settle it"
            )
            return (Finding(Severity.WARN, "partial_after_complete", text, source=source),)
    return ()


def _never_complete(used: Sequence[Visit]) -> tuple[Visit, ...]:
    last_remnant = max(one.on for one in used if one.category in {_PR, _SD})
    return tuple(
        Visit(one.on, _PR) if one.category is _CR and one.on < last_remnant else one for one in used
    )


def _complete_then_progressive(used: Sequence[Visit]) -> tuple[Visit, ...]:
    read = []
    complete = False
    for one in used:
        if complete and one.category in {_PR, _SD}:
            read.append(Visit(one.on, _PD))
            break
        complete = complete or one.category is _CR
        read.append(one)
    return tuple(read)


def _unconfirmed(
    used: Sequence[Visit], baseline_on: date, stable_at_least_days: int
) -> ResponseCategory:
    categories = {one.category for one in used}
    for better in (_CR, _PR):
        if better in categories:
            return better
    return _without_response(used, baseline_on, stable_at_least_days)


def _confirmed(
    used: Sequence[Visit], baseline_on: date, stable_at_least_days: int, confirmation_days: int
) -> ResponseCategory:
    for better, also in ((_CR, {_CR}), (_PR, {_CR, _PR})):
        for here, there in combinations(range(len(used)), 2):
            between = {one.category for one in used[here + 1 : there]}
            if (
                used[here].category in also
                and used[there].category in also
                and (used[there].on - used[here].on).days >= confirmation_days
                and between <= also | {_NE}
            ):
                return better
    if any(
        first.category is _PR and later.category is _SD for first, later in combinations(used, 2)
    ):
        return _SD
    return _without_response(used, baseline_on, stable_at_least_days)


def _without_response(
    used: Sequence[Visit], baseline_on: date, stable_at_least_days: int
) -> ResponseCategory:
    """Stable when not progressive for long enough, else progression, else not evaluable."""
    long_enough = {
        one.category for one in used if (one.on - baseline_on).days >= stable_at_least_days
    }
    if long_enough & {_CR, _PR, _SD}:
        return _SD
    if _STILL_THERE in long_enough:
        return _STILL_THERE
    return _PD if any(one.category is _PD for one in used) else _NE


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRates:
    """How many responded, with both denominators: evaluable, and all that were treated."""

    counts: Mapping[ResponseCategory, int]
    n_treated: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        if self.n_assessed > self.n_treated:
            raise InputError(
                f"{self.n_assessed} responses of {self.n_treated} treated patients; count "
                "patients, not lesions or procedures"
            )

    @property
    def n_assessed(self) -> int:
        """Patients with any category, not evaluable included."""
        return sum(self.counts.values())

    @property
    def n_evaluable(self) -> int:
        """Patients with a category other than not evaluable."""
        return self.n_assessed - self.counts.get(_NE, 0)

    @property
    def n_objective(self) -> int:
        """Complete and partial responses."""
        return self.counts.get(_CR, 0) + self.counts.get(_PR, 0)

    @property
    def n_controlled(self) -> int:
        """Complete, partial and stable."""
        stable = self.counts.get(_SD, 0) + self.counts.get(_STILL_THERE, 0)
        return self.n_objective + stable


def response_rates(categories: Sequence[ResponseCategory], *, n_treated: int) -> ResponseRates:
    """Count the categories of patients; those treated and never assessed stay in `n_treated`.

    Raises
    ------
    InputError
        When there are more categories than treated patients.
    """
    return ResponseRates(counts=Counter(categories), n_treated=n_treated)

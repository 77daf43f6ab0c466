"""Braat's grades 0 to 5 of liver toxicity after radioembolization; only 3 to 5 are REILD."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.ctcae import HIGHEST_GRADE, CtcaeVersion
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.reference.table import read_table

_UNTREATED, _NON_INVASIVE, _INVASIVE, _FATAL = 2, 3, 4, 5


def braat_items() -> tuple[str, ...]:
    """Return the items whose CTCAE grades are compared with baseline: enzymes, then others."""
    table = read_table("reild")["braat"]
    return (*table["enzymes"], *table["others"])


@dataclass(frozen=True, slots=True)
class GradeChange:
    """CTCAE grade of one item before treatment, and the worst one after."""

    before: int | Missing
    after: int | Missing

    def __post_init__(self) -> None:
        for grade in (self.before, self.after):
            if not isinstance(grade, Missing) and not 0 <= grade <= HIGHEST_GRADE:
                raise InputError(f"a CTCAE grade is {grade}; wanted 0 to {HIGHEST_GRADE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BraatInput:
    """What the grade is made of; every answer may be missing.

    Treatments and death count when they were for this liver toxicity.
    """

    changes: Mapping[str, GradeChange]
    """Item of `braat_items` → its grades; an item that is left out was not assessed."""
    version: CtcaeVersion
    non_invasive_treatment: bool | Missing
    invasive_treatment: bool | Missing
    fatal: bool | Missing
    resolved: bool | Missing
    hepatic_progression: bool | Missing
    biliary_obstruction: bool | Missing

    def __post_init__(self) -> None:
        unknown = set(self.changes) - set(braat_items())
        if unknown:
            raise InputError(
                f"no items of the Braat grade: {', '.join(sorted(unknown))}; "
                f"known: {', '.join(braat_items())}"
            )
        object.__setattr__(self, "changes", MappingProxyType(dict(self.changes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BraatGrade:
    """The grade, and whether it is REILD.

    `grade` is a `Missing` when an absent answer could change it; `lowest` and `highest` bound
    it. `open` marks an untreated rise that has not, or not yet, resolved. `risen` are the items
    whose CTCAE grade rose.
    """

    grade: int | Missing
    lowest: int
    highest: int
    reild: bool | Missing
    open: bool | Missing
    risen: tuple[str, ...]
    missing: tuple[str, ...]
    version: CtcaeVersion
    citation: Citation
    note: str = ""


def braat_grade(given: BraatInput) -> BraatGrade:
    """Return the grade of liver toxicity, and whether it is REILD.

    A new rise of bilirubin, albumin, INR, ascites or encephalopathy, or an enzyme beyond a
    newly developed grade 1, is at least grade 2. REILD is grade 3 or more with progression and
    biliary obstruction excluded.
    """
    table = read_table("reild")["braat"]
    enzymes = set(table["enzymes"])
    ranges = {
        item: _item_range(given.changes.get(item), enzyme=item in enzymes) for item in braat_items()
    }
    lowest = max(low for low, _ in ranges.values())
    highest = max(high for _, high in ranges.values())
    for answer, grade in (
        (given.non_invasive_treatment, _NON_INVASIVE),
        (given.invasive_treatment, _INVASIVE),
        (given.fatal, _FATAL),
    ):
        if answer is True:
            lowest = max(lowest, grade)
        if answer is not False:
            highest = max(highest, grade)
    known = lowest == highest
    return BraatGrade(
        grade=lowest if known else Missing.NOT_RECORDED,
        lowest=lowest,
        highest=highest,
        reild=_reild(lowest, highest, given, first=table["reild_from_grade"]),
        open=_open(lowest, highest, given.resolved),
        risen=tuple(item for item, (low, _) in ranges.items() if low > 0),
        missing=_lacking(given, ranges, lowest, first=table["reild_from_grade"], highest=highest),
        version=given.version,
        citation=citation_of(table, where="reild.toml braat"),
        note=table["open_questions"] if highest == _UNTREATED else "",
    )


def _item_range(change: GradeChange | None, *, enzyme: bool) -> tuple[int, int]:
    """Return what one item alone makes of the grade: 0, 1 or 2, as a range."""
    if change is None:
        return 0, _UNTREATED
    outcomes = {
        _item_level(before, after, enzyme=enzyme)
        for before in _possible(change.before)
        for after in _possible(change.after)
    }
    return min(outcomes), max(outcomes)


def _possible(grade: int | Missing) -> range:
    return range(HIGHEST_GRADE + 1) if isinstance(grade, Missing) else range(grade, grade + 1)


def _item_level(before: int, after: int, *, enzyme: bool) -> int:
    if after <= before:
        return 0
    return 1 if enzyme and after <= 1 else _UNTREATED


def _reild(lowest: int, highest: int, given: BraatInput, *, first: int) -> bool | Missing:
    exclusions = (given.hepatic_progression, given.biliary_obstruction)
    if highest < first or True in exclusions:
        return False
    if lowest >= first and all(one is False for one in exclusions):
        return True
    return Missing.NOT_RECORDED


def _open(lowest: int, highest: int, resolved: bool | Missing) -> bool | Missing:  # noqa: FBT001 - private
    """Whether the toxicity is of grade 2 and has not resolved."""
    if highest < _UNTREATED or lowest > _UNTREATED or resolved is True:
        return False
    if lowest == highest == _UNTREATED:
        return resolved if isinstance(resolved, Missing) else True
    return Missing.NOT_RECORDED


def _lacking(
    given: BraatInput,
    ranges: Mapping[str, tuple[int, int]],
    lowest: int,
    *,
    first: int,
    highest: int,
) -> tuple[str, ...]:
    """Name the absent answers that could still raise the grade, or decide that it is REILD."""
    answers = (
        ("non_invasive_treatment", given.non_invasive_treatment, _NON_INVASIVE),
        ("invasive_treatment", given.invasive_treatment, _INVASIVE),
        ("fatal", given.fatal, _FATAL),
    )
    found = [item for item, (low, high) in ranges.items() if low != high and high > lowest]
    found += [
        name for name, answer, grade in answers if isinstance(answer, Missing) and grade > lowest
    ]
    exclusions = {
        "hepatic_progression": given.hepatic_progression,
        "biliary_obstruction": given.biliary_obstruction,
    }
    if highest >= first and True not in exclusions.values():
        found += [name for name, answer in exclusions.items() if isinstance(answer, Missing)]
    return tuple(found)

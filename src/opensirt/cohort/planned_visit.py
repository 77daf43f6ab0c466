"""Planned visits: the days from treatment within which a form or an examination counts for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from opensirt.errors import InputError
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """A window of days from treatment, both ends included; before treatment they are below 0.

    Raises
    ------
    InputError
        When it has no title, or its days do not rise.
    """

    title: str
    first_day: int
    target_day: int
    last_day: int

    def __post_init__(self) -> None:
        if not self.title or not self.first_day <= self.target_day <= self.last_day:
            raise InputError(
                f"the planned visit {self.title or '?'} has the days {self.first_day}, "
                f"{self.target_day}, {self.last_day}; wanted first ≤ target ≤ last"
            )

    @property
    def words(self) -> str:
        """Title and days."""
        return f"{self.title} (days {self.first_day} to {self.last_day})"


def planned_visits() -> tuple[PlannedVisit, ...]:
    """Return the visits of ``planned_visits.toml``."""
    table = read_table("planned_visits")["visit"]
    return tuple(
        PlannedVisit(
            title=one["title"],
            first_day=one["first_day"],
            target_day=one["target_day"],
            last_day=one["last_day"],
        )
        for one in table.values()
    )


def parsed_visits(texts: Sequence[str]) -> tuple[PlannedVisit, ...]:
    """Return visits of texts such as ``6 weeks=28:42:60`` (first, target and last day).

    Raises
    ------
    InputError
        When a text is none, a title comes twice, or windows overlap.
    """
    made = []
    for text in texts:
        title, _, days = text.rpartition("=")
        try:
            first, target, last = (int(one) for one in days.split(":"))
        except ValueError:
            raise InputError(
                f"the visit {text!r} cannot be read; write it as TITLE=FIRST:TARGET:LAST, in days "
                "from treatment"
            ) from None
        made.append(PlannedVisit(title=title, first_day=first, target_day=target, last_day=last))
    return require_apart(made)


def require_apart(visits: Sequence[PlannedVisit]) -> tuple[PlannedVisit, ...]:
    """Return the visits in order of time.

    Raises
    ------
    InputError
        When there is none, a title comes twice, or windows overlap.
    """
    ordered = sorted(visits, key=lambda one: one.first_day)
    if not ordered or len({one.title for one in ordered}) < len(ordered):
        raise InputError("planned visits need a title each, all different")
    for one, after in pairwise(ordered):
        if after.first_day <= one.last_day:
            raise InputError(
                f"the visits {one.words} and {after.words} overlap; a form belongs to one visit"
            )
    return tuple(ordered)

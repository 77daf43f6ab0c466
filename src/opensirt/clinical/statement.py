"""Sentences with a source that concern some patients: checklist and considerations.

They are listed, never weighed: no score, no order of preference, no choice.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from opensirt.clinical.option import options
from opensirt.clinical.predicate import Condition, Facts, check_facts, evaluate, parse
from opensirt.domain.citation import citation_of
from opensirt.domain.statement import ChecklistItem, Consideration, Side, Stage
from opensirt.errors import UnknownNameError
from opensirt.reference.table import read_table

__all__ = [
    "ChecklistItem",
    "Consideration",
    "Side",
    "Stage",
    "checklist",
    "considerations",
]


def checklist(
    facts: Facts, *, items: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[ChecklistItem, ...]:
    """Return every item of the checklist with whether it concerns this patient.

    What is not known concerns the patient until it is: show these items with the question.

    Parameters
    ----------
    items
        A site's own items in the form of ``checklist.toml``; None takes those that ship.

    Raises
    ------
    InputError, UnknownNameError
        When a fact is none, or an item is not written as one.
    """
    check_facts(facts)
    entries = read_table("checklist")["items"] if items is None else items
    found = []
    for key, entry in entries.items():
        where = f"checklist item {key}"
        verdict = evaluate(_condition(entry, where), facts)
        found.append(
            ChecklistItem(
                id=key,
                stage=Stage(entry["at"]),
                text=entry["text"],
                applies=verdict.holds,
                missing=verdict.missing,
                citation=citation_of(entry, where=where),
            )
        )
    return tuple(found)


def considerations(facts: Facts) -> tuple[Consideration, ...]:
    """Return every consideration with whether it applies to this patient, in file order.

    Raises
    ------
    InputError, UnknownNameError
        When a fact is none, or has an impossible value.
    """
    check_facts(facts)
    found = []
    for entry, condition in _statements():
        verdict = evaluate(condition, facts)
        found.append(
            Consideration(
                option=entry["option"],
                side=Side(entry["side"]),
                text=entry["text"],
                applies=verdict.holds,
                missing=verdict.missing,
                citation=citation_of(entry, where=f"consideration {entry['text']!r}"),
            )
        )
    return tuple(found)


@cache
def _statements() -> tuple[tuple[Mapping[str, Any], Condition], ...]:
    found = []
    for position, entry in enumerate(read_table("considerations")["statements"]):
        where = f"considerations.toml statements[{position}]"
        known = [one.name for one in options()]
        if entry["option"] not in known:
            raise UnknownNameError(f"option of {where}", entry["option"], known)
        found.append((entry, _condition(entry, where)))
    return tuple(found)


def _condition(entry: Mapping[str, Any], where: str) -> Condition:
    """Return for whom a sentence is; without a condition it is for everybody."""
    return parse(entry.get("when", {"all": []}), where=where)

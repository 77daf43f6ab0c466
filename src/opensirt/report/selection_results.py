"""The selection in results.json."""

from collections.abc import Sequence
from typing import Any

from opensirt.domain.citation import Citation
from opensirt.domain.eligibility import RuleResult
from opensirt.domain.missing import Missing
from opensirt.domain.score import Score
from opensirt.domain.selection import Selection
from opensirt.domain.statement import ChecklistItem

NOT_KNOWN = "unknown"


def selection_data(selection: Selection) -> dict[str, Any]:
    """Return a selection as plain values; an absent value is the reason why."""
    eligibility = selection.eligibility
    return {
        "on": selection.on.isoformat(),
        "profile": eligibility.profile,
        "profile_note": eligibility.profile_note,
        "device": eligibility.device or "any",
        "rules": [_rule(one) for one in eligibility.results],
        "missing": {fact: list(rules) for fact, rules in eligibility.missing.items()},
        "scores": [_score(one) for one in selection.scores],
        "checklist": checklist_data(selection.checklist),
        "considerations": [
            {
                "option": one.option,
                "side": one.side.value,
                "text": one.text,
                "applies": _applies(one.applies),
                "missing": list(one.missing),
                **_cited(one.citation),
            }
            for one in selection.considerations
        ],
        "facts": {
            name: value.value if isinstance(value, Missing) else value
            for name, value in selection.facts.items()
        },
    }


def checklist_data(items: Sequence[ChecklistItem]) -> list[dict[str, Any]]:
    """Return checklist items as plain values."""
    return [
        {
            "id": one.id,
            "at": one.stage.value,
            "text": one.text,
            "applies": _applies(one.applies),
            "missing": list(one.missing),
            **_cited(one.citation),
        }
        for one in items
    ]


def _rule(one: RuleResult) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": one.id,
        "title": one.title,
        "kind": one.kind.value,
        "result": one.outcome.value,
        "missing": list(one.missing),
        "device": one.device or "any",
        "facts": dict(one.facts),
        "source": one.citation.source,
        "kind_source": one.kind_citation.source,
        "status": "verified" if one.verified else "unverified",
    }
    if one.no_verified_value:
        made["reason"] = Missing.NO_VERIFIED_VALUE.value
    if one.override is not None:
        made["override"] = {
            "by": list(one.override.by),
            "reason": one.override.reason,
            "on": one.override.on.isoformat(),
        }
    return made


def _score(one: Score) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": one.name,
        "variant": one.variant,
        "value": one.value.value if isinstance(one.value, Missing) else one.value,
        "missing": sorted(one.missing),
        **_cited(one.citation),
    }
    if one.unit:
        made["unit"] = one.unit
    if isinstance(one.grade, str):
        made["grade"] = one.grade
    return made


def _cited(citation: Citation) -> dict[str, str]:
    return {
        "source": citation.source,
        "status": "verified" if citation.verified else "unverified",
    }


def _applies(value: bool | None) -> bool | str:  # noqa: FBT001 - three-valued logic
    return NOT_KNOWN if value is None else value

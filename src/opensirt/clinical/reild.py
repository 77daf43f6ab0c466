"""Radioembolization-induced liver disease under each named definition, with its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from opensirt.clinical.comparison import above, below
from opensirt.clinical.predicate import Condition, Facts, check_facts, evaluate, parse
from opensirt.clinical.predicate.facts import Value
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ReildDefinition:
    """One named definition: window, criteria, exclusions and source.

    `criteria` is None, and the first day a `Missing`, where no verified value exists;
    `last_day` is None for a window without end.
    """

    name: str
    title: str
    called: str
    """What the definition calls a case: REILD, or liver decompensation."""
    first_day: int | Missing
    last_day: int | None
    criteria: Condition | None
    exclusions: tuple[str, ...]
    text: str
    citation: Citation

    def contains(self, day: int) -> bool:
        """Whether a day after treatment lies in the window, both ends included."""
        if isinstance(self.first_day, Missing):
            return False
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


def definition_of(name: str, entry: Mapping[str, Any]) -> ReildDefinition:
    """Return the definition that a table writes; a site may bring its own.

    Raises
    ------
    InputError
        When a definition with criteria has no first day, or a criterion is none.
    """
    where = f"REILD definition {name}"
    unverified = bool(entry.get("no_verified_value", False))
    if not unverified and ("first_day" not in entry or "criteria" not in entry):
        raise InputError(f"{where} needs first_day and criteria")
    exclusions = tuple(entry.get("exclusions", ()))
    check_facts(dict.fromkeys(exclusions, True))
    return ReildDefinition(
        name=name,
        title=entry["title"],
        called=entry["called"],
        first_day=Missing.NO_VERIFIED_VALUE if unverified else int(entry["first_day"]),
        last_day=entry.get("last_day"),
        criteria=None if unverified else parse(entry["criteria"], where=where),
        exclusions=exclusions,
        text=entry["text"],
        citation=citation_of(entry, where=where),
    )


@cache
def reild_definition_names() -> tuple[str, ...]:
    """Return the names of the definitions that ship with this package."""
    return tuple(read_table("reild")["definitions"])


@cache
def reild_definition(name: str) -> ReildDefinition:
    """Return one definition of ``reild.toml``.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    definitions = read_table("reild")["definitions"]
    if name not in definitions:
        raise UnknownNameError("REILD definition", name, definitions)
    return definition_of(name, definitions[name])


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that a definition asks for, with what is known of it."""

    fact: str
    value: Value | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReildAssessment:
    """Whether one definition is met.

    `met` is a `Missing` when an absent fact could decide it; `missing` names those facts. The
    evidence lists every fact of criteria and exclusions.
    """

    definition: ReildDefinition
    met: bool | Missing
    evidence: tuple[Evidence, ...]
    missing: tuple[str, ...]


def assess_reild(definition: ReildDefinition, facts: Facts) -> ReildAssessment:
    """Return whether a definition is met by facts of its own window.

    `laboratory_facts` gives the laboratory part of them; jaundice, ascites, progression and the
    like are entered by people.

    Raises
    ------
    InputError, UnknownNameError
        When a fact is none, or has an impossible value.
    """
    check_facts(facts)
    if definition.criteria is None:
        return ReildAssessment(
            definition=definition, met=Missing.NO_VERIFIED_VALUE, evidence=(), missing=()
        )
    whole = parse(
        {"all": [{"fact": one, "is": False} for one in definition.exclusions]},
        where=definition.name,
    )
    criteria = evaluate(definition.criteria, facts)
    excluded = evaluate(whole, facts)
    if criteria.holds is False or excluded.holds is False:
        met: bool | Missing = False
        missing: tuple[str, ...] = ()
    elif criteria.holds and excluded.holds:
        met, missing = True, ()
    else:
        met, missing = Missing.NOT_RECORDED, criteria.missing + excluded.missing
    names = (*definition.criteria.facts(), *definition.exclusions)
    return ReildAssessment(
        definition=definition,
        met=met,
        evidence=tuple(Evidence(one, facts.get(one, Missing.NOT_RECORDED)) for one in names),
        missing=missing,
    )


def laboratory_facts(
    values: Sequence[LabValue], definition: ReildDefinition, *, treated_on: date
) -> dict[str, Value | Missing]:
    """Return the laboratory facts of a definition's window: peaks, and limits passed.

    A window without any value of an analyte leaves its facts missing; a value without limit of
    normal cannot say that the limit was never passed.
    """
    inside = [one for one in values if definition.contains((one.on - treated_on).days)]
    bilirubin = [one for one in inside if one.analyte is Analyte.BILIRUBIN]
    albumin = [one for one in inside if one.analyte is Analyte.ALBUMIN]
    inr = [one for one in inside if one.analyte is Analyte.INR]
    return {
        "peak_bilirubin": max((one.inside for one in bilirubin), default=Missing.NOT_DONE),
        "peak_inr": max((one.inside for one in inr), default=Missing.NOT_DONE),
        "bilirubin_raised": _passed(
            [(one.inside, one.upper_limit_inside) for one in bilirubin], high=True
        ),
        "albumin_low": _passed(
            [(one.inside, one.lower_limit_inside) for one in albumin], high=False
        ),
    }


def _passed(pairs: Sequence[tuple[float, float | Missing]], *, high: bool) -> bool | Missing:
    """Whether any value lies beyond its limit of normal."""
    if not pairs:
        return Missing.NOT_DONE
    known = [
        above(value, limit) if high else below(value, limit)
        for value, limit in pairs
        if not isinstance(limit, Missing)
    ]
    if any(known):
        return True
    return False if len(known) == len(pairs) else Missing.NEEDS_LIMIT_OF_NORMAL


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """Something that raises the risk, and whether it is present (None: not known)."""

    text: str
    present: bool | None
    missing: tuple[str, ...]
    citation: Citation


def reild_risk_factors(facts: Facts) -> tuple[RiskFactor, ...]:
    """Return every known risk factor with whether it is present; they add up to no score.

    Raises
    ------
    InputError, UnknownNameError
        When a fact is none, or has an impossible value.
    """
    check_facts(facts)
    found = []
    for position, entry in enumerate(read_table("reild")["risk_factors"]):
        where = f"reild.toml risk_factors[{position}]"
        verdict = evaluate(parse(entry["when"], where=where), facts)
        found.append(
            RiskFactor(
                entry["text"], verdict.holds, verdict.missing, citation_of(entry, where=where)
            )
        )
    return tuple(found)


def on_watch_list(*, treated_on: date, today: date) -> bool:
    """Whether a patient is in the days after the latest treatment in which REILD appears."""
    watch = read_table("reild")["watch"]
    citation_of(watch, where="reild.toml watch")
    day = (today - treated_on).days
    return bool(watch["first_day"] <= day <= watch["last_day"])

"""From a TOML table to a condition, with every mistake refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensirt.clinical.predicate.facts import Fact, FactKind, Value, fact_named
from opensirt.clinical.predicate.tree import NUMERIC, All, AnyOf, Atom, Comparator, Condition, Not
from opensirt.domain.laboratory import factor_to_inside
from opensirt.errors import InputError, UnknownNameError

_COMBINATIONS = ("all", "any", "not")


def parse(
    entry: Mapping[str, Any], *, where: str, parameters: Mapping[str, float] | None = None
) -> Condition:
    """Return the condition that a table writes.

    `parameters` replaces limits written as ``"$name"``.

    Raises
    ------
    InputError
        When the table is no condition, or compares a fact with what it cannot be.
    UnknownNameError
        When it speaks of a fact, a unit or a parameter that does not exist.
    """
    known = dict(parameters or {})
    combined = [one for one in _COMBINATIONS if one in entry]
    if "fact" in entry and not combined:
        return _atom(entry, where, known)
    if len(combined) != 1 or len(entry) != 1:
        raise InputError(
            f"{where}: a condition is one of fact, all, any, not; found {', '.join(entry)}"
        )
    how, inner = combined[0], entry[combined[0]]
    if how == "not":
        return Not(parse(inner, where=where, parameters=known))
    if not isinstance(inner, Sequence) or isinstance(inner, str):
        raise InputError(f"{where}: {how} needs a list of conditions")
    if how == "any" and not inner:
        raise InputError(f"{where}: any needs at least one condition")
    parts = tuple(parse(one, where=where, parameters=known) for one in inner)
    return All(parts) if how == "all" else AnyOf(parts)


def _atom(entry: Mapping[str, Any], where: str, parameters: Mapping[str, float]) -> Atom:
    fact = fact_named(entry["fact"])
    names = [one for one in entry if one not in {"fact", "unit"}]
    comparators = {one.value: one for one in Comparator}
    if len(names) != 1:
        raise InputError(f"{where}: {fact.name} needs one comparison, found {len(names)}")
    if names[0] not in comparators:
        raise UnknownNameError(f"comparison in {where}", names[0], comparators)
    comparator = comparators[names[0]]
    limit = entry[names[0]]
    if isinstance(limit, str) and limit.startswith("$"):
        if limit[1:] not in parameters:
            raise UnknownNameError(f"parameter of {where}", limit[1:], parameters)
        limit = parameters[limit[1:]]
    if comparator in NUMERIC:
        return Atom(fact.name, comparator, _number(fact, limit, entry.get("unit"), where))
    if "unit" in entry:
        raise InputError(f"{where}: {fact.name} has an answer, not a number with a unit")
    if fact.kind is FactKind.NUMBER:
        raise InputError(f"{where}: {fact.name} is a number; compare it with above, below, …")
    answers: tuple[Value, ...] = tuple(limit) if comparator is Comparator.IN else (limit,)
    for one in answers:
        fact.check(one)
    return Atom(fact.name, comparator, answers if comparator is Comparator.IN else limit)


def _number(fact: Fact, limit: object, unit: str | None, where: str) -> float:
    if fact.kind not in {FactKind.NUMBER, FactKind.INTEGER}:
        raise InputError(f"{where}: {fact.name} is a {fact.kind.value}, it has no more or less")
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise InputError(f"{where}: limit of {fact.name} is {limit!r}, not a number")
    if unit is None:
        if fact.analyte is not None:
            raise InputError(f"{where}: limit of {fact.name} has no unit")
        return float(limit)
    if fact.analyte is None:
        if unit != fact.unit:
            raise InputError(f"{where}: {fact.name} is in {fact.unit}, its limit in {unit}")
        return float(limit)
    return float(limit) * factor_to_inside(fact.analyte, unit)

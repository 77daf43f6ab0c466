"""Three-valued answers: unknown exactly when the absent facts could decide either way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from math import floor, isfinite

from opensirt.clinical.predicate.derived import DERIVED
from opensirt.clinical.predicate.facts import Fact, FactKind, Facts, Value, fact_named
from opensirt.clinical.predicate.tree import Condition
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

_MOST_COMBINATIONS = 200_000
"""More would mean a rule with too many facts to be read by people either."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds; None when that is not known.

    `missing` names the absent facts of which some value could change the answer.
    """

    holds: bool | None
    missing: tuple[str, ...] = ()


def evaluate(condition: Condition, facts: Facts) -> Verdict:
    """Return whether a condition holds for what is known.

    Absent facts are tried with one value from each part of their range that the condition can
    tell apart, so the answer is exact. A derived fact that was not entered is computed.

    Raises
    ------
    InputError
        When the condition has so many absent facts that they cannot be tried.
    """
    needed = _inputs(condition, facts)
    known: dict[str, Value] = {}
    absent: dict[str, tuple[Value, ...]] = {}
    for name in needed:
        value = facts.get(name, Missing.NOT_RECORDED)
        if isinstance(value, Missing):
            absent[name] = tuple(_samples(fact_named(name), _limits(condition, name, facts)))
        else:
            known[name] = value
    if not absent:
        return Verdict(condition.holds(_with_derived(condition, known, facts)))
    count = 1
    for samples in absent.values():
        count *= len(samples)
    if count > _MOST_COMBINATIONS:
        raise InputError(
            f"a condition on {', '.join(needed)} has {count} combinations of absent facts; split it"
        )
    answers = {
        chosen: condition.holds(
            _with_derived(condition, known | dict(zip(absent, chosen, strict=True)), facts)
        )
        for chosen in product(*absent.values())
    }
    outcomes = set(answers.values())
    if len(outcomes) == 1:
        return Verdict(outcomes.pop())
    deciding = [name for position, name in enumerate(absent) if _decides(answers, position)]
    return Verdict(None, tuple(deciding))


def _decides(answers: Mapping[tuple[Value, ...], bool], position: int) -> bool:
    """Whether changing one absent fact alone changes the answer, for some values of the others."""
    seen: dict[tuple[Value, ...], bool] = {}
    for chosen, answer in answers.items():
        rest = chosen[:position] + chosen[position + 1 :]
        if seen.setdefault(rest, answer) is not answer:
            return True
    return False


def _entered(name: str, facts: Facts) -> bool:
    return not isinstance(facts.get(name, Missing.NOT_RECORDED), Missing)


def _inputs(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Facts to look up: those named, with derived ones replaced by what they follow from."""
    found: dict[str, None] = {}
    for name in condition.facts():
        if name in DERIVED and not _entered(name, facts):
            found.update(dict.fromkeys(DERIVED[name].inputs))
        else:
            found[name] = None
    return tuple(found)


def _with_derived(
    condition: Condition, values: Mapping[str, Value], facts: Facts
) -> Mapping[str, Value]:
    derived = {
        name: DERIVED[name].compute(values)
        for name in condition.facts()
        if name in DERIVED and not _entered(name, facts)
    }
    return {**values, **derived}


def _limits(condition: Condition, name: str, facts: Facts) -> list[float]:
    """Every number at which something about this fact changes."""
    found: set[float] = set()
    for atom in condition.atoms():
        if atom.fact == name:
            limits = atom.limit if isinstance(atom.limit, tuple) else (atom.limit,)
            found |= {float(one) for one in limits if isinstance(one, int | float)}
    for one in condition.facts():
        if one in DERIVED and not _entered(one, facts):
            found |= set(DERIVED[one].limits.get(name, ()))
    return sorted(found)


def _samples(fact: Fact, limits: list[float]) -> Iterator[Value]:
    """Yield one value of each part of the range that the limits tell apart."""
    if fact.kind is FactKind.FLAG:
        yield from (False, True)
        return
    if fact.kind is FactKind.CHOICE:
        yield from fact.choices
        return
    if fact.kind is FactKind.INTEGER:
        near = {floor(one) + step for one in limits for step in (-1, 0, 1)}
        whole = sorted({*near, int(fact.lowest), int(fact.highest)})
        yield from (float(one) for one in whole if fact.lowest <= one <= fact.highest)
        return
    inside = [one for one in limits if fact.lowest <= one <= fact.highest]
    points = sorted({*inside, *(one for one in (fact.lowest, fact.highest) if isfinite(one))})
    if not isfinite(fact.lowest):
        yield points[0] - 1.0
    for here, there in pairwise(points):
        yield here
        yield (here + there) / 2
    yield points[-1]
    if not isfinite(fact.highest):
        yield points[-1] + max(1.0, abs(points[-1]))

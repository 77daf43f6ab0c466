"""Conditions as values: atoms on one fact, and their combinations."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from opensirt.clinical.comparison import above, at_least, at_most, below
from opensirt.clinical.predicate.facts import Value


class Condition(ABC):
    """Something that holds or does not hold once every fact is known."""

    @abstractmethod
    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether the condition holds for complete facts."""

    @abstractmethod
    def atoms(self) -> Iterator["Atom"]:
        """Every comparison of a fact in it."""

    def facts(self) -> tuple[str, ...]:
        """Return the names of the facts it speaks of, in order of appearance."""
        return tuple(dict.fromkeys(atom.fact for atom in self.atoms()))


class Comparator(Enum):
    """How an atom compares."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    IS = "is"
    IN = "in"


_NUMERIC: Mapping[Comparator, Callable[[float, float], bool]] = {
    Comparator.ABOVE: above,
    Comparator.AT_LEAST: at_least,
    Comparator.BELOW: below,
    Comparator.AT_MOST: at_most,
}
NUMERIC = frozenset(_NUMERIC)
"""Comparators of numbers."""


@dataclass(frozen=True, slots=True)
class Atom(Condition):
    """One fact against one limit (in the fact's unit), one answer, or a set of answers."""

    fact: str
    comparator: Comparator
    limit: float | bool | str | tuple[Value, ...]

    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether the fact compares as said."""
        value = facts[self.fact]
        if self.comparator in _NUMERIC:
            return _NUMERIC[self.comparator](float(value), float(self.limit))  # type: ignore[arg-type] # parse gives numbers
        if isinstance(self.limit, tuple):
            return value in self.limit
        return value == self.limit

    def atoms(self) -> Iterator["Atom"]:
        """Itself."""
        yield self


@dataclass(frozen=True, slots=True)
class All(Condition):
    """Every part holds; with no part, it always holds."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether every part holds."""
        return all(part.holds(facts) for part in self.parts)

    def atoms(self) -> Iterator[Atom]:
        """Those of every part."""
        for part in self.parts:
            yield from part.atoms()


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether any part holds."""
        return any(part.holds(facts) for part in self.parts)

    def atoms(self) -> Iterator[Atom]:
        """Those of every part."""
        for part in self.parts:
            yield from part.atoms()


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def holds(self, facts: Mapping[str, Value]) -> bool:
        """Whether the part does not hold."""
        return not self.part.holds(facts)

    def atoms(self) -> Iterator[Atom]:
        """Those of the part."""
        yield from self.part.atoms()

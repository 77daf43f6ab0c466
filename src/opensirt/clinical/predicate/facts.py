"""The named facts that conditions may speak of, from ``clinical_facts.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from math import inf, isfinite
from types import MappingProxyType

from opensirt.domain.laboratory import Analyte
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Value = float | bool | str
Facts = Mapping[str, Value | Missing]
"""Fact → value; a fact that is not there is missing too."""


class FactKind(Enum):
    """What kind of value a fact has."""

    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact: its kind, the values it can have, and what it means in words."""

    name: str
    kind: FactKind
    text: str
    unit: str = ""
    lowest: float = -inf
    highest: float = inf
    choices: tuple[str, ...] = ()
    analyte: Analyte | None = None
    """The laboratory value that it is, where conditions may use any of its units."""

    def __post_init__(self) -> None:
        if self.kind is FactKind.INTEGER and not (isfinite(self.lowest) and isfinite(self.highest)):
            raise InputError(f"fact {self.name} is an integer and needs lowest and highest")
        if self.kind is FactKind.CHOICE and not self.choices:
            raise InputError(f"fact {self.name} is a choice and needs choices")

    def check(self, value: Value) -> None:
        """Refuse a value that this fact cannot have.

        Raises
        ------
        InputError
            When the value is of another kind, or outside the range or the choices.
        """
        if self.kind is FactKind.FLAG:
            good, wanted = isinstance(value, bool), "true or false"
        elif self.kind is FactKind.CHOICE:
            good, wanted = value in self.choices, f"one of {', '.join(self.choices)}"
        else:
            good = self._is_number(value)
            kind = "a whole number" if self.kind is FactKind.INTEGER else "a number"
            wanted = f"{kind} from {self.lowest:g} to {self.highest:g} {self.unit}".rstrip()
        if not good:
            raise InputError(f"fact {self.name} is {value!r}; wanted {wanted}")

    def _is_number(self, value: Value) -> bool:
        if isinstance(value, bool | str) or not isfinite(value):
            return False
        whole = self.kind is FactKind.NUMBER or value == int(value)
        return whole and self.lowest <= value <= self.highest


@cache
def declared_facts() -> Mapping[str, Fact]:
    """Return every fact that conditions may speak of, by name."""
    found = {}
    for name, entry in read_table("clinical_facts")["facts"].items():
        kind = FactKind(entry["kind"])
        found[name] = Fact(
            name=name,
            kind=kind,
            text=entry["text"],
            unit=entry.get("unit", ""),
            lowest=float(entry.get("lowest", -inf)),
            highest=float(entry.get("highest", inf)),
            choices=tuple(entry.get("choices", ())),
            analyte=Analyte(entry["analyte"]) if "analyte" in entry else None,
        )
    return MappingProxyType(found)


def fact_named(name: str) -> Fact:
    """Return one declared fact.

    Raises
    ------
    UnknownNameError
        When no fact has this name.
    """
    facts = declared_facts()
    if name not in facts:
        raise UnknownNameError("clinical fact", name, facts)
    return facts[name]


def check_facts(facts: Facts) -> None:
    """Refuse facts with unknown names or impossible values.

    Raises
    ------
    UnknownNameError
        When no fact has a name.
    InputError
        When a value is one that its fact cannot have.
    """
    for name, value in facts.items():
        fact = fact_named(name)
        if not isinstance(value, Missing):
            fact.check(value)

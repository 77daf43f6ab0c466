"""The options of a tumour board in one order for all, and what is known of a patient for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from opensirt.clinical.predicate import Facts
from opensirt.clinical.predicate.facts import Value, fact_named
from opensirt.domain.missing import Missing
from opensirt.errors import UnknownNameError
from opensirt.reference.table import read_table

_PERCENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What a tumour board can choose; the order is the same for every patient and says nothing."""

    name: str
    title: str
    group: str
    asks: Mapping[str, str]
    """Fact that its sentences turn on → its short name."""
    asked_with: Mapping[str, str]
    """Fact → another one without which it is not asked."""

    def standing(self, facts: Facts) -> str:
        """Return what is known in this patient of the facts that it asks for, and what is not."""
        known = {
            name: facts.get(name, Missing.NOT_RECORDED)
            for name in self.asks
            if facts.get(self.asked_with.get(name, "")) is not False
        }
        parts = [
            f"{self.asks[name]}: {_worded(name, value)}"
            for name, value in known.items()
            if not isinstance(value, Missing)
        ]
        absent = [self.asks[name] for name, value in known.items() if isinstance(value, Missing)]
        if absent:
            parts.append(f"not known: {', '.join(absent)}")
        return "; ".join(parts)


@cache
def options() -> tuple[Option, ...]:
    """Return every option of ``considerations.toml``, those of one group together.

    Raises
    ------
    UnknownNameError
        When an option stands in no group, or asks for no fact.
    """
    table = read_table("considerations")
    groups: Mapping[str, str] = table["groups"]
    found = []
    for name, entry in table["options"].items():
        if entry["group"] not in groups:
            raise UnknownNameError(f"group of option {name}", entry["group"], groups)
        asked_with = entry.get("asked_with", {})
        for one in (*entry["asks"], *asked_with, *asked_with.values()):
            fact_named(one)
        found.append(
            Option(
                name=name,
                title=entry["title"],
                group=groups[entry["group"]],
                asks=MappingProxyType({one: table["words"][one] for one in entry["asks"]}),
                asked_with=MappingProxyType(dict(asked_with)),
            )
        )
    order = list(groups.values())
    return tuple(sorted(found, key=lambda one: order.index(one.group)))


def _worded(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    if name.endswith("_fraction"):
        return f"{_PERCENT * value:.3g} %"
    return f"{value:.3g} {fact_named(name).unit}".rstrip()

"""The laboratory terms of ``ctcae_laboratory.toml`` as typed rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import Analyte, factor_to_inside, spelled
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

STATES = (
    "always",
    "baseline_not_high",
    "baseline_high",
    "baseline_low",
    "anticoagulated",
    "not_anticoagulated",
)
REFERENCES = (
    "upper_limit",
    "lower_limit",
    "baseline",
    "greater_of_upper_limit_and_baseline",
    "absolute",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One comparison: `grades[n]` holds beyond `bounds[n]` times the reference."""

    when: str
    of: str
    grades: tuple[int, ...]
    bounds: tuple[float, ...]
    first_included: bool
    printed: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Unit → the bounds that the criteria print for it, in the inside unit.

    Printed limits of two units differ by their rounding: a value is graded by those of its own.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "printed", MappingProxyType(dict(self.printed)))
        if self.when not in STATES:
            raise UnknownNameError("state of a CTCAE branch", self.when, STATES)
        if self.of not in REFERENCES:
            raise UnknownNameError("reference of a CTCAE branch", self.of, REFERENCES)
        if len(self.grades) != len(self.bounds):
            raise InputError(f"CTCAE branch of {self.of}: grades and bounds differ in number")

    @property
    def most(self) -> int:
        """The highest grade that this branch gives."""
        return self.grades[-1]

    def in_unit(self, unit: str) -> "Branch":
        """Return the branch with the bounds printed for a unit, itself where there are none."""
        bounds = self.printed.get(spelled(unit)) if unit else None
        return self if bounds is None else replace(self, bounds=bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryTerm:
    """How one version grades one analyte."""

    key: str
    name: str
    version: CtcaeVersion
    analyte: Analyte
    high: bool
    """Whether high values are graded; low ones otherwise."""
    branches: tuple[Branch, ...]
    beyond: str
    citation: Citation

    def uses(self, *, of: str = "", when: str = "") -> bool:
        """Whether any branch compares with `of`, or counts in the state `when`."""
        return any(
            (of in one.of if of else True) and (one.when == when if when else True)
            for one in self.branches
        )


@cache
def laboratory_term_keys(version: CtcaeVersion) -> tuple[str, ...]:
    """Return the keys of the laboratory terms that a version has."""
    terms = read_table("ctcae_laboratory")["terms"]
    return tuple(key for key, entry in terms.items() if version.value in entry)


@cache
def laboratory_term(key: str, version: CtcaeVersion) -> LaboratoryTerm:
    """Return the rule of one term in one version.

    Raises
    ------
    UnknownNameError
        When the version has no such term (lymphocytes in v6, for one).
    """
    table = read_table("ctcae_laboratory")
    known = laboratory_term_keys(version)
    if key not in known:
        raise UnknownNameError(f"laboratory term of CTCAE {version.value}", key, known)
    entry = table["terms"][key]
    return LaboratoryTerm(
        key=key,
        name=entry["name_v6"]
        if version is CtcaeVersion.V6 and "name_v6" in entry
        else entry["name"],
        version=version,
        analyte=Analyte(entry["analyte"]),
        high=entry["direction"] == "high",
        branches=tuple(_branch(one, Analyte(entry["analyte"])) for one in entry[version.value]),
        beyond=entry.get("beyond", ""),
        citation=citation_of(
            table["sources"][version.value], where=f"ctcae_laboratory.toml {version.value}"
        ),
    )


def _branch(entry: dict[str, Any], analyte: Analyte) -> Branch:
    bounds = tuple(float(one) for one in entry["bounds"])
    return Branch(
        when=entry.get("when", "always"),
        of=entry["of"],
        grades=tuple(entry.get("grades", range(1, len(bounds) + 1))),
        bounds=bounds,
        first_included=entry.get("first_included", False),
        printed={
            spelled(unit): tuple(float(one) * factor_to_inside(analyte, unit) for one in limits)
            for unit, limits in entry.get("printed", {}).items()
        },
    )


def term_of_analyte(analyte: Analyte, version: CtcaeVersion) -> LaboratoryTerm | None:
    """Return the term that grades an analyte, None where the version has none."""
    for key in laboratory_term_keys(version):
        term = laboratory_term(key, version)
        if term.analyte is analyte:
            return term
    return None

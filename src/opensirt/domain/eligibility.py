"""Eligibility: rules, their outcomes, and who overrode which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from types import MappingProxyType

from opensirt.domain.citation import Citation
from opensirt.errors import InputError


class RuleKind(Enum):
    """How much a rule weighs."""

    INDICATION = "indication"
    """Has to be met for treatment to make sense."""
    ABSOLUTE = "absolute"
    """Absolute contraindication: two people have to override it."""
    RELATIVE = "relative"
    """Relative contraindication: to be discussed."""
    INFORMATIVE = "informative"
    """Worth knowing; never stands against treatment."""
    TRIAL = "trial"
    """Inclusion or exclusion of one trial."""


class Outcome(Enum):
    """What a rule says of one patient."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Named people go on in spite of one rule, for a reason.

    Raises
    ------
    InputError
        When nobody is named, a name stands twice, or there is no reason.
    """

    rule: str
    by: tuple[str, ...]
    reason: str
    on: date

    def __post_init__(self) -> None:
        names = [one.strip() for one in self.by]
        if not names or not all(names) or len(set(names)) != len(names):
            raise InputError(f"override of {self.rule} needs named people, each once")
        if not self.reason.strip():
            raise InputError(f"override of {self.rule} needs a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule for one patient.

    `missing` names the facts of which some value could change the outcome. A rule without a
    verified limit (`no_verified_value`) is always unknown until a site gives its own.
    """

    id: str
    title: str
    kind: RuleKind
    outcome: Outcome
    missing: tuple[str, ...]
    facts: Mapping[str, float | bool | str]
    """The known facts that it looked at."""
    text: str
    device: str
    """Device that it is for, empty for all."""
    label_region: str
    citation: Citation
    kind_citation: Citation
    """Where it is called absolute, relative, … from."""
    no_verified_value: bool = False
    override: Override | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    @property
    def verified(self) -> bool:
        """Whether both the limit and its weight were read in their source (⚠ otherwise)."""
        return self.citation.verified and self.kind_citation.verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Every rule of one profile for one patient; the decision stays with people."""

    profile: str
    profile_note: str
    device: str
    """Device that was asked about, empty when none is chosen yet."""
    results: tuple[RuleResult, ...]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fact that is missing → rules that wait for it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", MappingProxyType(dict(self.missing)))

    def of(self, *kinds: RuleKind, outcome: Outcome) -> tuple[RuleResult, ...]:
        """Return the rules of some kinds with one outcome."""
        return tuple(one for one in self.results if one.kind in kinds and one.outcome is outcome)

    @property
    def blocking(self) -> tuple[RuleResult, ...]:
        """Absolute contraindications, and indications or trial rules not met, not overridden."""
        kinds = (RuleKind.ABSOLUTE, RuleKind.INDICATION, RuleKind.TRIAL)
        return tuple(one for one in self.of(*kinds, outcome=Outcome.FAIL) if one.override is None)

    @property
    def to_discuss(self) -> tuple[RuleResult, ...]:
        """Relative contraindications that are present and not overridden."""
        found = self.of(RuleKind.RELATIVE, outcome=Outcome.FAIL)
        return tuple(one for one in found if one.override is None)

    @property
    def undecided(self) -> tuple[RuleResult, ...]:
        """Rules whose outcome is not known for want of a fact, informative ones apart."""
        return tuple(
            one
            for one in self.results
            if one.outcome is Outcome.UNKNOWN
            and one.kind is not RuleKind.INFORMATIVE
            and not one.no_verified_value
        )

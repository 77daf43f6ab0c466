"""A clinical score with the variant that made it, or what it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from opensirt.domain.citation import Citation
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The value of one named variant of a score.

    `value` is a `Missing` when an input is; `missing` then names every input that the value
    waits for, with its reason. `grade` is the class or grade in the words of the score
    (``"A"``, ``"2"``), None where the score has none. `bounds` are the lowest and the highest
    value that the known inputs allow (None where that is not bounded). `parts` are points of
    single items, or the value before rounding.
    """

    name: str
    variant: str
    value: Number
    citation: Citation
    unit: str = ""
    grade: str | Missing | None = None
    bounds: tuple[float, float] | None = None
    missing: Mapping[str, Missing] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        for name in ("missing", "parts"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return not isinstance(self.value, Missing)

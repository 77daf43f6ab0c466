"""How many patients are left at each step from the register to the analysis, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.errors import InputError

REACHED, LOSS = "participant_step", "participant_loss"
"""Columns of a table of patients: the last step that each one reached, and why no further one."""
STEPS = ("registered", "eligible", "treated", "with follow-up")
"""Levels of `REACHED`, in order."""
ANALYSED = "analysed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """Patients at one step; `lost` are those of the step before that are not among them."""

    title: str
    n: int
    lost: Mapping[str, int]
    """Reason → patients, each once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lost", MappingProxyType(dict(self.lost)))
        if not self.title or self.n < 0 or any(one < 1 for one in self.lost.values()):
            raise InputError(f"the step {self.title or '?'} of a flow has impossible numbers")


def require_flow(steps: Sequence[FlowStep]) -> None:
    """Refuse steps whose numbers do not add up.

    Raises
    ------
    InputError
        When a step is not the one before less the lost, or the first has lost somebody.
    """
    before: FlowStep | None = None
    for one in steps:
        wanted = one.n if before is None else before.n - sum(one.lost.values())
        if one.n != wanted or (before is None and one.lost):
            raise InputError(
                f"the flow of participants does not add up at {one.title}: {one.n} are left, "
                f"wanted {wanted}"
            )
        before = one

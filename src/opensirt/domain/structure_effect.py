"""The probability of an effect on a structure, or why there is none."""

from dataclasses import dataclass

from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureEffect:
    """What one model says of one structure; without a valid model `model` is empty.

    `low` and `high` are what the ends of the dose's interval give; the spread of the model's own
    parameters is not in them.

    Raises
    ------
    InputError
        When a probability lies outside 0 to 1, or is absent without a reason.
    """

    label: str
    effect: str
    """``toxicity`` (NTCP) or ``control`` (TCP)."""
    probability: Number
    low: Number = Missing.NOT_ESTIMATED
    high: Number = Missing.NOT_ESTIMATED
    dose_gy: Number = Missing.NOT_EVALUABLE
    """Of the model's quantity."""
    over_half_effect: Number = Missing.NOT_EVALUABLE
    """That dose over the one of 50 %."""
    reason: str = ""
    model: str = ""
    quantity: str = ""
    endpoint: str = ""
    conditions: tuple[str, ...] = ()
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        for value in (self.probability, self.low, self.high):
            if not isinstance(value, Missing) and not 0 <= value <= 1:
                raise InputError(f"a probability lies between 0 and 1, found {value}")
        if isinstance(self.probability, Missing) and not self.reason:
            raise InputError(f"no probability of {self.effect} of {self.label}, and no reason")

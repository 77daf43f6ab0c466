"""The steps by which a resin activity from a formula is cut for lung shunt."""

from dataclasses import dataclass

from opensirt.physics.analytic.require import require_fraction
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class LungShuntReduction:
    """How much is cut, from which lung shunt fraction on."""

    factor: float
    """What is left: 1 below the first step, 0 where nothing is given."""
    above_fraction: float
    """Bound of the step; 0 below the first."""
    source: str
    verified: bool


def lung_shunt_reduction(lung_shunt_fraction: float) -> LungShuntReduction:
    """Return the step that a lung shunt fraction falls into (reference/formulas).

    Up to 10 % nothing is cut, above 10 % a fifth, above 15 % two fifths, above 20 % all: the
    device is then not given. For activities from body surface area or experience, not for
    those reckoned from dose.

    Raises
    ------
    InputError
        When the fraction does not lie between 0 and 1.

    >>> [lung_shunt_reduction(one).factor for one in (0.06, 0.12, 0.16, 0.21)]
    [1.0, 0.8, 0.6, 0.0]
    """
    require_fraction(lung_shunt_fraction, "lung shunt fraction")
    table = read_table("formulas")["resin_lung_shunt"]
    factor, above = 1.0, 0.0
    for step in table["steps"]:
        if lung_shunt_fraction > step["above_fraction"]:
            above = step["above_fraction"]
            factor = 1.0 - step["reduction_fraction"]
    return LungShuntReduction(
        factor=factor,
        above_fraction=above,
        source=table["source"],
        verified=table["status"] == "verified",
    )

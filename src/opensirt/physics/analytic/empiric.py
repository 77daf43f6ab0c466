"""Activity from the tumour load alone: historical, defined for the resin device only."""

from opensirt.physics.analytic.require import require_fraction
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ


def empiric_activity_bq(tumour_fraction: float) -> float:
    """Return the activity for the whole liver by its tumour part, before any cut for lung shunt.

    Up to 25 %: 2.0 GBq; up to 50 %: 2.5; above: 3.0 (reference/formulas, from memory).

    Raises
    ------
    InputError
        When the fraction does not lie between 0 and 1.

    >>> empiric_activity_bq(0.15)
    2000000000.0
    """
    require_fraction(tumour_fraction, "tumour part of the liver")
    steps = read_table("formulas")["empiric"]["steps"]
    gbq = next(
        step["activity_gbq"] for step in steps if tumour_fraction <= step["tumour_fraction_at_most"]
    )
    return float(gbq) * BQ_PER_GBQ

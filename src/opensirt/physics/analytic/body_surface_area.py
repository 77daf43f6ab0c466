"""Activity from body surface area and tumour share, defined for the resin device only."""

from opensirt.errors import InputError
from opensirt.physics.analytic.require import require_not_negative, require_positive
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ

_CM_PER_M = 100.0


def _require_body_measure(value: float, name: str, unit: str, key: str) -> float:
    """Refuse metres for centimetres, and grams for kilograms (reference/plausible_ranges)."""
    bounds = read_table("plausible_ranges")["patient"][key]
    low, high = bounds["at_least"], bounds["at_most"]
    if low <= value <= high:
        return value
    metres = key == "height_cm" and low / _CM_PER_M <= value <= high / _CM_PER_M
    hint = f"; given in metres? Then write {value * _CM_PER_M:g}" if metres else ""
    raise InputError(f"the {name} is {value:g} {unit}, wanted {low:g} to {high:g} {unit}{hint}")


def body_surface_area_m2(height_cm: float, weight_kg: float) -> float:
    """Return the body surface area by the formula of DuBois.

    Raises
    ------
    InputError
        When height or weight are those of no person (metres for centimetres, for one).

    References
    ----------
    .. [1] van Roekel, PhD thesis Utrecht, chapter 2, p. 30.

    >>> round(body_surface_area_m2(170, 70), 3)
    1.81
    """
    _require_body_measure(height_cm, "height", "cm", "height_cm")
    _require_body_measure(weight_kg, "weight", "kg", "weight_kg")
    coefficient, height_exponent, weight_exponent = (
        constant("formulas", "body_surface_area", key).value
        for key in ("coefficient_m2", "height_exponent", "weight_exponent")
    )
    return float(
        coefficient * (height_cm / _CM_PER_M) ** height_exponent * weight_kg**weight_exponent
    )


def _require_volumes(tumour_ml: float, whole_ml: float, whole: str) -> float:
    """Return the tumour's part of a volume that holds it."""
    require_not_negative(tumour_ml, "tumour volume", "mL")
    require_positive(whole_ml, f"{whole} volume", "mL")
    if tumour_ml > whole_ml:
        raise InputError(
            f"the tumour ({tumour_ml:g} mL) is larger than the {whole} that holds it "
            f"({whole_ml:g} mL); the {whole} volume includes its tumours"
        )
    return tumour_ml / whole_ml


def _whole_gbq(bsa_m2: float, tumour_fraction: float) -> float:
    require_positive(bsa_m2, "body surface area", "m2")
    offset, per_m2, per_tumour = (
        constant("formulas", "body_surface_area", key).value
        for key in ("offset_gbq", "gbq_per_m2", "gbq_per_tumour_fraction")
    )
    gbq = per_m2 * bsa_m2 - offset + per_tumour * tumour_fraction
    if gbq <= 0:
        raise InputError(
            f"a body surface area of {bsa_m2:.3g} m2 gives no activity by this formula; it was "
            "made for adults"
        )
    return float(gbq)


def whole_liver_activity_bq(
    bsa_m2: float, *, tumour_volume_ml: float, liver_volume_ml: float
) -> float:
    """Return the activity for the whole liver; the liver volume includes the tumours.

    A [GBq] = (BSA − 0.2) + V_tumour / V_liver, before any cut for lung shunt.

    Raises
    ------
    InputError
        When a volume is not above zero or the tumour is larger than the liver.
    """
    fraction = _require_volumes(tumour_volume_ml, liver_volume_ml, "liver")
    return _whole_gbq(bsa_m2, fraction) * BQ_PER_GBQ


def _share(treated_volume_ml: float, liver_volume_ml: float) -> float:
    require_positive(treated_volume_ml, "treated volume", "mL")
    require_positive(liver_volume_ml, "liver volume", "mL")
    if treated_volume_ml > liver_volume_ml * (1 + 1e-9):
        raise InputError(
            f"the treated part ({treated_volume_ml:g} mL) is larger than the liver "
            f"({liver_volume_ml:g} mL)"
        )
    return min(1.0, treated_volume_ml / liver_volume_ml)


def lobar_activity_by_involvement_bq(
    bsa_m2: float,
    *,
    tumour_in_treated_ml: float,
    treated_volume_ml: float,
    liver_volume_ml: float,
) -> float:
    """Return the activity for part of the liver, by the tumour share of that part.

    A = [(BSA − 0.2) + V_tumour in part / V_part] × V_part / V_liver. The parts of a liver add up
    to the whole-liver activity. Published variant, primary text not read.

    Raises
    ------
    InputError
        When a volume is not above zero, or a part larger than its whole.
    """
    share = _share(treated_volume_ml, liver_volume_ml)
    fraction = _require_volumes(tumour_in_treated_ml, treated_volume_ml, "treated part")
    return _whole_gbq(bsa_m2, fraction) * share * BQ_PER_GBQ


def lobar_activity_by_share_bq(
    bsa_m2: float,
    *,
    tumour_volume_ml: float,
    treated_volume_ml: float,
    liver_volume_ml: float,
) -> float:
    """Return the activity for part of the liver, as its share of the whole-liver activity.

    A = [(BSA − 0.2) + V_tumour / V_liver] × V_part / V_liver. Published variant, primary text not
    read.

    Raises
    ------
    InputError
        When a volume is not above zero, or a part larger than its whole.
    """
    share = _share(treated_volume_ml, liver_volume_ml)
    fraction = _require_volumes(tumour_volume_ml, liver_volume_ml, "liver")
    return _whole_gbq(bsa_m2, fraction) * share * BQ_PER_GBQ

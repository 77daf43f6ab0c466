"""Absorbed dose to numbers of biological effect, for spheres that stay where they are.

The dose rate of a permanent implant falls with the physical half-life only, and sublethal
damage is repaired with one half-life; both hold for every formula here.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.constant import Constant, constant
from opensirt.reference.table import read_table
from opensirt.units import SECONDS_PER_HOUR

_FRACTION_GY = 2.0
"""Dose per fraction that EQD2 refers to, by its definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TissueParameters:
    """Linear-quadratic parameters of one tissue, each with its source."""

    tissue: str
    alpha_beta_ratio_gy: Constant
    repair_half_life_h: Constant
    alpha_per_gy: Constant
    """Linear radiosensitivity, for EUBED."""

    @property
    def repair_half_life_s(self) -> float:
        """Half-life of the repair of sublethal damage."""
        return self.repair_half_life_h.value * SECONDS_PER_HOUR

    @property
    def verified(self) -> bool:
        """False when BED and EQD2 from these are to be shown with ⚠."""
        return self.alpha_beta_ratio_gy.verified and self.repair_half_life_h.verified


def known_tissues() -> tuple[str, ...]:
    """Return the tissues that have parameters."""
    return tuple(read_table("radiobiology")["tissues"])


@cache
def tissue_parameters(tissue: str) -> TissueParameters:
    """Return the parameters of ``"liver"`` or ``"tumour"``.

    Raises
    ------
    UnknownNameError
        When there are none for this tissue.
    """
    if tissue not in known_tissues():
        raise UnknownNameError("tissue with radiobiological parameters", tissue, known_tissues())
    return TissueParameters(
        tissue=tissue,
        alpha_beta_ratio_gy=constant("radiobiology", "tissues", tissue, "alpha_beta_ratio_gy"),
        repair_half_life_h=constant("radiobiology", "tissues", tissue, "repair_half_life_h"),
        alpha_per_gy=constant("radiobiology", "tissues", tissue, "alpha_per_gy"),
    )


def _require_above_zero(value: float, name: str) -> None:
    if not value > 0 or not np.isfinite(value):
        raise InputError(f"{name} is {value}; wanted a number above zero")


def lea_catcheside_factor(repair_half_life_s: float, physical_half_life_s: float) -> float:
    """Return the protraction factor G of a dose rate that falls for ever with one half-life.

    G = T_repair / (T_repair + T_physical).

    Raises
    ------
    InputError
        When a half-life is not above zero.

    References
    ----------
    .. [1] R. G. Dale, Br. J. Radiol. 58 (1985), 515: the linear-quadratic model at falling
       dose rate, permanent implants.

    >>> f"{lea_catcheside_factor(2.5 * 3600, 64.1 * 3600):.4f}"
    '0.0375'
    """
    _require_above_zero(repair_half_life_s, "the repair half-life")
    _require_above_zero(physical_half_life_s, "the physical half-life")
    return repair_half_life_s / (repair_half_life_s + physical_half_life_s)


def biologically_effective_dose_gy(
    dose_gy: ArrayLike,
    *,
    alpha_beta_ratio_gy: float,
    repair_half_life_s: float,
    physical_half_life_s: float,
) -> NDArray[np.float64]:
    """Return BED = D (1 + G D / (α/β)) of a permanent implant, dose by dose.

    Raises
    ------
    InputError
        When a parameter is not above zero.

    >>> liver = {"alpha_beta_ratio_gy": 2.5, "repair_half_life_s": 2.5 * 3600}
    >>> bed_gy = biologically_effective_dose_gy(40.0, physical_half_life_s=64.1 * 3600, **liver)
    >>> f"{bed_gy:.1f}"
    '64.0'
    """
    _require_above_zero(alpha_beta_ratio_gy, "α/β")
    dose = np.asarray(dose_gy, dtype=np.float64)
    protraction = lea_catcheside_factor(repair_half_life_s, physical_half_life_s)
    effective: NDArray[np.float64] = dose * (1.0 + protraction * dose / alpha_beta_ratio_gy)
    return effective


def equivalent_uniform_bed_gy(
    dose_gy: ArrayLike,
    *,
    tissue: TissueParameters,
    physical_half_life_s: float,
    volumes: ArrayLike | None = None,
) -> float:
    """Return the uniform BED of a permanent implant that lets as many cells survive (EUBED).

    BED of each voxel by `biologically_effective_dose_gy`, then `equivalent_uniform_dose_gy`.

    Raises
    ------
    InputError
        When the half-life is not above zero or volumes do not match.
    """
    bed_gy = biologically_effective_dose_gy(
        dose_gy,
        alpha_beta_ratio_gy=tissue.alpha_beta_ratio_gy.value,
        repair_half_life_s=tissue.repair_half_life_s,
        physical_half_life_s=physical_half_life_s,
    )
    return equivalent_uniform_dose_gy(
        bed_gy, alpha_per_gy=tissue.alpha_per_gy.value, volumes=volumes
    )


def eqd2_gy(
    biologically_effective_gy: ArrayLike, *, alpha_beta_ratio_gy: float
) -> NDArray[np.float64]:
    """Return the dose in fractions of 2 Gy that has the same BED.

    Raises
    ------
    InputError
        When α/β is not above zero.
    """
    _require_above_zero(alpha_beta_ratio_gy, "α/β")
    effective = np.asarray(biologically_effective_gy, dtype=np.float64)
    equivalent: NDArray[np.float64] = effective / (1.0 + _FRACTION_GY / alpha_beta_ratio_gy)
    return equivalent


def _weights(doses: NDArray[np.float64], volumes: ArrayLike | None) -> NDArray[np.float64]:
    weights = np.ones_like(doses) if volumes is None else np.asarray(volumes, dtype=np.float64)
    if weights.shape != doses.shape or doses.size == 0:
        raise InputError(f"{doses.size} doses and {weights.size} volumes; wanted as many, and some")
    if weights.min() < 0 or not weights.sum() > 0:
        raise InputError("volumes are not negative and not all zero")
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def generalised_equivalent_uniform_dose_gy(
    dose_gy: ArrayLike, *, exponent: float, volumes: ArrayLike | None = None
) -> float:
    """Return (Σ vᵢ Dᵢᵃ)^(1/a): a = 1 the mean, large a the maximum, negative a the minimum.

    Parameters
    ----------
    dose_gy : (n,)
        One dose for each voxel, none negative.
    exponent
        a above; 1/n of the Lyman–Kutcher–Burman model.
    volumes : (n,)
        Volume of each voxel; equal where not given.

    Raises
    ------
    InputError
        When a dose is negative, the exponent is zero, or volumes do not match.

    References
    ----------
    .. [1] A. Niemierko, Med. Phys. 26 (1999), 1100.
    """
    doses = np.asarray(dose_gy, dtype=np.float64).reshape(-1)
    shares = _weights(doses, volumes)
    if exponent == 0 or not np.isfinite(exponent):
        raise InputError(f"the exponent of an equivalent uniform dose is {exponent}")
    if doses.min() < 0:
        raise InputError(f"{doses.min():.3g} Gy: no power of a negative dose is meant here")
    largest = float(doses[shares > 0].max())
    smallest = float(doses[shares > 0].min())
    if largest == 0 or (exponent < 0 and smallest == 0):
        return 0.0
    # Relative to the dominant dose, so that no power over- or underflows.
    scale = largest if exponent > 0 else smallest
    relative = doses[shares > 0] / scale
    return float(scale * np.sum(shares[shares > 0] * relative**exponent) ** (1.0 / exponent))


def equivalent_uniform_dose_gy(
    dose_gy: ArrayLike, *, alpha_per_gy: float, volumes: ArrayLike | None = None
) -> float:
    """Return the uniform dose that lets as many cells survive: −ln(Σ vᵢ exp(−α Dᵢ)) / α.

    Given BED instead of dose this is the equivalent uniform BED (EUBED).

    Parameters
    ----------
    dose_gy : (n,)
        Dose, or BED, of each voxel.
    alpha_per_gy
        Linear radiosensitivity.
    volumes : (n,)
        Volume of each voxel; equal where not given.

    Raises
    ------
    InputError
        When α is not above zero or volumes do not match.

    References
    ----------
    .. [1] A. Niemierko, Med. Phys. 24 (1997), 103.
    .. [2] B. C. Jones and P. W. Hoban, Med. Phys. 27 (2000), 1289: EUBED.
    """
    _require_above_zero(alpha_per_gy, "α")
    doses = np.asarray(dose_gy, dtype=np.float64).reshape(-1)
    shares = _weights(doses, volumes)
    lowest = float(doses[shares > 0].min())
    # Relative to the lowest dose, where most cells survive, so that nothing underflows.
    surviving = float(np.sum(shares * np.exp(-alpha_per_gy * (doses - lowest)), where=shares > 0))
    return lowest - float(np.log(surviving)) / alpha_per_gy

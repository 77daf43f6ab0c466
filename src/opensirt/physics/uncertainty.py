"""Uncertainty of a mean dose: components, and their combination by the GUM.

Guide to the expression of uncertainty in measurement, JCGM 100:2008; the chain from volume and
recovery to the dose follows Gear et al., Eur J Nucl Med Mol Imaging 2018;45:2456-2474.
"""

from collections.abc import Sequence
from itertools import combinations
from math import exp, hypot, log, pi, sqrt

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import (
    Correlation,
    DoseUncertainty,
    SampledDose,
    UncertaintyComponent,
)
from opensirt.errors import InputError
from opensirt.units import ML_PER_MM3

_LOG_STEP = 1e-3
"""Step of the logarithm in a central difference."""

_NODES = 200
_REACH = 8.0
"""A Gaussian is left out of integrals beyond this many standard deviations."""

_FWHM_PER_SIGMA = sqrt(8 * log(2))


def rectangular(half_width: float) -> float:
    """Return the standard uncertainty of a value known to lie within ± `half_width`.

    JCGM 100:2008, 4.3.7.
    """
    return half_width / sqrt(3.0)


def equivalent_diameter_mm(volume_ml: float) -> float:
    """Return the diameter of the sphere of a volume."""
    if not volume_ml > 0:
        raise InputError(f"a volume is above 0 mL, found {volume_ml}")
    return float((6 * volume_ml / ML_PER_MM3 / pi) ** (1 / 3))


def diameter_uncertainty_mm(*, voxel_mm: float, edge_fwhm_mm: float = 0.0) -> float:
    """Return the standard uncertainty of a diameter between two drawn edges.

    u(d)² = a²/6 + w²/(4 ln 2): each edge is known to ± half a voxel a (rectangular) and to the
    spread w of the image it was drawn on, as in Gear et al. 2018. One edge, or a radius, has half
    of it.
    """
    return sqrt(voxel_mm**2 / 6 + edge_fwhm_mm**2 / (4 * log(2)))


def volume_uncertainty_fraction(
    volume_ml: float, *, voxel_mm: float, edge_fwhm_mm: float = 0.0
) -> float:
    """Return the relative standard uncertainty of the volume inside a drawn edge.

    u(v)/v = 3 u(d)/d with `diameter_uncertainty_mm`. The structure counts as a sphere of its
    volume.

    Parameters
    ----------
    voxel_mm
        Voxel size of the mask.
    edge_fwhm_mm
        Full width at half maximum of the image whose edge was drawn; 0 leaves it out.
    """
    spread_mm = diameter_uncertainty_mm(voxel_mm=voxel_mm, edge_fwhm_mm=edge_fwhm_mm)
    return 3 * spread_mm / equivalent_diameter_mm(volume_ml)


def sphere_recovery(diameter_mm: float, fwhm_mm: float) -> float:
    """Return the mean inside a uniform sphere after a Gaussian blur, over the true mean.

    The blur moves a point by a distance r whose density is that of a three-dimensional normal
    distribution; two points of a sphere of radius a at that distance overlap by
    1 − 3r/(4a) + r³/(16a³). Nothing lies around the sphere.
    """
    if not (diameter_mm > 0 and fwhm_mm > 0):
        raise InputError(
            f"diameter and resolution are above 0 mm, found {diameter_mm} and {fwhm_mm}"
        )
    sigma = fwhm_mm / _FWHM_PER_SIGMA
    end = min(diameter_mm, _REACH * sigma)
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    r = end * (node + 1) / 2
    density = 4 * pi * r**2 * np.exp(-(r**2) / (2 * sigma**2)) / (2 * pi * sigma**2) ** 1.5
    part = r / diameter_mm
    overlap = 1 - 1.5 * part + 0.5 * part**3
    return float((density * overlap) @ weight) * end / 2


def recovery_elasticity(volume_ml: float, fwhm_mm: float) -> float:
    """Return d ln R / d ln v of `sphere_recovery`: how a wrong volume moves the recovery."""
    d = equivalent_diameter_mm(volume_ml)
    more, less = (sphere_recovery(d * exp(sign * _LOG_STEP / 3), fwhm_mm) for sign in (1.0, -1.0))
    return (log(more) - log(less)) / (2 * _LOG_STEP)


def noise_of_mean_fraction(
    spread_fraction: float, *, concentration_ratio: float, volume_ml: float, fwhm_mm: float
) -> float:
    """Return the relative standard uncertainty of a mean from the noise of single voxels.

    White noise filtered by a Gaussian of standard deviation s varies the mean over a large volume
    V like independent samples of (4πs²)^(3/2) each. The relative noise falls as one over the
    root of the concentration, as that of counts does.

    Parameters
    ----------
    spread_fraction
        Relative standard deviation of the voxels of a reference region.
    concentration_ratio
        Mean concentration of the structure over that of the reference region.
    fwhm_mm
        Resolution: the noise is not correlated farther than that, so this is an upper bound.
    """
    if not concentration_ratio > 0:
        raise InputError(f"a concentration ratio is above 0, found {concentration_ratio}")
    sigma = fwhm_mm / _FWHM_PER_SIGMA
    sample_ml = (4 * pi * sigma**2) ** 1.5 * ML_PER_MM3
    samples = max(1.0, volume_ml / sample_ml)
    return spread_fraction / sqrt(concentration_ratio * samples)


def recovery_component_fraction(
    *, resolution_part: float, volume_part: float
) -> tuple[float, float]:
    """Return the uncertainty of the recovery, and how much of it is due to the volume (0 to 1)."""
    total = hypot(resolution_part, volume_part)
    return total, (abs(volume_part) / total if total > 0 else 0.0)


def combined_fraction(
    components: Sequence[UncertaintyComponent], correlations: Sequence[Correlation] = ()
) -> float | Missing:
    """Return the relative combined standard uncertainty of a product of quantities.

    u² = Σ uᵢ² + 2 Σ rᵢⱼ uᵢ uⱼ (JCGM 100:2008, 5.2.2, with the sensitivities already in uᵢ).
    Components that are not included count nothing; `Missing` when none is included.

    Raises
    ------
    InputError
        When two components have the same name, a correlation names no component or a pair
        twice, or the correlations contradict each other.
    """
    names = [one.name for one in components]
    if len(set(names)) != len(names):
        raise InputError(f"two components of an uncertainty have one name: {', '.join(names)}")
    known = {
        one.name: one.relative_standard_uncertainty
        for one in components
        if not isinstance(one.relative_standard_uncertainty, Missing)
    }
    between: dict[frozenset[str], float] = {}
    for one in correlations:
        pair = frozenset((one.first, one.second))
        if not pair <= set(names) or len(pair) == 1 or pair in between:
            raise InputError(
                f"a correlation of {one.first!r} and {one.second!r} does not fit the components "
                f"{', '.join(names)}"
            )
        between[pair] = one.coefficient
    if not known:
        return Missing.NOT_INCLUDED
    squared = sum(value**2 for value in known.values())
    for (first, u), (second, v) in combinations(known.items(), 2):
        squared += 2 * between.get(frozenset((first, second)), 0.0) * u * v
    if squared < -1e-12 * sum(value**2 for value in known.values()):
        raise InputError("the correlations of the components contradict each other")
    return sqrt(max(0.0, squared))


def dose_uncertainty(
    label: str,
    *,
    mean_gy: float,
    corrected_gy: float | Missing,
    components: Sequence[UncertaintyComponent],
    correlations: Sequence[Correlation] = (),
    coverage_factor: float,
    sampled: SampledDose | Missing = Missing.NOT_ESTIMATED,
) -> DoseUncertainty:
    """Return the uncertainty of one structure's doses.

    U = k u for the corrected mean. For the uncorrected one, U reaches the farther end of the
    sampled interval; without one it is k u + |correction|, as JCGM 100:2008, F.2.4.5, has it for
    a known effect that is not corrected.
    """
    fraction = combined_fraction(components, correlations)
    best = mean_gy if isinstance(corrected_gy, Missing) else corrected_gy
    expanded: float | Missing = Missing.NOT_INCLUDED
    uncorrected: float | Missing = Missing.NOT_INCLUDED
    if not isinstance(fraction, Missing):
        expanded = coverage_factor * fraction * best
        uncorrected = coverage_factor * fraction * best + abs(best - mean_gy)
    if not isinstance(sampled, Missing):
        uncorrected = max(sampled.mean.high_gy - mean_gy, mean_gy - sampled.mean.low_gy)
    return DoseUncertainty(
        label=label,
        mean_gy=mean_gy,
        best_estimate_gy=best,
        corrected=not isinstance(corrected_gy, Missing),
        components=tuple(components),
        correlations=tuple(correlations),
        combined_fraction=fraction,
        expanded_gy=expanded,
        uncorrected_expanded_gy=uncorrected,
        coverage_factor=coverage_factor,
        sampled=sampled,
    )

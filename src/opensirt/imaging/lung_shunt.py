"""Lung shunt fraction from planar counts and from a tomographic scout."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.image import CountsImage, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import LungShunt, Number
from opensirt.domain.structure import Mask, VoxelWeights
from opensirt.errors import InputError
from opensirt.imaging.mask_algebra import without
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table

PLANAR = "planar, geometric mean of both heads"
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionCounts:
    """Counts of one region in the anterior and the posterior view.

    Backgrounds are the counts that a region of this size holds without the organ, zero where no
    background is taken off.
    """

    anterior: float
    posterior: float
    background_anterior: float = 0.0
    background_posterior: float = 0.0
    background_scale: float = 1.0
    """Size of the region over that of the region where the background was counted."""
    transmission: float = 1.0
    """Part of the photons that would pass the whole body here; 1 for no correction."""


def planar_lung_shunt(lungs: RegionCounts, liver: RegionCounts) -> LungShunt:
    """Return the lung shunt fraction of an anterior and a posterior view.

    Lungs / (lungs + liver), each the geometric mean of both views after the background is taken
    off and divided by the square root of the transmission. The standard uncertainty is that of
    counting alone. Without transmissions attenuation, which differs between lungs and liver, is
    not corrected, so that the fraction tends to be too high.

    Raises
    ------
    InputError
        When a region holds no counts above its background.

    References
    ----------
    .. [1] van Roekel, PhD thesis Utrecht, chapter 2, p. 30.

    >>> shunt = planar_lung_shunt(RegionCounts(anterior=52000, posterior=61000),
    ...                           RegionCounts(anterior=820000, posterior=640000))
    >>> round(shunt.fraction, 4)
    0.0721
    """
    lung, lung_relative = _geometric_mean(lungs, "lungs")
    hepatic, liver_relative = _geometric_mean(liver, "liver")
    fraction = lung / (lung + hepatic)
    return LungShunt(
        fraction=fraction,
        standard_uncertainty=fraction * (1 - fraction) * sqrt(lung_relative**2 + liver_relative**2),
        method=PLANAR,
    )


def _geometric_mean(region: RegionCounts, name: str) -> tuple[float, float]:
    """Return the geometric mean of both views and its relative uncertainty."""
    product = 1.0
    relative_squared = 0.0
    for gross, background, view in (
        (region.anterior, region.background_anterior, "anterior"),
        (region.posterior, region.background_posterior, "posterior"),
    ):
        net = gross - background
        if not (net > 0 and background >= 0):
            raise InputError(
                f"the {name} hold {gross:g} counts in the {view} view with a background of "
                f"{background:g}: nothing is left; check the regions"
            )
        product *= net
        relative_squared += (gross + background * region.background_scale) / net**2
    return sqrt(product / region.transmission), sqrt(relative_squared) / 2


@dataclass(frozen=True, eq=False, kw_only=True)
class SpectLungShunt:
    """The lung shunt fraction of a tomographic scout, and what there is to say about it."""

    shunt: LungShunt
    findings: tuple[Finding, ...]


def spect_lung_shunt(
    image: Image3D, *, lungs: Sequence[Mask], liver: Mask, resolution_fwhm_mm: Number
) -> SpectLungShunt:
    """Return the lung shunt fraction of a tomographic scout: lungs / (lungs + liver).

    Lung near the liver shows counts of the liver (resolution, breathing). The lungs' concentration
    is therefore the mean of their core, at a distance from the liver, and their counts that mean
    times the whole lung volume, also where the field of view cuts the lungs off. What the liver
    spills into the lung beyond that mean is counted as liver; a voxel in both is liver. Negative
    voxels are kept and counted.

    The standard uncertainty holds counting (for an image in counts), what moving the margin does
    to the fraction, a part of what leaving out the margin corrected, the edges of the masks
    (reference/work_up_rules), and what activity spread over the whole body, as seen around the
    liver, would make in the lungs: that part is not taken off, since lung holds less tissue, but
    the interval reaches down to where it would be.

    Parameters
    ----------
    image
        Counts or activity concentration.
    lungs, liver
        Native masks in the image's frame of reference.
    resolution_fwhm_mm
        For the text of the finding only.

    Raises
    ------
    InputError
        When the liver's counts, or those of the core of the lungs, are not above zero.
    GeometryError
        When frames of reference differ.
    """
    rule = read_table("work_up_rules")["lung_core"]
    scene = _Scene(image, lungs, liver)
    margin_mm, step_mm = float(rule["margin_mm"]), float(rule["margin_variation_mm"])
    method = (
        f"SPECT, mean of the lungs farther than {margin_mm:g} mm from the liver times their volume"
    )
    findings = list(scene.findings())
    if scene.core_fraction(margin_mm) < rule["core_fraction_at_least"]:
        text = (
            f"only {scene.core_fraction(margin_mm):.0%} of the lungs lie in the image and farther "
            f"than {margin_mm:g} mm from the liver: no lung shunt fraction is given; image the "
            "thorax as well, or state the fraction of the planar images"
        )
        findings.append(Finding(Severity.WARN, "lung_shunt_not_evaluable", text))
        return SpectLungShunt(
            shunt=LungShunt(fraction=Missing.NOT_EVALUABLE, method=method), findings=tuple(findings)
        )
    fraction = scene.fraction(margin_mm)
    nearby = [scene.fraction(margin_mm + sign * step_mm) for sign in (-1.0, 1.0)]
    spread = max(abs(one - fraction) for one in nearby)
    counting = scene.counting_uncertainty(margin_mm, fraction)
    plain = scene.plain_fraction()
    corrected = rule["correction_relative_uncertainty"] * abs(plain - fraction)
    edges = rule["edges_relative_uncertainty"] * fraction * (1 - fraction)
    background = scene.background_fraction(margin_mm, float(rule["background_to_mm"])) / sqrt(3)
    width = (
        "not stated" if isinstance(resolution_fwhm_mm, Missing) else f"{resolution_fwhm_mm:g} mm"
    )
    findings.append(
        Finding(
            Severity.NOTE,
            "lung_shunt_method",
            f"lung shunt fraction {fraction:.2%} by {method}; all lung voxels as they are would "
            f"give {plain:.2%} (resolution of the image {width})",
            fraction,
            None,
            rule["source"],
        )
    )
    return SpectLungShunt(
        shunt=LungShunt(
            fraction=fraction,
            standard_uncertainty=sqrt(
                spread**2 + counting**2 + corrected**2 + edges**2 + background**2
            ),
            method=method,
        ),
        findings=tuple(findings),
    )


class _Scene:
    """Lungs and liver on the voxels of the image."""

    def __init__(self, image: Image3D, lungs: Sequence[Mask], liver: Mask) -> None:
        self.image = image
        self._voxel_ml = image.grid.voxel_volume_ml
        self._liver = voxel_weights(liver, image.grid)
        self._lungs = [voxel_weights(without(one, [liver]), image.grid) for one in lungs]
        self.volume_ml = sum(one.volume_ml + one.volume_outside_ml for one in self._lungs)
        self._imaged_ml = sum(one.volume_ml for one in self._lungs)
        if self._liver.fraction.size == 0 or not self._imaged_ml:
            raise InputError("liver or lungs do not touch the scout image; check the masks")
        self._distance_mm = _distance_mm(self._liver)
        self._liver_counts = float(self._liver.values_of(image) @ self._liver.fraction)
        if self._liver_counts <= 0:
            raise InputError(
                f"the liver holds {self._liver_counts:.3g} in all: no shunt fraction can be "
                "formed; check image and mask"
            )

    def _core(self, margin_mm: float) -> tuple[float, float]:
        """Return counts and volume (in voxels) of the lungs beyond the margin."""
        counts = volume = 0.0
        for one in self._lungs:
            far = self._distance_mm[one.flat_index] > margin_mm
            counts += float(one.values_of(self.image)[far] @ one.fraction[far])
            volume += float(one.fraction[far].sum())
        return counts, volume

    def core_fraction(self, margin_mm: float) -> float:
        """Part of the lungs that is imaged and lies beyond the margin."""
        return self._core(margin_mm)[1] * self._voxel_ml / self.volume_ml

    def fraction(self, margin_mm: float) -> float:
        """Lung shunt fraction with the lungs' concentration from beyond the margin."""
        counts, volume = self._core(margin_mm)
        if counts <= 0 or volume <= 0:
            raise InputError(
                f"the lungs beyond {margin_mm:g} mm from the liver hold {counts:.3g} counts in "
                f"{volume * self._voxel_ml:.3g} mL: no mean can be formed; check image and masks"
            )
        mean = counts / volume
        near = sum(
            float((one.values_of(self.image) - mean)[close] @ one.fraction[close])
            for one in self._lungs
            for close in [self._distance_mm[one.flat_index] <= margin_mm]
        )
        lung = mean * self.volume_ml / self._voxel_ml
        return lung / (lung + self._liver_counts + max(near, 0.0))

    def plain_fraction(self) -> float:
        """Lung shunt fraction of the voxels as they are."""
        lung = sum(float(one.values_of(self.image) @ one.fraction) for one in self._lungs)
        return lung / (lung + self._liver_counts)

    def background_fraction(self, from_mm: float, to_mm: float) -> float:
        """Return what the lungs' volume would hold if it were filled as the body around the liver.

        A quantile of the voxels within these distances from the liver and beyond the nearer one
        from the lungs (some of them are air, a few a deposit), times the volume of the lungs, as
        a part of lungs and liver.
        """
        lungs = np.zeros(self.image.grid.n_voxels)
        for one in self._lungs:
            lungs[one.flat_index] += one.fraction
        everywhere = self._distance_mm
        around = (everywhere > from_mm) & (everywhere <= to_mm)
        around &= _distance_to_mm(lungs >= _HALF, self.image.grid) > from_mm
        if not around.any():
            return 0.0
        part = read_table("work_up_rules")["lung_core"]["background_quantile"]
        level = max(float(np.quantile(self.image.values.reshape(-1)[around], part)), 0.0)
        inside = level * self.volume_ml / self._voxel_ml
        return inside / (inside + self._liver_counts)

    def counting_uncertainty(self, margin_mm: float, fraction: float) -> float:
        """Return what counting adds to the uncertainty; 0 for an image that has no counts."""
        if not isinstance(self.image, CountsImage):
            return 0.0
        counts, _ = self._core(margin_mm)
        return fraction * (1 - fraction) * sqrt(1 / counts + 1 / self._liver_counts)

    def findings(self) -> tuple[Finding, ...]:
        """Warn of a field of view that misses lungs, of small lungs and of counts elsewhere."""
        rules = read_table("work_up_rules")
        found: list[Finding] = []
        coverage = self._imaged_ml / self.volume_ml
        rule = rules["lung_field_of_view"]
        if coverage < rule["fraction_at_least"]:
            text = (
                f"{coverage:.0%} of the lungs lie in the image; the rest is taken to hold the same "
                "concentration"
            )
            found.append(_warning("lung_field_of_view", text, coverage, rule, "fraction_at_least"))
        rule = rules["lung_volume"]
        if self.volume_ml < rule["ml_at_least"]:
            text = f"the lungs have {self.volume_ml:.0f} mL: they may be cut off"
            found.append(_warning("lung_volume", text, self.volume_ml, rule, "ml_at_least"))
        rule = rules["counts_outside"]
        total = float(self.image.values.sum(dtype=np.float64))
        held = self._liver_counts + sum(
            float(one.values_of(self.image) @ one.fraction) for one in self._lungs
        )
        outside = 1 - held / total if total > 0 else 1.0
        if outside > rule["fraction_at_most"]:
            text = (
                f"{outside:.0%} of all counts lie neither in the liver nor in the lungs: look for "
                "extrahepatic uptake, free pertechnetate and scatter"
            )
            found.append(_warning("counts_outside", text, outside, rule, "fraction_at_most"))
        return tuple(found)


def _warning(
    rule: str, text: str, value: float, entry: dict[str, float | str], limit: str
) -> Finding:
    return Finding(
        Severity.WARN,
        rule,
        text,
        value,
        entry[limit],
        str(entry["source"]),
        verified=entry["status"] in {"verified", "computed"},
    )


def _distance_mm(liver: VoxelWeights) -> NDArray[np.float64]:
    """Return the distance of every voxel (flat) to the nearest voxel at least half liver."""
    inside = np.zeros(liver.grid.n_voxels, dtype=np.bool_)
    inside[liver.flat_index[liver.fraction >= _HALF]] = True
    return _distance_to_mm(inside, liver.grid)


def _distance_to_mm(inside: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """Return the distance of every voxel (flat) to the nearest of some voxels (flat)."""
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~inside.reshape(grid.shape), sampling=grid.spacing_mm)
    flat: NDArray[np.float64] = np.asarray(distance, dtype=np.float64).reshape(-1)
    return flat

"""Mass densities: one for all, from organ masses, or from CT numbers."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage, DensityMap, Image3D
from opensirt.domain.structure import VoxelWeights
from opensirt.errors import InputError
from opensirt.reference.table import read_table
from opensirt.units import GRAMS_PER_KG


def uniform_density(grid: Grid, density_kg_per_ml: float) -> DensityMap:
    """Return the same density in every voxel; raise `InputError` unless it is above zero."""
    if not density_kg_per_ml > 0:
        raise InputError(f"a density is above zero, found {density_kg_per_ml} kg/mL")
    values = np.full(grid.shape, density_kg_per_ml, dtype=np.float32)
    return DensityMap(grid=grid, values=values)


def with_organ_mass(
    density: DensityMap, organ: Sequence[VoxelWeights], mass_kg: float
) -> DensityMap:
    """Return a density map in which an organ (one or more parts) has the mass given.

    A voxel that is partly organ gets the mixture of both densities.

    Raises
    ------
    InputError
        When the mass is not above zero or the organ does not touch the grid.
    """
    volume_ml = sum(part.volume_ml + part.volume_outside_ml for part in organ)
    if not mass_kg > 0 or not volume_ml > 0:
        raise InputError(f"an organ of {volume_ml:.3g} mL cannot have a mass of {mass_kg:.3g} kg")
    values = density.values.astype(np.float64).reshape(-1)
    for part in organ:
        density.grid.require_same(part.grid)
        share = np.minimum(part.fraction, 1.0)
        mixed = (1 - share) * values[part.flat_index] + share * (mass_kg / volume_ml)
        values[part.flat_index] = mixed
    return DensityMap(
        grid=density.grid, values=values.reshape(density.grid.shape).astype(np.float32)
    )


@cache
def _ct_curve() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    table = read_table("tissues")["ct_to_density"]
    return np.array(table["hu"]), np.array(table["density_g_per_ml"]) / GRAMS_PER_KG


def ct_curve_source() -> tuple[str, bool]:
    """Return where the CT curve comes from, and whether that is verified."""
    table = read_table("tissues")["ct_to_density"]
    return str(table["source"]), table["status"] == "verified"


def density_from_ct(ct: CtImage) -> DensityMap:
    """Return the mass density of every voxel of a CT (curve and source in reference/tissues).

    Raises
    ------
    InputError
        When the values cannot be CT numbers (bounds in reference/tissues).
    """
    lowest, highest = float(ct.values.min()), float(ct.values.max())
    bounds = read_table("tissues")["ct_plausible"]
    if not (
        bounds["lowest_hu_at_least"] <= lowest <= bounds["lowest_hu_at_most"]
        and bounds["highest_hu_at_least"] <= highest <= bounds["highest_hu_at_most"]
    ):
        raise InputError(
            f"the CT has values from {lowest:.5g} to {highest:.5g}, which are not CT numbers in "
            "HU (air is −1000, water 0); check rescale slope and intercept"
        )
    hu, density_kg_per_ml = _ct_curve()
    values = np.interp(ct.values, hu, density_kg_per_ml).astype(np.float32)
    return DensityMap(grid=ct.grid, values=values)


def activity_outside(activity: Image3D, other: Grid) -> float:
    """Return the fraction of the positive activity that lies outside another grid."""
    activity.grid.require_same_frame(other)
    positive = np.maximum(activity.values, 0.0)
    total = float(positive.sum(dtype=np.float64))
    if total <= 0:
        return 0.0
    low, high = np.full(3, -0.5), np.array(other.shape) - 0.5
    outside = 0.0
    whole = np.linalg.inv(other.affine) @ activity.grid.affine
    j, i = np.meshgrid(
        np.arange(activity.grid.shape[1]), np.arange(activity.grid.shape[2]), indexing="ij"
    )
    for k in range(activity.grid.shape[0]):
        index = np.stack((np.full_like(j, k), j, i), axis=-1) @ whole[:3, :3].T + whole[:3, 3]
        inside = ((index >= low - 1e-6) & (index <= high + 1e-6)).all(axis=-1)
        outside += float(positive[k][~inside].sum(dtype=np.float64))
    return outside / total

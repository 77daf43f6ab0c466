"""Scouts with a lung shunt that is known: a trial for its estimate and its uncertainty."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import CountsImage
from opensirt.domain.structure import Mask
from opensirt.imaging.blur import FWHM_PER_SIGMA
from opensirt.phantom.analytic import centred_grid

Voxels = NDArray[np.bool_]
Axis = NDArray[np.float64]
Space = tuple[Axis, Axis, Axis]
"""Open coordinates z, y, x of the voxels of the drawing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ShuntScout:
    """One scout: what is imaged, what a person drew, and what is true."""

    image: CountsImage
    liver: Mask
    lungs: tuple[Mask, Mask]
    spot: Mask
    lung_shunt_fraction: float
    """True activity in the lungs over that in lungs and liver."""
    spot_fraction: float
    """True part of the whole activity in the extrahepatic spot; 0 where there is none."""
    lung_coverage: float
    """Part of the lungs inside the field of view."""
    fwhm_mm: float


@cache
def _design() -> dict[str, Any]:
    text = (files("opensirt.phantom") / "shunt_scout.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def shunt_scout(
    lung_shunt_fraction: float,
    rng: np.random.Generator,
    *,
    with_spot: bool = True,
    background: float = 0.0,
) -> ShuntScout:
    """Return a scout with a lung shunt fraction, everything else drawn at random.

    The liver's dome reaches into the right lung; a lobe and a tumour take up more than the rest;
    the lungs' concentration falls from base to apex; the field of view cuts off a part of the
    lungs; the image is blurred by the camera and by breathing, has counting noise and is
    filtered; the drawn masks are a little beside the truth. `background` is activity spread over
    the whole body (free pertechnetate, scatter), as a part of all other; it belongs to no shunt.
    """
    from scipy.ndimage import gaussian_filter

    design = _design()
    k, j, i = design["shape"]
    step_mm = float(design["spacing_mm"])
    grid = centred_grid((k, j, i), (step_mm,) * 3, design["frame"])
    space = _space(grid)
    z = space[0].reshape(-1)
    liver, lungs = _organs(space, (0.0, 0.0, 0.0))
    spot_design = design["spot"]
    radius_mm = spot_design["radius_mm"]
    spot = _ellipsoid(space, spot_design["centre_mm"], [radius_mm] * 3) <= 1
    spot &= ~liver
    truth = _liver_uptake(space, liver, rng)
    if with_spot:
        truth[spot] = truth.sum() * spot_design["part"] / (1 - spot_design["part"]) / spot.sum()
    hepatic = float(truth[liver].sum())
    both = lungs[0] | lungs[1]
    steep = rng.uniform(0.0, design["lungs"]["gradient_at_most"])
    top, bottom = (
        float(one) for one in (z[both.any(axis=(1, 2))].max(), z[both.any(axis=(1, 2))].min())
    )
    level = 1.0 + steep * (top - space[0]) / (top - bottom)
    breath = np.where(both, level, 0.0)
    truth += breath * (hepatic * lung_shunt_fraction / (1 - lung_shunt_fraction) / breath.sum())
    body = _ellipsoid(space, [0.0, 0.0, 0.0], design["body"]["half_axes_mm"]) <= 1
    truth[body] += background * truth.sum() / body.sum()
    camera = design["camera"]
    fwhm_mm = float(rng.uniform(*camera["fwhm_mm"]))
    breathing_mm = float(rng.uniform(*camera["breathing_mm"]))
    filter_mm = camera["filter_fwhm_mm"]
    across = np.sqrt(fwhm_mm**2 - filter_mm**2) / FWHM_PER_SIGMA
    along = np.hypot(across, breathing_mm)
    seen = gaussian_filter(
        truth.astype(np.float32), [one / step_mm for one in (along, across, across)]
    )
    factor = design["camera_voxels"]
    coarse = _summed(seen, factor)
    cut = rng.uniform(0.0, camera["cut_off_at_most"])
    drawn = _drawn(space, grid, rng)
    counts = rng.uniform(*camera["counts"])
    noisy = rng.poisson(coarse.astype(np.float64) * (counts / coarse.sum(dtype=np.float64)))
    filtered = gaussian_filter(
        noisy.astype(np.float32), filter_mm / FWHM_PER_SIGMA / (step_mm * factor)
    )
    affine = grid.affine.copy()
    affine[:3, :3] *= factor
    affine[:3, 3] += grid.affine[:3, :3] @ np.full(3, (factor - 1) / 2)
    kept = int(np.searchsorted(z[factor // 2 :: factor], top - cut * (top - bottom)))
    image_grid = Grid((kept, *filtered.shape[1:]), affine, grid.frame_of_reference_uid)
    return ShuntScout(
        image=CountsImage(grid=image_grid, values=filtered[:kept].copy(), radionuclide="Tc-99m"),
        liver=drawn[0],
        lungs=(drawn[1], drawn[2]),
        spot=Mask(grid, spot),
        lung_shunt_fraction=lung_shunt_fraction,
        spot_fraction=float(truth[spot].sum() / truth.sum()) if with_spot else 0.0,
        lung_coverage=float(both[: kept * factor].sum() / both.sum()),
        fwhm_mm=fwhm_mm,
    )


def _space(grid: Grid) -> Space:
    z, y, x = (
        ((np.arange(n) - (n - 1) / 2) * mm).astype(np.float64)
        for n, mm in zip(grid.shape, grid.spacing_mm, strict=True)
    )
    return z[:, None, None], y[None, :, None], x[None, None, :]


def _drawn(space: Space, grid: Grid, rng: np.random.Generator) -> tuple[Mask, Mask, Mask]:
    """Return liver, right and left lung as a person drew them: a little beside the truth."""
    liver, lungs = _organs(space, rng.normal(0.0, _design()["drawn"]["shift_mm"], 3))
    return Mask(grid, liver), Mask(grid, lungs[0]), Mask(grid, lungs[1])


def _organs(space: Space, shift_mm: ArrayLike) -> tuple[Voxels, tuple[Voxels, Voxels]]:
    """Return liver and lungs, moved together by (x, y, z); the liver cuts into the lung."""
    design = _design()
    liver_mm, lungs = design["liver"], design["lungs"]
    moved = np.asarray(shift_mm)
    inside = _ellipsoid(space, liver_mm["centre_mm"] + moved, liver_mm["half_axes_mm"])
    gap = np.asarray(liver_mm["half_axes_mm"]) + lungs["gap_mm"]
    beside = _ellipsoid(space, liver_mm["centre_mm"] + moved, gap) > 1
    right, left = (
        (_ellipsoid(space, centre + moved, half) <= 1)
        & beside
        & (space[0] > liver_mm["centre_mm"][2])
        for centre, half in zip(np.asarray(lungs["centres_mm"]), lungs["half_axes_mm"], strict=True)
    )
    return inside <= 1, (right, left)


def _liver_uptake(space: Space, liver: Voxels, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return relative uptake of the liver: the right part more, a tumour most."""
    design = _design()["liver"]
    truth = np.where(liver, 1.0, 0.0)
    edge_mm = design["centre_mm"][0] + rng.uniform(-0.5, 0.7) * design["half_axes_mm"][0]
    perfused = liver & (space[2] < edge_mm)
    truth[perfused] = design["perfused_ratio"]
    where = np.flatnonzero(perfused)
    at = np.unravel_index(int(rng.choice(where)), liver.shape)
    centre = [float(space[axis].reshape(-1)[at[axis]]) for axis in (2, 1, 0)]
    radius_mm = rng.uniform(*design["tumour_radius_mm"])
    tumour = liver & (_ellipsoid(space, centre, [radius_mm] * 3) <= 1)
    truth[tumour] = design["tumour_ratio"]
    return truth


def _ellipsoid(space: Space, centre_mm: ArrayLike, half_axes_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the squared distance from a centre (x, y, z) in half axes: 1 on the surface."""
    z, y, x = space
    centre, half = np.asarray(centre_mm), np.asarray(half_axes_mm)
    made: NDArray[np.float64] = (
        ((x - centre[0]) / half[0]) ** 2
        + ((y - centre[1]) / half[1]) ** 2
        + ((z - centre[2]) / half[2]) ** 2
    )
    return made


def _summed(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    k, j, i = (n // factor for n in values.shape)
    blocks = values[: k * factor, : j * factor, : i * factor]
    blocks = blocks.reshape(k, factor, j, factor, i, factor)
    made: NDArray[np.float32] = blocks.sum(axis=(1, 3, 5))
    return made

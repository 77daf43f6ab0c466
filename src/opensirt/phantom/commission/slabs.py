"""Liver beside lung and beside bone: every engine against EGSnrc."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.acceptance import Check
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.domain.missing import Missing
from opensirt.physics.dose import ENGINES, DoseModel, dose_engine
from opensirt.physics.dose.monte_carlo import MonteCarlo
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.commissioning import reference_tables
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.reference.transport.material import material_names
from opensirt.units import GRAMS_PER_KG

GROUP = "dose at the edge of lung and bone"
SOURCE = "EGSnrc, slabs infinite across: reference/commissioning/README.md"

_FROM_MM, _TO_MM, _RELATIVE = 0, 1, 4
_ACROSS_MM = 54.0
_DECAYS_PER_ML = 1e9
_SLACK_MM = 1e-4

Medium = tuple[str, float]
LIVER: Medium = ("liver", 1.05)
LUNG: Medium = ("lung", 0.26)
BONE: Medium = ("cortical_bone", 1.85)
CASES = {
    # side of a voxel, media below and above the plane, source from and to, half extent in z
    "slab_liver_lung_srcliver": (3.0, LIVER, LUNG, (-30.0, 0.0), 60.0),
    "slab_liver_lung_srclung": (3.0, LIVER, LUNG, (0.0, 60.0), 99.0),
    "slab_liver_bone_srcliver": (2.0, LIVER, BONE, (-20.0, 0.0), 60.0),
}
WORDS = {
    "slab_liver_lung_srcliver": "liver and lung, source in the liver",
    "slab_liver_lung_srclung": "liver and lung, source in the lung",
    "slab_liver_bone_srcliver": "liver and bone, source in the liver",
}


def relative_doses(
    name: str, nuclide: Radionuclide, n_histories: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return z in mm, dose over equilibrium dose by Monte Carlo, and what EGSnrc gives."""
    materials = slab_materials(name)
    engine = MonteCarlo(nuclide=nuclide, n_histories=n_histories, materials=materials, seed=3)
    return relative_doses_by(name, engine)


def slab_materials(name: str) -> NDArray[np.uint8]:
    """Return the material of every voxel."""
    z, shape, names = *_places(name), material_names()
    below, above = (names.index(medium[0]) for medium in CASES[name][1:3])
    upper = np.broadcast_to((z > 0)[:, None, None], shape)
    return np.where(upper, above, below).astype(np.uint8)


def _places(name: str) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    side_mm, *_, half_mm = CASES[name]
    z = np.arange(-half_mm, half_mm, side_mm) + side_mm / 2
    across = 2 * int(_ACROSS_MM / side_mm) + 1
    return z, (z.size, across, across)


def relative_doses_by(
    name: str, engine: DoseModel
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return z in mm, dose over equilibrium dose, and what EGSnrc gives, for each voxel.

    Decays lie in one column and the energy is added up across: by symmetry that is the dose in
    the central column of a wide source.
    """
    side_mm, below, above, source_mm, _ = CASES[name]
    z, shape = _places(name)
    nuclide, across = engine.nuclide, shape[1]
    affine = np.diag((side_mm, side_mm, side_mm, 1.0))
    grid = Grid(shape, affine, frame_of_reference_uid(name))
    upper = np.broadcast_to((z > 0)[:, None, None], grid.shape)
    g_per_ml = np.where(upper, above[1], below[1])
    column = np.zeros(grid.shape, np.float32)
    column[(z > source_mm[0]) & (z < source_mm[1]), across // 2, across // 2] = _DECAYS_PER_ML
    result = engine.dose(
        TimeIntegratedActivityMap(grid=grid, values=column, radionuclide=nuclide.name),
        DensityMap(grid=grid, values=(g_per_ml / GRAMS_PER_KG).astype(np.float32)),
    )
    of_source = (below if source_mm[0] < 0 else above)[1] / GRAMS_PER_KG
    equilibrium_gy = _DECAYS_PER_ML * nuclide.electron_energy_j / of_source
    found = result.dose.values.sum(axis=(1, 2), dtype=np.float64) / equilibrium_gy
    table = reference_tables("slabs_egsnrc")[name].astype(np.float64)
    wanted = np.full(z.size, np.nan)
    for index, middle in enumerate(z):
        low, high = middle - side_mm / 2 - _SLACK_MM, middle + side_mm / 2 + _SLACK_MM
        bins = (table[:, _FROM_MM] >= low) & (table[:, _TO_MM] <= high)
        if bins.any():
            wanted[index] = table[bins, _RELATIVE].mean()
    return z, found, wanted


def slab_checks() -> Iterator[Check]:
    """Yield the largest difference near the plane by every engine, in parts of equilibrium."""
    nuclide = radionuclide("Y-90", "egsnrc")
    n_histories = int(constant("commissioning", "slabs", "histories").value)
    close_mm = constant("commissioning", "slabs", "close").value
    for engine in ENGINES:
        allowed = _allowed(engine)
        for name, words in WORDS.items():
            if engine == MonteCarlo.name:
                z, found, wanted = relative_doses(name, nuclide, n_histories)
            else:
                z, found, wanted = relative_doses_by(name, dose_engine(engine, nuclide))
            close = np.abs(z) < close_mm
            yield Check(
                name=f"slab/{engine}/{name}",
                group=GROUP,
                quantity=f"{engine}: {words}, largest difference within {close_mm:g} mm",
                unit="of the equilibrium dose",
                found=float(np.abs(found - wanted)[close].max()),
                wanted=allowed if isinstance(allowed, Missing) else 0.0,
                tolerance=allowed,
                source="" if isinstance(allowed, Missing) else SOURCE,
            )


def _allowed(engine: str) -> float | Missing:
    """Return the tolerance; Missing where an engine does not follow density, and is watched."""
    key = {MonteCarlo.name: "monte_carlo", Superposition.name: "superposition"}.get(engine)
    return Missing.NOT_RECORDED if key is None else constant("commissioning", "slabs", key).value

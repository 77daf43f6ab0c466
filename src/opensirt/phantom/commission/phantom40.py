"""A phantom with liver, tumours, lung, bone and gas: every engine against EGSnrc."""

from collections.abc import Iterator

import numpy as np

from opensirt.domain.acceptance import Check
from opensirt.domain.grid import Grid, frame_of_reference_uid
from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.domain.missing import Missing
from opensirt.physics.dose import ENGINES, DoseModel, dose_engine
from opensirt.physics.dose.monte_carlo import MonteCarlo
from opensirt.reference.commissioning import reference_tables
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import radionuclide

GROUP = "dose in a phantom of 40³ voxels"
SOURCE = "EGSnrc, 3.2 × 10⁷ histories for this project: reference/commissioning/README.md"

SIDE_MM = 3.0
ORGANS = {
    1: "soft tissue",
    2: "liver",
    3: "lung",
    4: "bone",
    6: "large tumour",
    7: "small tumour",
}
_LUNG = 3
_EVERYWHERE = ("superposition", "monte-carlo")
"""Engines that follow the density; the others are held to soft tissue of even density."""
_EVEN = (2, 6, 7)
_KERNEL = "kernel"
_DECAYS = 1e9
_MGY_PER_MBQ_S = 1e9


def phantom40() -> tuple[TimeIntegratedActivityMap, DensityMap]:
    """Return the decays (10⁹ in all) and the densities of the phantom."""
    stored = reference_tables("phantom40_egsnrc")
    shape = stored["label"].shape
    affine = np.diag((SIDE_MM, SIDE_MM, SIDE_MM, 1.0))
    grid = Grid(shape, affine, frame_of_reference_uid("phantom40"))
    per_ml = stored["activity_fraction"] * (_DECAYS / grid.voxel_volume_ml)
    return (
        TimeIntegratedActivityMap(grid=grid, values=per_ml.astype(np.float32), radionuclide="Y-90"),
        DensityMap(grid=grid, values=(stored["density_g_per_ml"] / 1e3).astype(np.float32)),
    )


def phantom_checks() -> Iterator[Check]:
    """Yield the mean dose of every organ by every engine over that by EGSnrc."""
    stored = reference_tables("phantom40_egsnrc")
    decays, density = phantom40()
    nuclide = radionuclide("Y-90", "egsnrc")
    wanted_mgy = stored["dose_mgy_per_mbq_s"].astype(np.float64)
    for engine in ENGINES:
        model: DoseModel = dose_engine(engine, nuclide)
        if engine == MonteCarlo.name:
            n_histories = int(constant("commissioning", "phantom40", "histories").value)
            model = MonteCarlo(nuclide=nuclide, n_histories=n_histories, seed=1)
        dose_gy = model.dose(decays, density).dose.values.astype(np.float64)
        for label, organ in ORGANS.items():
            inside = stored["label"] == label
            found = dose_gy[inside].mean() / _DECAYS * _MGY_PER_MBQ_S / wanted_mgy[inside].mean()
            allowed = _allowed(engine, label)
            yield Check(
                name=f"phantom40/{engine}/{organ}",
                group=GROUP,
                quantity=f"{engine}: mean dose of the {organ}, over that by EGSnrc",
                unit="1",
                found=float(found),
                wanted=allowed if isinstance(allowed, Missing) else 1.0,
                tolerance=allowed,
                source="" if isinstance(allowed, Missing) else SOURCE,
            )


def _allowed(engine: str, label: int) -> float | Missing:
    """Return the tolerance; Missing where an engine is not valid, and is only watched."""
    organ = constant("commissioning", "phantom40", "organ").value
    lung = constant("commissioning", "phantom40", "lung").value
    if engine in _EVERYWHERE:
        return lung if label == _LUNG else organ
    if engine == _KERNEL and label in _EVEN:
        return organ
    return Missing.NOT_RECORDED

"""What superposition says, refuses and leaves out."""

import numpy as np
import pytest
from builders import centred_grid
from numpy.typing import NDArray

from opensirt.domain.image import DensityMap, TimeIntegratedActivityMap
from opensirt.errors import GeometryError, InputError
from opensirt.physics.dose import EngineResult
from opensirt.physics.dose.composition import range_scale
from opensirt.physics.dose.outer_air import outer_air
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.radionuclide import radionuclide
from opensirt.reference.transport.material import material_names

Y90 = radionuclide("Y-90")
GRID = centred_grid((13, 14, 15), (3.0, 3.0, 3.0))


def dose_in(
    g_per_ml: NDArray[np.floating], side_mm: float = 3.0, **options: object
) -> EngineResult:
    grid = centred_grid((13, 14, 15), (side_mm,) * 3)
    decays = np.zeros(grid.shape, np.float32)
    decays[5:8, 5:8, 5:8] = 1e11
    return Superposition(nuclide=Y90, **options).dose(  # type: ignore[arg-type]  # one of each
        TimeIntegratedActivityMap(grid=grid, values=decays, radionuclide="Y-90"),
        DensityMap(grid=grid, values=(g_per_ml / 1e3).astype(np.float32)),
    )


def rules(result: EngineResult) -> set[str]:
    return {one.rule for one in result.findings}


def beside_lung() -> NDArray[np.float64]:
    g_per_ml = np.full(GRID.shape, 1.05)
    g_per_ml[:, :, 9:] = 0.26
    return g_per_ml


def test_rays_come_with_findings_and_even_density_without() -> None:
    told = {"superposition_straight_lines", "superposition_materials"}
    assert told <= rules(dose_in(beside_lung()))
    assert not told & rules(dose_in(np.full(GRID.shape, 1.05)))
    light = beside_lung()
    light[:, :, 9:] = 0.1
    assert "superposition_cut_rays" in rules(dose_in(light))
    assert "superposition_cut_rays" not in rules(dose_in(beside_lung()))


def test_voxels_larger_than_the_range_are_questioned() -> None:
    assert "coarse_voxels" in rules(dose_in(np.full(GRID.shape, 1.05), side_mm=6.0))
    assert "coarse_voxels" not in rules(dose_in(np.full(GRID.shape, 1.05)))


def test_materials_are_taken_from_a_map_where_one_is_given() -> None:
    names = material_names()
    water = np.full(GRID.shape, names.index("water"), np.uint8)
    by_map, by_density = dose_in(beside_lung(), materials=water), dose_in(beside_lung())
    assert "superposition_materials" not in rules(by_map)
    # Electrons go 1 % farther in tissue: the tail beyond the edge is higher, the middle is not.
    tail = by_density.dose.values[6, 6, 2] / by_map.dose.values[6, 6, 2]
    assert 1.02 < tail < 1.10
    middle = by_density.dose.values[6, 6, 6] / by_map.dose.values[6, 6, 6]
    assert middle == pytest.approx(1.0, abs=0.005)


def test_a_map_of_materials_that_does_not_fit_is_refused() -> None:
    with pytest.raises(GeometryError, match="materials have shape"):
        dose_in(beside_lung(), materials=np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(InputError, match="materials are whole numbers from 0 to 6"):
        dose_in(beside_lung(), materials=np.full(GRID.shape, 9, np.uint8))


def test_one_density_is_water_and_several_are_tissues() -> None:
    assert (range_scale(np.full((2, 2, 2), 1.05, np.float32), None) == 1.0).all()
    several = np.array([[[0.001, 0.26, 1.05, 1.85]]], np.float32)
    assert range_scale(several, None).reshape(-1).tolist() == pytest.approx(
        [0.91, 0.99, 0.99, 0.956], abs=1e-6
    )


def test_air_that_has_nothing_behind_it_is_outer_and_cavities_are_not() -> None:
    g_per_ml = np.full((40, 40, 40), 0.001, np.float32)
    g_per_ml[10:30, 10:30, 10:30] = 1.0
    g_per_ml[15:25, 15:25, 15:25] = 0.001
    outer = outer_air(g_per_ml, (3.0, 3.0, 3.0))
    assert not outer[20, 20, 20]  # a cavity
    assert not outer[20, 20, 31]  # air at the surface
    assert outer[20, 20, 36]
    assert outer[2, 2, 2]
    assert not outer[g_per_ml > 0.5].any()
    assert not outer_air(np.ones((4, 4, 4), np.float32), (3.0, 3.0, 3.0)).any()

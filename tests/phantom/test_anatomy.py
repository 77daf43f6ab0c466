"""The digital patient's body is put together like a body."""

import copy
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.errors import InputError
from opensirt.imaging.density import density_from_ct
from opensirt.phantom import lesions as lesions_module
from opensirt.phantom.analytic import centred_grid
from opensirt.phantom.lesions import place_lesions
from opensirt.phantom.liver import make_liver
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import DigitalPatient
from opensirt.workflow.anatomy import (
    perfused_volumes_apart,
    tumours_inside_liver,
    with_derived_structures,
)

DRAWN = (
    "liver",
    "right perfused volume",
    "left perfused volume",
    "gallbladder",
    "right lung",
    "left lung",
    "right kidney",
    "left kidney",
    "spleen",
    "stomach",
    "spine",
)


def voxels(patient: DigitalPatient, label: str) -> NDArray[np.bool_]:
    return patient.structures.labelled(label).mask.values


def centre_mm(structure: Structure) -> NDArray[np.float64]:
    index = np.argwhere(structure.mask.values)
    made: NDArray[np.float64] = structure.mask.grid.lps_mm(index.mean(axis=0))
    return made


def tumours(patient: DigitalPatient) -> tuple[Structure, ...]:
    return patient.structures.of_kind(StructureKind.TUMOUR)


def test_everything_is_drawn_on_the_grid_of_the_ct(y90: DigitalPatient) -> None:
    assert set(DRAWN) < {one.label for one in y90.structures}
    for one in y90.structures:
        one.mask.grid.require_same(y90.ct.grid)
        assert one.volume_ml > 0


def test_volumes_are_those_of_an_adult(y90: DigitalPatient) -> None:
    volume = {one.label: one.volume_ml for one in y90.structures}
    assert 1400 < volume["liver"] < 2000
    assert 0.2 < volume["left perfused volume"] / volume["liver"] < 0.45
    assert 15 < volume["gallbladder"] < 40
    assert 3000 < volume["right lung"] + volume["left lung"] < 5000
    assert volume["right lung"] > volume["left lung"]
    assert 120 < volume["spleen"] < 350
    assert 0.7 < y90.truth.lung_mass_kg < 1.2


def test_organs_lie_on_their_side(y90: DigitalPatient) -> None:
    at = {one.label: centre_mm(one) for one in y90.structures}
    x, y, z = 0, 1, 2
    assert at["liver"][x] < -30
    assert at["spleen"][x] > 60
    assert at["right lung"][x] < -40 < 40 < at["left lung"][x]
    assert at["right kidney"][x] < -40 < 40 < at["left kidney"][x]
    assert at["spine"][y] > 40
    assert at["gallbladder"][z] < at["liver"][z] < at["right lung"][z]
    assert at["right perfused volume"][x] < at["left perfused volume"][x]


def test_the_right_lung_lies_above_the_dome_of_the_liver_without_touching_it(
    y90: DigitalPatient,
) -> None:
    from scipy.ndimage import distance_transform_edt

    liver = voxels(y90, "liver")
    away_mm = distance_transform_edt(~liver, sampling=y90.ct.grid.spacing_mm)
    nearest_mm = away_mm[voxels(y90, "right lung")].min()
    assert 5.0 < nearest_mm < 12.0
    top = np.flatnonzero(liver.any(axis=(1, 2)))[-1]
    dome = np.argwhere(liver[top])[0]
    assert voxels(y90, "right lung")[top:, dome[0], dome[1]].any()


def test_tumours_are_disjoint_and_inside_the_liver(y90: DigitalPatient) -> None:
    together = np.sum([one.mask.values for one in tumours(y90)], axis=0)
    assert together.max() == 1
    assert not (together.astype(bool) & ~voxels(y90, "liver")).any()
    assert not (together.astype(bool) & voxels(y90, "gallbladder")).any()
    assert tumours_inside_liver(y90.structures) == ()


def test_there_are_lesions_from_one_to_five_centimetres_in_both_lobes(
    y90: DigitalPatient,
) -> None:
    true = y90.truth.tumours
    assert len(true) >= 6
    assert true[0].equivalent_diameter_mm == pytest.approx(50, abs=8)
    assert true[-1].equivalent_diameter_mm == pytest.approx(11, abs=2)
    large = [one.label for one in true if one.equivalent_diameter_mm >= 30]
    assert len(large) >= 3
    sides = {
        side
        for label in large
        for side in ("right", "left")
        if (voxels(y90, label) & voxels(y90, f"{side} perfused volume")).any()
    }
    assert sides == {"right", "left"}


def test_territories_are_disjoint_fill_the_liver_and_hold_each_tumour_whole(
    y90: DigitalPatient,
) -> None:
    right, left = (voxels(y90, f"{side} perfused volume") for side in ("right", "left"))
    assert not (right & left).any()
    assert ((right | left) == voxels(y90, "liver")).all()
    for one in tumours(y90):
        held = [bool((one.mask.values & ~side).any()) for side in (right, left)]
        assert sorted(held) == [False, True]
    perfused_volumes_apart(y90.structures)


def test_the_gallbladder_lies_in_the_liver_outline_and_in_the_right_territory(
    y90: DigitalPatient,
) -> None:
    gallbladder = voxels(y90, "gallbladder")
    assert not (gallbladder & ~voxels(y90, "right perfused volume")).any()


def test_organs_do_not_overlap(y90: DigitalPatient) -> None:
    labels = [one for one in DRAWN if "perfused" not in one and one != "gallbladder"]
    together = np.sum([voxels(y90, label) for label in labels], axis=0)
    assert together.max() == 1


def test_the_ct_shows_each_tissue_at_its_number(y90: DigitalPatient) -> None:
    hu = y90.ct.values
    complete, _ = with_derived_structures(StructureSet(tuple(y90.structures)))
    (normal,) = complete.of_kind(StructureKind.NORMAL_LIVER)
    assert float(hu[normal.mask.values].mean()) == pytest.approx(108, abs=8)
    assert float(hu[voxels(y90, "tumour 1")].mean()) < 90
    assert -850 < float(hu[voxels(y90, "right lung")].mean()) < -650
    assert float(hu[voxels(y90, "spine")].mean()) > 150
    assert float(hu[0, 0, 0]) == pytest.approx(-1000, abs=40)
    assert 5 < float(hu[:, :3, :3].std()) < 15


def test_the_lung_mass_is_that_of_the_ct(y90: DigitalPatient) -> None:
    density = density_from_ct(y90.ct)
    mass = sum(
        float(density.values[voxels(y90, label)].sum(dtype=np.float64))
        for label in ("right lung", "left lung")
    )
    assert mass * y90.ct.grid.voxel_volume_ml == pytest.approx(y90.truth.lung_mass_kg, rel=0.01)


@pytest.mark.parametrize("seed", range(12))
def test_lesions_find_room_in_every_patient(seed: int) -> None:
    grid = centred_grid((160, 112, 152), (2.5, 2.5, 2.5))
    liver = make_liver(grid, np.random.default_rng(seed))
    placed = place_lesions(liver, 2.5, np.random.default_rng(seed + 1000))
    together = np.sum([one.voxels(liver) for one in placed], axis=0)
    assert together.max() == 1
    for one in placed:
        volume_ml = np.count_nonzero(one.voxels(liver)) * grid.voxel_volume_ml
        wanted_ml = math.pi / 6 * one.diameter_mm**3 * 1e-3
        assert volume_ml == pytest.approx(wanted_ml, rel=0.25)


def test_lesions_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    design = copy.deepcopy(parameters())
    design["lesions"]["diameter_mm"][2] = 90.0
    design["lesions"]["attempts"] = 2
    monkeypatch.setattr(lesions_module, "parameters", lambda: design)
    liver = make_liver(centred_grid((160, 112, 152), (2.5, 2.5, 2.5)), np.random.default_rng(1))
    with pytest.raises(InputError, match="no room for 8 lesions"):
        place_lesions(liver, 2.5, np.random.default_rng(1))

"""The extrahepatic spot of a phantom scout is found, measured and named; nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from opensirt.domain.finding import Severity
from opensirt.domain.focus import ExtrahepaticFocus
from opensirt.domain.image import CountsImage
from opensirt.domain.record import PlanRow, StructureUptake, Workup
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.shunt_scout import ShuntScout, shunt_scout
from opensirt.workflow.focus_findings import (
    extrahepatic_foci,
    foci_doses,
    foci_named,
    free_pertechnetate,
)


def drawn(
    scout: ShuntScout, *more: Structure
) -> tuple[tuple[ExtrahepaticFocus, ...], StructureSet]:
    right, left = scout.lungs
    structures = StructureSet(
        (
            Structure("liver", StructureKind.LIVER, scout.liver),
            Structure("right lung", StructureKind.LUNG, right),
            Structure("left lung", StructureKind.LUNG, left),
            *more,
        )
    )
    weights = voxel_weights(scout.liver, scout.image.grid)
    held = float(weights.values_of(scout.image) @ weights.fraction)
    foci = extrahepatic_foci(
        scout.image,
        structures,
        liver=scout.liver,
        normal_mean=weights.mean(scout.image) / 2,
        normalising=held,
    )
    return foci, structures


@pytest.mark.parametrize("number", range(4))
def test_the_spot_is_found_with_its_part_and_place(number: int) -> None:
    scout = shunt_scout(0.1, np.random.default_rng((17, number)))
    [focus] = drawn(scout)[0]
    assert focus.image_fraction == pytest.approx(scout.spot_fraction, rel=0.3)
    assert 2.0 < focus.volume_ml < 30.0
    index = np.argwhere(scout.spot.values)
    centre = scout.spot.grid.lps_mm(index).mean(axis=0)
    assert np.linalg.norm(np.subtract(focus.centre_mm, centre)) < 6.0
    assert focus.site == "unnamed, left and below the liver"
    assert not focus.named


def test_without_a_spot_nothing_is_found() -> None:
    for fraction in (0.02, 0.3):
        scout = shunt_scout(fraction, np.random.default_rng((17, 9)), with_spot=False)
        assert drawn(scout)[0] == ()


def test_an_organ_mask_names_the_spot() -> None:
    scout = shunt_scout(0.05, np.random.default_rng((17, 1)))
    stomach = Structure("stomach", StructureKind.STOMACH, scout.spot)
    [focus] = drawn(scout, stomach)[0]
    assert (focus.site, focus.named) == ("stomach", True)
    [finding] = foci_named((focus,))
    assert finding.severity is Severity.WARN
    assert "(stomach): 1." in finding.text


def test_the_dose_is_the_constant_times_activity_over_mass() -> None:
    focus = ExtrahepaticFocus(
        site="stomach",
        named=True,
        volume_ml=10.0,
        image_fraction=0.01,
        per_reaching_liver=0.02,
        centre_mm=(0.0, 0.0, 0.0),
    )
    workup = Workup.__new__(Workup)
    object.__setattr__(workup, "foci", (focus,))
    object.__setattr__(workup, "liver_density_kg_per_ml", 1e-3)
    row = PlanRow.__new__(PlanRow)
    for name, value in (
        ("device", "resin"),
        ("model", "partition"),
        ("reaching_liver_bq", 1e9),
        ("dose_constant_gy_kg_per_gbq", 50.0),
    ):
        object.__setattr__(row, name, value)
    [finding] = foci_doses(row, workup)
    assert finding.value == pytest.approx(50.0 * 0.02 / 0.01)
    assert "would receive about 100 Gy" in finding.text


def test_stomach_and_kidneys_above_the_background_hint_at_free_pertechnetate() -> None:
    scout = shunt_scout(0.05, np.random.default_rng((17, 2)), background=0.02)
    grid = scout.spot.grid
    kidney = np.roll(scout.spot.values, 12, axis=1)
    stomach = Structure("stomach", StructureKind.STOMACH, scout.spot)
    kidneys = Structure("kidneys", StructureKind.KIDNEY, replace(scout.spot, values=kidney))
    structures = drawn(scout, stomach, kidneys)[1]
    assert kidneys.mask.grid is grid

    def hint(kidney_mean: float, image: CountsImage) -> list[str]:
        means = {"stomach": 1e4, "kidneys": kidney_mean}
        uptakes = [
            StructureUptake(
                label=one.label,
                kind=one.kind,
                volume_ml=one.volume_ml,
                mass_kg=1.0,
                mean=means[one.label],
                uptake_fraction=0.0,
            )
            for one in (stomach, kidneys)
        ]
        found = free_pertechnetate(image, structures, uptakes, scout.liver)
        assert all(not one.verified for one in found)
        return [one.rule for one in found]

    assert hint(1e4, scout.image) == ["free_pertechnetate_pattern"]
    assert hint(0.0, scout.image) == []
    assert hint(1e4, replace(scout.image, radionuclide="Ho-166")) == []

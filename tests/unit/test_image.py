"""Typed images and what they refuse."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import pytest
from builders import FRAME, activity, affine, centred_grid

from opensirt.domain.grid import Grid
from opensirt.domain.image import (
    ActivityMap,
    CountsImage,
    CtImage,
    DensityMap,
    DoseMap,
    Event,
    TimeIntegratedActivityMap,
)
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import GeometryError, InputError, MissingInputError
from opensirt.imaging.quantify import typed_image
from opensirt.units import ImageUnit

GRID = centred_grid((3, 4, 5))


def read_volume(values: np.ndarray, **facts: object) -> ReadVolume:
    given: dict[str, object] = {"affine": affine((2.0, 2.0, 2.5)), "source": "file.nrrd"}
    return ReadVolume(values=values, **{**given, **facts})  # type: ignore[arg-type]  # test facts


def test_values_cannot_be_changed() -> None:
    image = activity(GRID, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        image.values[0, 0, 0] = 2.0


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(GeometryError, match="values have shape"):
        CtImage(grid=GRID, values=np.zeros((3, 4, 6), dtype=np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_not_finite_are_refused_and_counted(bad: float) -> None:
    values = np.zeros(GRID.shape, dtype=np.float32)
    values[0, 0, :2] = bad
    with pytest.raises(InputError, match="2 of 60 voxels"):
        activity(GRID, values)


@pytest.mark.parametrize("order", ["C", "F"])
def test_values_whose_squares_overflow_are_kept_and_a_lone_nan_among_them_is_not(
    order: Literal["C", "F"],
) -> None:
    values = np.asarray(np.full(GRID.shape, 3e38, dtype=np.float32), order=order)
    assert activity(GRID, values).values.max() == np.float32(3e38)
    spoilt = values.copy(order="K")
    spoilt[2, 3, 4] = np.nan
    with pytest.raises(InputError, match="1 of 60 voxels"):
        activity(GRID, spoilt)


def test_of_a_dose_that_is_zero_outside_a_block_the_block_is_looked_at() -> None:
    block = (slice(1, 2), slice(0, 2), slice(0, 2))
    values = np.zeros(GRID.shape, dtype=np.float32)
    values[block] = np.inf
    with pytest.raises(InputError, match="4 of 60 voxels"):
        DoseMap(grid=GRID, values=values, engine="kernel", zero_outside=block)
    values[block] = 1.0
    made = DoseMap(grid=GRID, values=values, engine="kernel", zero_outside=block)
    assert made.total() == pytest.approx(4 * GRID.voxel_volume_ml)
    with pytest.raises(InputError, match="60 of 60 voxels"):
        replace(made, values=np.full(GRID.shape, np.nan, np.float32))


def test_a_naive_reference_time_is_refused() -> None:
    with pytest.raises(InputError, match="has no zone"):
        ActivityMap(
            grid=GRID,
            values=np.zeros(GRID.shape, dtype=np.float32),
            radionuclide="Y-90",
            reference_at=datetime(2026, 3, 2, 12),  # noqa: DTZ001 - the naive time is the point
        )


def test_a_negative_density_is_refused() -> None:
    with pytest.raises(InputError, match="never negative"):
        DensityMap(grid=GRID, values=np.full(GRID.shape, -1e-3, dtype=np.float32))


def test_the_total_of_an_activity_map_is_in_becquerel() -> None:
    assert activity(GRID, 100.0).total() == pytest.approx(100 * 60 * 0.027)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [(ImageUnit.BQ_PER_ML, 1.0), (ImageUnit.KBQ_PER_ML, 1e3), (ImageUnit.MBQ_PER_ML, 1e6)],
)
def test_concentrations_become_bq_per_ml(unit: ImageUnit, factor: float) -> None:
    image = typed_image(
        read_volume(np.full((2, 2, 2), 3.0)),
        unit=unit,
        frame="pet",
        radionuclide="Y-90",
        reference_at=Event.ADMINISTRATION,
    )
    assert isinstance(image, ActivityMap)
    np.testing.assert_allclose(image.values, 3.0 * factor)


def test_activity_per_voxel_keeps_the_total() -> None:
    image = typed_image(
        read_volume(np.full((2, 2, 2), 5.0)),
        unit=ImageUnit.BQ_PER_VOXEL,
        frame="pet",
        radionuclide="Y-90",
        reference_at=Event.ADMINISTRATION,
    )
    assert image.total() == pytest.approx(40.0)


def test_megabecquerel_hours_per_voxel_become_decays_per_ml() -> None:
    image = typed_image(
        read_volume(np.ones((2, 2, 2))),
        unit=ImageUnit.MBQ_H_PER_VOXEL,
        frame="pet",
        radionuclide="Lu-177",
    )
    assert isinstance(image, TimeIntegratedActivityMap)
    assert image.total() == pytest.approx(8 * 3.6e9)


def test_counts_and_ct_are_their_own_types() -> None:
    values = np.ones((2, 2, 2), dtype=np.int16)
    spect = typed_image(
        read_volume(values), unit=ImageUnit.COUNTS, frame="s", radionuclide="Tc-99m"
    )
    assert isinstance(spect, CountsImage)
    assert isinstance(typed_image(read_volume(values), unit=ImageUnit.HU, frame="s"), CtImage)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"unit": ImageUnit.BQ_PER_ML, "frame": "f", "reference_at": Event.ACQUISITION}, "nuclide"),
        ({"unit": ImageUnit.BQ_PER_ML, "frame": "f", "radionuclide": "Y-90"}, "instant"),
        ({"unit": ImageUnit.HU}, "frame of reference"),
    ],
)
def test_a_fact_that_is_needed_and_absent_is_named(facts: dict[str, object], wanted: str) -> None:
    with pytest.raises(MissingInputError, match=wanted):
        typed_image(read_volume(np.ones((2, 2, 2))), **facts)  # type: ignore[arg-type]  # test facts


def test_a_file_without_geometry_is_refused() -> None:
    with pytest.raises(MissingInputError, match="affine"):
        typed_image(
            read_volume(np.ones((2, 2, 2)), affine=Missing.NOT_RECORDED),
            unit=ImageUnit.HU,
            frame="f",
        )


def test_a_frame_that_contradicts_the_file_is_refused() -> None:
    read = read_volume(np.ones((2, 2, 2)), frame_of_reference_uid="1.2.3")
    with pytest.raises(GeometryError, match=r"frame of reference 1\.2\.3"):
        typed_image(read, unit=ImageUnit.HU, frame="other")


def test_a_dose_is_not_taken_for_an_activity() -> None:
    with pytest.raises(InputError, match="is a dose in Gy"):
        typed_image(
            read_volume(np.ones((2, 2, 2))), unit=ImageUnit.GY, frame="f", radionuclide="Y-90"
        )


def test_an_instant_with_a_zone_is_kept() -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    grid = Grid((1, 1, 1), np.eye(4), FRAME)
    image = ActivityMap(
        grid=grid,
        values=np.zeros((1, 1, 1), dtype=np.float32),
        radionuclide="Y-90",
        reference_at=at,
    )
    assert image.reference_at == at
    assert "Bq/mL" in repr(image)

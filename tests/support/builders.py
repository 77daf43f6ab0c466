"""Small grids, masks and images that tests are made of."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap, CountsImage, Event
from opensirt.domain.site import Figure, SiteProfile
from opensirt.domain.structure import Mask, Structure, StructureKind

FRAME = "2.25.7"

spacings_mm = st.tuples(*[st.floats(0.4, 5.0)] * 3)
offsets_mm = st.tuples(*[st.floats(-8.0, 8.0)] * 3)
axis_orders = st.permutations([0, 1, 2])
axis_signs = st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)
seeds = st.integers(0, 2**32 - 1)


def affine(
    spacing_mm: Sequence[float] = (2.0, 2.0, 2.0),
    offset_mm: Sequence[float] = (0.0, 0.0, 0.0),
    order: Sequence[int] = (2, 1, 0),
    sign: Sequence[float] = (1.0, 1.0, 1.0),
) -> NDArray[np.float64]:
    """Return an affine whose column c points along LPS axis `order[c]`; k, j, i are z, y, x."""
    made = np.zeros((4, 4))
    for column, row in enumerate(order):
        made[row, column] = spacing_mm[column] * sign[column]
    made[:3, 3] = offset_mm
    made[3, 3] = 1.0
    return made


def turned_about_z(degrees: float) -> NDArray[np.float64]:
    """Return the rotation of LPS space about the long axis."""
    angle = np.deg2rad(degrees)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn


def centred_grid(
    shape: tuple[int, int, int] = (40, 40, 40),
    spacing_mm: Sequence[float] = (3.0, 3.0, 3.0),
    frame: str = FRAME,
) -> Grid:
    """Return a grid (k, j, i) = (z, y, x) whose middle lies at the origin."""
    made = affine(spacing_mm)
    made[:3, 3] = -(made[:3, :3] @ (np.array(shape) - 1.0)) / 2
    return Grid(shape, made, frame)


def ball(grid: Grid, centre_mm: ArrayLike, radius_mm: float) -> Mask:
    """Return the voxels whose centres lie within a radius of a point (x, y, z)."""
    index = np.moveaxis(np.indices(grid.shape), 0, -1)
    distance = np.linalg.norm(grid.lps_mm(index) - np.asarray(centre_mm, dtype=float), axis=-1)
    return Mask(grid, distance <= radius_mm)


def structure(label: str, kind: StructureKind, mask: Mask) -> Structure:
    """Return a structure of a mask."""
    return Structure(label, kind, mask)


def activity(grid: Grid, values: ArrayLike, nuclide: str = "Y-90") -> ActivityMap:
    """Return an activity map in Bq/mL at administration."""
    filled = np.broadcast_to(np.asarray(values, dtype=np.float32), grid.shape)
    return ActivityMap(
        grid=grid,
        values=np.ascontiguousarray(filled),
        radionuclide=nuclide,
        reference_at=Event.ADMINISTRATION,
    )


def counts(grid: Grid, values: ArrayLike, nuclide: str = "Tc-99m") -> CountsImage:
    """Return an image in counts."""
    filled = np.broadcast_to(np.asarray(values, dtype=np.float32), grid.shape)
    return CountsImage(grid=grid, values=np.ascontiguousarray(filled), radionuclide=nuclide)


def site(**changes: object) -> SiteProfile:
    """Return a site profile with figures that tests can reckon with."""
    limit = {"unit": "Gy", "source": "test", "verified": True}
    given: dict[str, object] = {
        "name": "test site",
        "time_zone": "Europe/Amsterdam",
        "data_set": "icrp107",
        "planning_engine": "local",
        "verification_engine": "kernel",
        "dose_constants_gy_kg_per_gbq": {
            "Y-90": Figure(value=49.67, unit="Gy kg/GBq", source="test", verified=True),
            "Ho-166": Figure(value=15.87, unit="Gy kg/GBq", source="test", verified=True),
        },
        "limits": {
            "resin": {
                "perfused_normal_liver": Figure(value=40.0, **limit),  # type: ignore[arg-type]  # one of each
                "lung": Figure(value=30.0, **limit),  # type: ignore[arg-type]  # one of each
            }
        },
        "targets": {},
    }
    return SiteProfile(**{**given, **changes})  # type: ignore[arg-type]  # test facts

"""Flipping or permuting the axes of an image, with its affine, changes no number."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import permutations, product

import numpy as np
import pytest
from builders import activity, ball, centred_grid, site, structure

from opensirt.domain.case import AdministrationFacts, Case, CaseImage, ImageRole, Tissue
from opensirt.domain.grid import Grid
from opensirt.domain.image import ActivityMap
from opensirt.domain.record import Verification
from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.workflow.verify import verify

GRID = centred_grid((30, 36, 40), (4.0, 3.0, 2.5))
FINE = centred_grid((50, 50, 56), (2.1, 1.7, 1.6))
LIVER = ball(FINE, (-12, 0, 0), 30)
TUMOUR = ball(FINE, (-15, 8, 3), 9)
VALUES = activity(
    GRID,
    1e4
    + 1e6 * ball(GRID, (-15, 8, 3), 9).values
    + 2e5 * ball(GRID, (-12, 0, 0), 30).values
    + 3e4 * np.random.default_rng(5).random(GRID.shape),
)

Turn = tuple[tuple[int, ...], tuple[int, ...]]
"""Order of the axes, and their signs."""

TURNS: list[Turn] = [
    (order, sign)
    for order, sign in product(permutations(range(3)), product((1, -1), repeat=3))
    if (order, sign) != ((0, 1, 2), (1, 1, 1))
]


def turned(grid: Grid, values: np.ndarray, turn: Turn) -> tuple[Grid, np.ndarray]:
    """Return the same image stored with its axes in another order and direction."""
    order, sign = turn
    affine = grid.affine.copy()
    moved = values.transpose(order)
    steps = affine[:3, list(order)]
    for axis, one in enumerate(sign):
        if one < 0:
            affine[:3, 3] += steps[:, axis] * (moved.shape[axis] - 1)
            steps[:, axis] *= -1
            moved = np.flip(moved, axis)
    affine[:3, :3] = steps
    stored = np.ascontiguousarray(moved)
    return Grid(stored.shape, affine, grid.frame_of_reference_uid), stored


def verified(image: ActivityMap, liver: Mask, tumour: Mask, engine: str) -> Verification:
    case = Case(
        key="turned",
        images=(CaseImage(id="pet", role=ImageRole.VERIFICATION, image=image),),
        structures=StructureSet(
            (
                structure("Liver", StructureKind.LIVER, liver),
                structure("Tumour", StructureKind.TUMOUR, tumour),
            )
        ),
        tissue=Tissue(liver_density_kg_per_ml=1.05e-3),
        administration=AdministrationFacts(
            device="unknown", administered_activity_bq=VALUES.total()
        ),
    )
    return verify(
        case, site(), made_at=datetime(2026, 3, 5, tzinfo=UTC), software={}, engine=engine
    )


@pytest.fixture(scope="module")
def straight() -> dict[str, Verification]:
    return {name: verified(VALUES, LIVER, TUMOUR, name) for name in ("kernel", "local")}


@pytest.mark.parametrize("turn", TURNS[::6], ids=str)
@pytest.mark.parametrize("engine", ["kernel", "local"])
def test_turning_the_image_changes_no_number(
    turn: Turn, engine: str, straight: dict[str, Verification]
) -> None:
    grid, values = turned(GRID, VALUES.values, turn)
    image = replace(VALUES, grid=grid, values=values)
    same_as(straight[engine], verified(image, LIVER, TUMOUR, engine))


@pytest.mark.parametrize("turn", TURNS[3::8], ids=str)
def test_turning_the_masks_changes_no_number(turn: Turn, straight: dict[str, Verification]) -> None:
    liver, tumour = (Mask(*turned(FINE, one.values, turn)) for one in (LIVER, TUMOUR))
    same_as(straight["local"], verified(VALUES, liver, tumour, "local"))


def same_as(first: Verification, second: Verification) -> None:
    for one, other in zip(first.results, second.results, strict=True):
        for row, same in zip(one.structures, other.structures, strict=True):
            for field in fields(row):
                value, turned_value = getattr(row, field.name), getattr(same, field.name)
                if isinstance(value, float):
                    assert turned_value == pytest.approx(value, rel=1e-5, abs=1e-6), field.name
            assert dict(same.volume_fraction_at_gy) == pytest.approx(
                dict(row.volume_fraction_at_gy), abs=1e-4
            )
        assert other.energy.scored_j == pytest.approx(one.energy.scored_j, rel=1e-5)
        assert other.energy.outside_grid_fraction == pytest.approx(
            one.energy.outside_grid_fraction, rel=1e-4
        )

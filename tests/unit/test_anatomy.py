"""Structures made complete and checked; masks of different grids."""

import numpy as np
import pytest
from builders import affine, ball, centred_grid, structure

from opensirt.domain.finding import Severity
from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.errors import InputError, MissingInputError, UnknownNameError
from opensirt.imaging.mask_algebra import on_grid, union, within, without
from opensirt.imaging.plausibility import volume_outside_ml
from opensirt.workflow.anatomy import (
    liver_of,
    perfused_volumes_apart,
    tumours_inside_liver,
    whole_liver_mask,
    with_derived_structures,
)

GRID = centred_grid((60, 60, 60), (2.0, 2.0, 2.0))
LIVER = structure("Liver", StructureKind.LIVER, ball(GRID, (0, 0, 0), 50))
TUMOUR = structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, (20, 0, 0), 12))
GALLBLADDER = structure("gallbladder", StructureKind.GALLBLADDER, ball(GRID, (-20, 10, 0), 10))


def test_the_normal_liver_is_the_liver_without_tumours_and_gallbladder() -> None:
    complete, findings = with_derived_structures(StructureSet((LIVER, TUMOUR, GALLBLADDER)))
    (normal,) = complete.of_kind(StructureKind.NORMAL_LIVER)
    wanted_ml = LIVER.volume_ml - TUMOUR.volume_ml - GALLBLADDER.volume_ml
    assert normal.volume_ml == pytest.approx(wanted_ml)
    assert [finding.rule for finding in findings] == ["derived_structure"]
    assert "derived" in normal.source


def test_a_normal_liver_that_is_drawn_is_kept() -> None:
    drawn = structure("Normal Tissue", StructureKind.NORMAL_LIVER, ball(GRID, (0, 0, 0), 30))
    complete, findings = with_derived_structures(StructureSet((LIVER, TUMOUR, drawn)))
    assert complete.of_kind(StructureKind.NORMAL_LIVER) == (drawn,)
    assert findings == ()


def test_each_perfused_volume_gets_its_normal_liver() -> None:
    index = np.indices(GRID.shape)[2]
    left = structure(
        "left", StructureKind.PERFUSED_VOLUME, Mask(GRID, LIVER.mask.values & (index >= 30))
    )
    right = structure(
        "right", StructureKind.PERFUSED_VOLUME, Mask(GRID, LIVER.mask.values & (index < 30))
    )
    complete, _ = with_derived_structures(StructureSet((LIVER, TUMOUR, left, right)))
    normals = complete.of_kind(StructureKind.PERFUSED_NORMAL_LIVER)
    assert [one.label for one in normals] == [
        "perfused normal liver (left)",
        "perfused normal liver (right)",
    ]
    perfused_ml = left.volume_ml + right.volume_ml
    assert sum(one.volume_ml for one in normals) == pytest.approx(perfused_ml - TUMOUR.volume_ml)
    perfused_volumes_apart(complete)


def test_perfused_volumes_that_overlap_are_refused() -> None:
    both = StructureSet(
        (
            structure("one", StructureKind.PERFUSED_VOLUME, ball(GRID, (-10, 0, 0), 30)),
            structure("two", StructureKind.PERFUSED_VOLUME, ball(GRID, (10, 0, 0), 30)),
        )
    )
    with pytest.raises(InputError, match="'one' and 'two' overlap by"):
        perfused_volumes_apart(both)


def test_a_tumour_mostly_outside_the_liver_is_refused() -> None:
    far = structure("Tumour 2", StructureKind.TUMOUR, ball(GRID, (50, 0, 0), 8))
    with pytest.raises(InputError, match="of Tumour 2 .* lies outside the liver mask; at most 10%"):
        tumours_inside_liver(StructureSet((LIVER, far)))


def test_a_large_tumour_with_more_than_twenty_millilitres_outside_is_refused() -> None:
    grid = centred_grid((80, 80, 80), (2.0, 2.0, 2.0))
    liver = structure("Liver", StructureKind.LIVER, ball(grid, (0, 0, 0), 60))
    large = structure("Tumour 3", StructureKind.TUMOUR, ball(grid, (24, 0, 0), 45))
    with pytest.raises(InputError, match="20 mL are accepted"):
        tumours_inside_liver(StructureSet((liver, large)))


def test_a_tumour_a_little_outside_the_liver_is_a_finding_with_the_millilitres() -> None:
    edge = structure("Tumour 4", StructureKind.TUMOUR, ball(GRID, (41, 0, 0), 13))
    (finding,) = tumours_inside_liver(StructureSet((LIVER, edge)))
    assert finding.rule == "tumour_outside_liver"
    assert finding.severity is Severity.NOTE
    exact_ml = np.count_nonzero(edge.mask.values & ~LIVER.mask.values) * GRID.voxel_volume_ml
    assert finding.value == pytest.approx(exact_ml)


def test_no_liver_and_two_livers_are_refused() -> None:
    with pytest.raises(MissingInputError, match="structure of kind liver"):
        liver_of(StructureSet((TUMOUR,)))
    other = structure("liver 2", StructureKind.LIVER, LIVER.mask)
    with pytest.raises(InputError, match="2 livers"):
        liver_of(StructureSet((LIVER, other)))


def test_two_structures_of_one_label_are_refused() -> None:
    with pytest.raises(InputError, match="two structures are called 'Liver'"):
        StructureSet((LIVER, LIVER))


def test_a_label_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="known: Liver, Tumour 1"):
        StructureSet((LIVER, TUMOUR)).labelled("Leber")


def test_the_gallbladder_is_taken_out_of_the_liver() -> None:
    mask = whole_liver_mask(StructureSet((LIVER, GALLBLADDER)))
    assert mask.volume_ml == pytest.approx(LIVER.volume_ml - GALLBLADDER.volume_ml)


def test_set_operations_work_between_different_grids() -> None:
    fine = Grid(
        (150, 140, 130), affine((0.8, 0.8, 0.8), (-50, -55, -58)), GRID.frame_of_reference_uid
    )
    small = ball(fine, (20, 0, 0), 12)
    moved = on_grid(small, GRID)
    assert moved.volume_ml == pytest.approx(small.volume_ml, rel=0.05)
    assert without(LIVER.mask, [small]).volume_ml == pytest.approx(
        LIVER.volume_ml - moved.volume_ml
    )
    assert within(small, LIVER.mask).volume_ml == pytest.approx(small.volume_ml)
    assert union([LIVER.mask, small]).volume_ml == pytest.approx(LIVER.volume_ml)
    assert volume_outside_ml(small, [LIVER.mask]) == pytest.approx(0.0, abs=1e-9)

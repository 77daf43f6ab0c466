"""Regions of territories: what their uptake is read from, and where deposits belong."""

import numpy as np
import pytest
import scouts
from builders import centred_grid, counts

from opensirt.domain.case import TerritoryFacts
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.errors import InputError, UnknownNameError
from opensirt.workflow.territory_region import (
    Region,
    regions_of,
    territory_facts,
    together,
    total,
)

IMAGE = counts(scouts.GRID, scouts.scout_values())


def regions(given: StructureSet, values: np.ndarray | None = None) -> tuple[Region, ...]:
    image = IMAGE if values is None else counts(scouts.GRID, values)
    return regions_of(territory_facts((), given), given, image)


def with_gallbladder_at(where: scouts.Box) -> StructureSet:
    kept = scouts.without_gallbladder(scouts.structures(left=scouts.LEFT))
    gallbladder = Structure("gallbladder", StructureKind.GALLBLADDER, scouts.box(where))
    return kept.with_structures((gallbladder,))


def test_cropping_together_moves_nothing_and_keeps_one_grid() -> None:
    given = scouts.structures()
    small = together(given)
    grids = {id(one.mask.grid) for one in small}
    assert len(grids) == 1
    assert next(iter(small)).mask.grid.shape == (20, 20, 35)
    for before, after in zip(given, small, strict=True):
        np.testing.assert_allclose(
            before.mask.grid.lps_mm(np.argwhere(before.mask.values)),
            after.mask.grid.lps_mm(np.argwhere(after.mask.values)),
        )


def test_structures_of_two_grids_keep_their_own() -> None:
    fine = centred_grid((80, 60, 100), (2.5, 2.5, 2.5))
    values = np.zeros(fine.shape, dtype=bool)
    values[20:30, 20:30, 20:30] = True
    mixed = scouts.structures().with_structures(
        (Structure("spleen", StructureKind.SPLEEN, Mask(fine, values)),)
    )
    small = together(mixed)
    assert small.labelled("spleen").mask.grid.shape == (10, 10, 10)
    assert small.labelled("spleen").volume_ml == mixed.labelled("spleen").volume_ml


def test_an_empty_structure_survives_cropping() -> None:
    empty = Structure(
        "other", StructureKind.OTHER, Mask(scouts.GRID, np.zeros(scouts.GRID.shape, dtype=bool))
    )
    alone = together(StructureSet((empty,)))
    assert alone.labelled("other").volume_ml == 0


def test_without_stated_territories_each_perfused_volume_is_one() -> None:
    facts = territory_facts((), scouts.structures(left=scouts.LEFT))
    assert [(one.name, one.perfused_volume) for one in facts] == [
        ("right", "right"),
        ("left", "left"),
    ]


def test_two_territories_of_one_name_or_volume_are_refused() -> None:
    given = scouts.structures(left=scouts.LEFT)
    same_name = [TerritoryFacts(name="a", perfused_volume=one) for one in ("right", "left")]
    with pytest.raises(InputError, match="two territories have the name 'a'"):
        territory_facts(same_name, given)
    same_volume = [TerritoryFacts(name=one, perfused_volume="right") for one in ("a", "b")]
    with pytest.raises(InputError, match="two territories have the perfused volume 'right'"):
        territory_facts(same_volume, given)


def test_a_territory_names_an_existing_perfused_volume() -> None:
    given = scouts.structures()
    with pytest.raises(UnknownNameError, match="unknown structure 'middle'"):
        territory_facts([TerritoryFacts(name="a", perfused_volume="middle")], given)
    with pytest.raises(InputError, match="of kind liver; wanted is one of kind perfused_volume"):
        territory_facts([TerritoryFacts(name="a", perfused_volume="liver")], given)


def test_a_gallbladder_inside_the_perfused_volume_adds_nothing_outside() -> None:
    [region] = regions(scouts.structures())
    assert region.deposits == ("gallbladder",)
    assert len(region.parts) == 1
    held = total(region.weights(scouts.GRID), IMAGE)
    assert held == pytest.approx(scouts.scout_values()[scouts.RIGHT].sum())


def test_the_part_of_a_gallbladder_outside_belongs_to_the_territory_that_holds_most() -> None:
    right, left = regions(
        with_gallbladder_at((slice(3, 9), slice(20, 24), slice(22, 30)))  # lower edge sticks out
    )
    assert right.deposits == ("gallbladder",)
    assert left.deposits == ("gallbladder",)  # some of it lies in the left perfused volume
    assert [one.volume_ml for one in right.parts[1:]] == pytest.approx([2 * 4 * 8 * 0.125])
    assert len(left.parts) == 1


def test_a_cold_gallbladder_outside_all_territories_is_no_deposit() -> None:
    far = (slice(1, 4), slice(20, 24), slice(20, 24))
    assert all(not one.deposits for one in regions(with_gallbladder_at(far)))


def test_a_hot_gallbladder_outside_belongs_to_the_nearest_territory() -> None:
    far = (slice(1, 4), slice(20, 24), slice(8, 12))
    values = scouts.scout_values()
    values[far] = 30.0
    right, left = regions(with_gallbladder_at(far), values)
    assert right.deposits == ("gallbladder",)
    assert left.deposits == ()


@pytest.mark.parametrize(("level", "n_parts"), [(5.0, 1), (25.0, 2)])
def test_a_stomach_is_a_deposit_when_it_takes_up_more_than_the_normal_liver(
    level: float, n_parts: int
) -> None:
    where = (slice(6, 10), slice(6, 10), slice(42, 46))
    values = scouts.scout_values()
    values[where] = level
    [region] = regions(scouts.structures(stomach=where), values)
    assert len(region.parts) == n_parts
    assert ("stomach" in region.deposits) == (n_parts > 1)


def test_the_perfused_normal_liver_is_derived_without_tumours_and_gallbladder() -> None:
    [region] = regions(scouts.structures())
    voxels = 20 * 20 * 23 - 6**3 - 4**3 - 4**3
    assert region.perfused_normal.volume_ml == pytest.approx(voxels * 0.125)


def test_one_drawn_perfused_normal_liver_is_cut_to_two_territories() -> None:
    drawn = Structure("normal", StructureKind.PERFUSED_NORMAL_LIVER, scouts.box(scouts.LIVER))
    given = scouts.structures(left=scouts.LEFT).with_structures((drawn,))
    right, left = regions(given)
    assert right.perfused_normal.volume_ml == pytest.approx(20 * 20 * 23 * 0.125)
    assert left.perfused_normal.volume_ml == pytest.approx(20 * 20 * 12 * 0.125)


def test_without_a_perfused_volume_there_is_no_region() -> None:
    only = StructureSet((Structure("liver", StructureKind.LIVER, scouts.box(scouts.LIVER)),))
    assert regions(only) == ()

"""The work-up of a scout whose truth can be reckoned by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import scouts
from builders import activity, centred_grid, counts, site

from opensirt.domain.case import (
    Case,
    CaseImage,
    ImageRole,
    TerritoryFacts,
    Tissue,
    WorkUpFacts,
)
from opensirt.domain.finding import Confirmation, Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.domain.record import Workup
from opensirt.domain.site import Figure
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.errors import ConfirmationError, GeometryError, InputError, MissingInputError
from opensirt.workflow.work_up import scout_anatomy, work_up

VOXEL_ML = 0.125
DENSITY = 1.05e-3


def said(workup: Workup, rule: str) -> list[Finding]:
    return [one for one in workup.findings if one.rule == rule]


def lung_mass(kg: float = 1.0) -> Figure:
    return Figure(value=kg, unit="kg", source="convention", verified=True)


def test_ratios_are_those_of_the_phantom() -> None:
    [territory] = work_up(scouts.case(), site()).territories
    assert territory.tumour_to_normal_ratio == pytest.approx({"tumour 1": 5.0, "tumour 2": 3.0})
    assert territory.tumour_masses_kg == pytest.approx(
        {"tumour 1": 216 * VOXEL_ML * DENSITY, "tumour 2": 64 * VOXEL_ML * DENSITY}
    )


def test_volumes_and_masses_are_those_of_the_masks() -> None:
    found = work_up(scouts.case(), site())
    [territory] = found.territories
    assert found.liver_volume_ml == pytest.approx((20 * 20 * 35 - 64) * VOXEL_ML)
    assert found.tumour_volume_ml == pytest.approx(280 * VOXEL_ML)
    assert found.normal_liver_volume_ml == pytest.approx((20 * 20 * 35 - 64 - 280) * VOXEL_ML)
    assert territory.perfused_volume_ml == pytest.approx(20 * 20 * 23 * VOXEL_ML)
    assert territory.perfused_mass_kg == pytest.approx(20 * 20 * 23 * VOXEL_ML * DENSITY)
    assert found.liver_density_kg_per_ml == DENSITY


def test_uptake_parts_are_those_of_the_counts() -> None:
    found = work_up(scouts.case(), site())
    whole = scouts.scout_values()[scouts.RIGHT].sum()
    parts = {one.label: one.uptake_fraction for one in found.uptakes}
    assert parts["tumour 1"] == pytest.approx(216 * scouts.HOT_1 / whole)
    assert parts["tumour 2"] == pytest.approx(64 * scouts.HOT_2 / whole)
    assert parts["gallbladder"] == pytest.approx(64 * scouts.BILE / whole)
    assert parts["right"] == pytest.approx(1.0)
    compartments = ("tumour 1", "tumour 2", "gallbladder", "perfused normal liver")
    assert sum(parts[label] for label in compartments) == pytest.approx(1.0)


def test_the_gallbladder_is_taken_out_of_the_liver_and_named() -> None:
    found = work_up(scouts.case(), site())
    [finding] = said(found, "extrahepatic_uptake")
    assert finding.severity is Severity.WARN
    assert "8.0 mL inside the liver mask, which are taken out" in finding.text
    assert "1.50 times the perfused normal liver" in finding.text
    assert [one.label for one in found.extrahepatic] == ["gallbladder"]
    assert found.territories[0].deposits == ("gallbladder",)
    assert "gallbladder" in found.normalising_volume


def test_a_cold_gallbladder_is_only_a_note() -> None:
    found = work_up(scouts.case(scouts.scout_values(gallbladder=2.0)), site())
    [finding] = said(found, "extrahepatic_uptake")
    assert finding.severity is Severity.NOTE


def test_a_scout_in_becquerel_gives_the_same_parts() -> None:
    plain = scouts.case()
    image = activity(scouts.GRID, scouts.scout_values() * 1e4, "Ho-166")
    scout = CaseImage(id="ho", role=ImageRole.SCOUT, image=image)
    found, wanted = work_up(replace(plain, images=(scout,)), site()), work_up(plain, site())
    assert found.unit == "Bq/mL"
    assert found.territories[0].uptake_fractions == pytest.approx(
        wanted.territories[0].uptake_fractions, rel=1e-6
    )


def test_masks_on_a_finer_grid_give_the_same_work_up() -> None:
    fine = centred_grid((80, 60, 100), (2.5, 2.5, 2.5))
    given = StructureSet(
        tuple(
            replace(one, mask=Mask(fine, np.kron(one.mask.values, np.ones((2, 2, 2), dtype=bool))))
            for one in scouts.structures()
        )
    )
    found, wanted = work_up(scouts.case(given=given), site()), work_up(scouts.case(), site())
    for one, other in zip(found.uptakes, wanted.uptakes, strict=True):
        assert one.volume_ml == pytest.approx(other.volume_ml)
        assert one.mean == pytest.approx(other.mean)
        assert one.uptake_fraction == pytest.approx(other.uptake_fraction)


def test_two_territories_have_ratios_of_their_own() -> None:
    right, left = work_up(scouts.two_territories(), site()).territories
    assert (right.name, left.name) == ("R", "L")
    assert right.vessel == "right hepatic artery"
    assert left.vessel is Missing.NOT_RECORDED
    assert left.tumour_to_normal_ratio == pytest.approx({"tumour 3": 5.0})
    assert set(right.tumour_masses_kg) == {"tumour 1", "tumour 2"}


def test_a_perfused_volume_is_a_territory_by_itself() -> None:
    [territory] = work_up(scouts.case(), site()).territories
    assert territory.name == "right"
    stated = scouts.case(
        territories=(TerritoryFacts(name="lobe", perfused_volume="right", vessel="a"),)
    )
    assert work_up(stated, site()).territories[0].name == "lobe"


def test_without_a_perfused_volume_there_is_no_territory_and_a_warning() -> None:
    given = StructureSet(tuple(one for one in scouts.structures() if one.label != "right"))
    found = work_up(scouts.case(given=given), site())
    assert found.territories == ()
    assert said(found, "no_perfused_volume")
    assert found.normalising_volume.startswith("none")


def test_a_stated_lung_shunt_is_used_and_an_assumed_one_said() -> None:
    facts = WorkUpFacts(
        lung_shunt_fraction=0.05, lung_shunt_method="planar", assumed=("lung_shunt_fraction",)
    )
    found = work_up(scouts.case(work_up=facts), site())
    assert (found.lung_shunt.fraction, found.lung_shunt.method) == (0.05, "planar")
    assert found.lung_shunt.assumed
    assert said(found, "lung_shunt_assumed")[0].severity is Severity.WARN


def test_a_lung_shunt_in_per_cent_is_refused() -> None:
    facts = WorkUpFacts(lung_shunt_fraction=5.0)
    with pytest.raises(InputError, match="given as %"):
        work_up(scouts.case(work_up=facts), site())


def test_an_unknown_lung_shunt_is_never_zero() -> None:
    found = work_up(scouts.case(work_up=scouts.no_shunt()), site())
    assert found.lung_shunt.fraction is Missing.NEEDS_LUNG_SHUNT
    assert said(found, "lung_shunt_unknown")[0].severity is Severity.WARN


def with_lungs(level: float = 0.5) -> tuple[np.ndarray, StructureSet, float]:
    values = scouts.scout_values()
    values[scouts.LUNGS] = level
    lung = level * scouts.box(scouts.LUNGS).values.sum()
    liver = values[scouts.LIVER].sum() - 64 * scouts.BILE  # without the gallbladder
    return values, scouts.structures(lungs=scouts.LUNGS), lung / (lung + liver)


def test_the_lung_shunt_is_measured_where_lungs_are_drawn() -> None:
    values, given, true = with_lungs()
    found = work_up(scouts.case(values, given, work_up=scouts.no_shunt()), site())
    assert found.lung_shunt.fraction == pytest.approx(true, rel=1e-3)
    assert found.lung_shunt.method.startswith("SPECT")
    assert not found.lung_shunt.assumed


def test_a_stated_shunt_wins_over_the_measured_one_which_is_shown() -> None:
    values, given, _ = with_lungs()
    found = work_up(scouts.case(values, given), site())
    assert found.lung_shunt.fraction == 0.05
    [compared] = said(found, "lung_shunt_compared")
    assert "5.00%, which is used" in compared.text


def test_the_lung_mass_is_the_case_s_then_the_ct_s_then_the_site_s() -> None:
    values, given, _ = with_lungs()
    plain = scouts.case(values, given)
    profile = site(lung_mass_kg=lung_mass(1.1))
    assert work_up(plain, profile).lung_mass_kg == 1.0
    unstated = replace(plain, tissue=Tissue(liver_density_kg_per_ml=DENSITY))
    found = work_up(unstated, profile)
    assert found.lung_mass_kg == 1.1
    assert said(found, "lung_mass_of_site")
    hu = np.full(scouts.GRID.shape, -1000.0, dtype=np.float32)
    hu[scouts.LIVER] = 60.0
    hu[scouts.LUNGS] = -750.0
    ct = CaseImage(id="ct", role=ImageRole.CT, image=CtImage(grid=scouts.GRID, values=hu))
    found = work_up(replace(unstated, images=(*plain.images, ct)), profile)
    assert found.lung_mass_kg == pytest.approx(given.labelled("lungs").volume_ml * 0.25e-3)
    assert said(found, "lung_mass_of_ct")


def test_an_unknown_lung_mass_is_said() -> None:
    unstated = scouts.case(tissue=Tissue(liver_density_kg_per_ml=DENSITY))
    found = work_up(unstated, site())
    assert found.lung_mass_kg is Missing.NEEDS_LUNG_MASS
    assert said(found, "lung_mass_unknown")


def test_the_liver_density_comes_from_the_case_or_the_site_and_never_from_nowhere() -> None:
    unstated = scouts.case(tissue=Tissue(lung_mass_kg=1.0))
    with pytest.raises(MissingInputError, match="records no liver density"):
        work_up(unstated, site())
    density = Figure(value=1.04e-3, unit="kg/mL", source="site", verified=False)
    found = work_up(unstated, site(densities_kg_per_ml={"liver": density}))
    assert found.liver_density_kg_per_ml == 1.04e-3
    assert not said(found, "liver_density_of_site")[0].verified


def test_isolated_negative_voxels_are_kept_and_counted() -> None:
    values = scouts.scout_values()
    values[0, 0, :3] = -2.0
    found = work_up(scouts.case(values), site())
    assert said(found, "negative_voxels")[0].value == 3
    assert found.territories[0].tumour_to_normal_ratio["tumour 1"] == pytest.approx(5.0)


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(InputError, match="total of all voxels"):
        work_up(scouts.case(scouts.scout_values() - 20.0), site())


def test_a_negative_structure_mean_is_refused() -> None:
    values = scouts.scout_values()
    values[scouts.GALLBLADDER] = -5.0
    with pytest.raises(InputError, match="mean of gallbladder on the scout is -5"):
        work_up(scouts.case(values), site())


def test_a_tumour_without_uptake_is_refused() -> None:
    values = scouts.scout_values()
    values[scouts.TUMOUR_2] = 0.0
    with pytest.raises(InputError, match="tumour 2: its mean in territory"):
        work_up(scouts.case(values), site())


@pytest.mark.parametrize(
    ("level", "words"), [(13.0, "1.30 times"), (7.0, "this tumour is not targeted")]
)
def test_a_low_ratio_is_a_warning_with_an_unverified_limit(level: float, words: str) -> None:
    values = scouts.scout_values()
    values[scouts.TUMOUR_2] = level
    [finding] = said(work_up(scouts.case(values), site()), "tumour_to_normal_ratio")
    assert words in finding.text
    assert not finding.verified
    assert finding.severity is Severity.WARN


def test_overlapping_perfused_volumes_are_refused() -> None:
    wide = (slice(5, 25), slice(5, 25), slice(20, 40))
    with pytest.raises(InputError, match="overlap by"):
        work_up(scouts.case(given=scouts.structures(left=wide)), site())


def test_a_tumour_outside_the_liver_is_refused() -> None:
    astray = (slice(26, 30), slice(8, 14), slice(8, 14))
    with pytest.raises(InputError, match="lies outside the liver mask; at most 10%"):
        work_up(scouts.case(given=scouts.structures(tumours=(astray,))), site())


def test_a_tumour_that_no_territory_covers_is_a_warning() -> None:
    values = scouts.scout_values(left=1.0)
    values[scouts.TUMOUR_3] = 5.0
    given = scouts.structures(tumours=(scouts.TUMOUR_1, scouts.TUMOUR_3))
    found = work_up(scouts.case(values, given), site())
    [finding] = said(found, "tumour_outside_perfused")
    assert finding.severity is Severity.WARN
    assert "(100%) of tumour 2 lies in no perfused volume" in finding.text
    assert set(found.territories[0].tumour_masses_kg) == {"tumour 1"}


def test_a_perfused_volume_of_tumour_alone_is_refused() -> None:
    given = StructureSet(
        tuple(
            replace(one, mask=scouts.box(scouts.TUMOUR_1)) if one.label == "right" else one
            for one in scouts.structures()
        )
    )
    with pytest.raises(InputError, match="no perfused normal liver"):
        work_up(scouts.case(given=given), site())


def test_a_perfused_volume_without_uptake_is_refused() -> None:
    given = scouts.structures(left=scouts.LEFT)
    with pytest.raises(InputError, match="territory 'left': its perfused volume holds 0"):
        work_up(scouts.case(given=given), site())


def test_a_perfused_volume_that_the_scout_cuts_off_is_refused() -> None:
    cut = Grid((15, *scouts.GRID.shape[1:]), scouts.GRID.affine, scouts.GRID.frame_of_reference_uid)
    scout = CaseImage(id="maa", role=ImageRole.SCOUT, image=counts(cut, scouts.scout_values()[:15]))
    with pytest.raises(InputError, match="what is not imaged cannot be planned"):
        work_up(replace(scouts.case(), images=(scout,)), site())


def test_a_structure_in_another_frame_is_refused_by_name() -> None:
    other = Grid(scouts.GRID.shape, scouts.GRID.affine, "2.25.9")
    given = StructureSet(
        tuple(
            replace(one, mask=Mask(other, one.mask.values)) if one.label == "tumour 1" else one
            for one in scouts.structures()
        )
    )
    with pytest.raises(GeometryError, match="image maa and structure 'tumour 1': frames of ref"):
        work_up(scouts.case(given=given), site())


def flipped(given: StructureSet) -> StructureSet:
    return StructureSet(
        tuple(
            replace(one, mask=Mask(one.mask.grid, one.mask.values[:, :, ::-1].copy()))
            for one in given
        )
    )


def test_a_mirrored_mask_is_refused_until_confirmed() -> None:
    values = scouts.scout_values()
    values[values == 0] = 0.1
    mirrored = scouts.case(values, flipped(scouts.structures()))
    with pytest.raises(ConfirmationError, match="perfused volume mirrored"):
        scout_anatomy(mirrored)
    named = Confirmation("mirrored_mask", "A. Physicist", date(2026, 3, 2))
    found = scout_anatomy(replace(mirrored, confirmations=(named,)))
    assert any("confirmed by A. Physicist" in one.text for one in found.findings)


def test_counts_far_from_the_liver_are_a_warning() -> None:
    assert not said(work_up(scouts.case(), site()), "counts_outside")
    values = scouts.scout_values()
    values[30:36, 5:25, 5:25] = 20.0
    [finding] = said(work_up(scouts.case(values), site()), "counts_outside")
    assert "of the uptake in the field of view lies in the liver" in finding.text


def test_a_tumour_drawn_as_normal_liver_too_is_a_warning() -> None:
    drawn = Structure("normal", StructureKind.PERFUSED_NORMAL_LIVER, scouts.box(scouts.RIGHT))
    found = work_up(scouts.case(given=scouts.structures().with_structures((drawn,))), site())
    assert len(said(found, "tumour_in_normal_liver")) == 2


def test_a_gap_in_the_perfused_volume_is_a_note() -> None:
    half = (slice(5, 25), slice(5, 25), slice(5, 20))
    drawn = Structure("normal", StructureKind.PERFUSED_NORMAL_LIVER, scouts.box(half))
    found = work_up(scouts.case(given=scouts.structures().with_structures((drawn,))), site())
    [finding] = said(found, "perfused_remainder")
    assert "partition models put no activity there" in finding.text


def test_a_perfused_volume_beyond_the_liver_is_a_warning() -> None:
    wide = (slice(5, 25), slice(2, 25), slice(5, 28))
    given = StructureSet(
        tuple(
            replace(one, mask=scouts.box(wide)) if one.label == "right" else one
            for one in scouts.structures()
        )
    )
    assert said(work_up(scouts.case(given=given), site()), "perfused_outside_liver")


def test_a_case_without_scout_or_liver_says_what_is_missing() -> None:
    with pytest.raises(MissingInputError, match="records no image with role scout"):
        work_up(Case(key="empty"), site())
    given = StructureSet(tuple(one for one in scouts.structures() if one.label != "liver"))
    with pytest.raises(MissingInputError, match="structure of kind liver"):
        work_up(scouts.case(given=given), site())


def test_derived_structures_say_so() -> None:
    found = work_up(scouts.case(), site())
    assert len(said(found, "derived_structure")) == 2


def test_the_anatomy_can_be_handed_over() -> None:
    case = scouts.case()
    found = work_up(case, site(), anatomy=scout_anatomy(case))
    assert found.normalising_volume == work_up(case, site()).normalising_volume

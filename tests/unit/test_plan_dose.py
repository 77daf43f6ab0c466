"""The planned dose map: where its energy lies, and how it is read."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import scouts
from builders import centred_grid

from opensirt.domain.case import Case, Tissue, WorkUpFacts
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, Plan
from opensirt.domain.site_defaults import default_site_profile
from opensirt.domain.structure import Mask, StructureSet
from opensirt.errors import InputError, MissingInputError
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_dose import planned_dose
from opensirt.workflow.plan_model import rows_of
from opensirt.workflow.work_up import scout_anatomy, work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = default_site_profile()


def planned(case: Case, **options: Any) -> Plan:
    return plan(case, work_up(case, SITE), SITE, made_at=NOW, software={}, **options)


def prescribed(model: str = "voxel", **facts: Any) -> Case:
    return scouts.case(prescription=scouts.prescription(model=model), **facts)


def only_dose(made: Plan) -> DoseResult:
    [result] = made.doses.values()
    return result


def number(value: float | Missing) -> float:
    assert not isinstance(value, Missing), value
    return value


def test_the_map_holds_the_energy_of_what_reaches_the_liver() -> None:
    made = planned(prescribed())
    result = only_dose(made)
    assert made.chosen is not None
    released = number(made.chosen.reaching_liver_bq) / 1e9 * 49.67
    mass_kg = 1.05e-3 * result.dose.grid.voxel_volume_ml
    scored = float(result.dose.values.sum(dtype=np.float64)) * mass_kg
    assert scored == pytest.approx(released, rel=1e-6)
    assert result.energy.released_j == pytest.approx(released, rel=1e-6)
    assert result.energy.scored_j == pytest.approx(released, rel=1e-6)
    assert "49.67 Gy kg/GBq" in result.data_set
    assert (result.engine, result.calibration) == ("local", "planned")


def test_the_structures_of_the_voxel_model_have_the_doses_of_its_row() -> None:
    made = planned(prescribed())
    result, row = only_dose(made), made.chosen
    assert row is not None
    assert result.structure("tumour 1").mean_gy == pytest.approx(row.tumour_doses_gy["tumour 1"])
    assert result.structure("gallbladder").mean_gy == pytest.approx(60.0)
    assert result.structure("perfused normal liver").mean_gy == pytest.approx(40.0)
    assert result.structure("normal liver").mean_gy == pytest.approx(number(row.normal_liver_gy))
    assert result.structure("right").mean_gy == pytest.approx(number(row.perfused_volume_gy))
    assert result.structure("normal liver").min_gy == 0.0  # the left lobe is spared


def test_masks_that_cut_voxels_give_the_doses_of_the_row_all_the_same() -> None:
    """Half a voxel off the image: the perfused tissue of a cut voxel holds its activity."""
    shifted = centred_grid((40, 30, 50), (5.0, 5.0, 5.0))
    affine = shifted.affine.copy()
    affine[:3, 3] += (2.0, 1.0, 2.5)
    grid = replace(shifted, affine=affine)
    given = StructureSet(
        tuple(replace(one, mask=Mask(grid, one.mask.values)) for one in scouts.structures())
    )
    made = planned(prescribed(given=given))
    result, row = only_dose(made), made.chosen
    assert row is not None
    assert result.structure("perfused normal liver").mean_gy == pytest.approx(40.0)
    for label, gy in row.tumour_doses_gy.items():
        assert result.structure(label).mean_gy == pytest.approx(gy)
    mass_kg = 1.05e-3 * result.dose.grid.voxel_volume_ml
    scored = float(result.dose.values.sum(dtype=np.float64)) * mass_kg
    assert scored == pytest.approx(number(row.reaching_liver_bq) / 1e9 * 49.67, rel=1e-6)


def test_activities_of_the_compartments_add_up_to_what_reaches_the_liver() -> None:
    made = planned(prescribed())
    result = only_dose(made)
    assert made.chosen is not None
    labels = ("tumour 1", "tumour 2", "gallbladder", "perfused normal liver")
    total = sum(result.structure(label).activity_bq for label in labels)
    assert total == pytest.approx(number(made.chosen.reaching_liver_bq), rel=1e-6)


def test_the_kernel_engine_is_used_when_asked_for_and_keeps_the_energy() -> None:
    made = planned(prescribed(), engine="kernel")
    result = only_dose(made)
    assert result.engine == "kernel"
    assert result.data_set == "icrp107"
    kept = 1 - result.energy.outside_kernel_fraction - result.energy.outside_grid_fraction
    assert result.energy.scored_j == pytest.approx(result.energy.released_j * kept, rel=1e-3)
    assert result.structure("tumour 1").mean_gy == pytest.approx(200.0, rel=0.2)
    assert any(one.rule == "dose_map_and_row" for one in made.findings)


def test_a_partition_plan_is_mapped_with_the_gallbladder_and_says_how_it_differs() -> None:
    made = planned(prescribed("partition"))
    result = only_dose(made)
    assert result.structure("perfused normal liver").mean_gy < 40.0
    [finding] = [one for one in made.findings if one.rule == "dose_map_and_row"]
    assert "(row 40.0 Gy)" in finding.text
    assert not [one for one in planned(prescribed()).findings if one.rule == "dose_map_and_row"]


def test_twice_the_limit_gives_twice_the_map() -> None:
    one, other = (
        only_dose(
            planned(
                scouts.case(
                    prescription=scouts.prescription(
                        model="voxel", limits={"perfused_normal_liver": gy, "lung": 300.0}
                    )
                )
            )
        )
        for gy in (20.0, 40.0)
    )
    np.testing.assert_allclose(other.dose.values, 2 * one.dose.values, rtol=1e-6)


def test_all_maps_are_made_when_asked_for() -> None:
    targets = {"glass": {"perfused_volume": 120.0}}
    case = scouts.case(prescription=scouts.prescription(model="voxel", targets=targets))
    made = planned(case, all_doses=True)
    assert ("glass", "mono_compartment") in made.doses
    assert ("resin", "body_surface_area") in made.doses
    assert ("glass", "body_surface_area") not in made.doses
    assert ("resin", "mono_compartment") not in made.doses
    assert made.doses["holmium", "voxel"].radionuclide == "Ho-166"
    assert made.doses["glass", "mono_compartment"].structure("right").mean_gy == pytest.approx(
        120.0
    )


def test_lungs_have_no_figures_in_the_map_and_this_is_said() -> None:
    values = scouts.scout_values()
    values[scouts.LUNGS] = 0.5
    case = scouts.case(
        values,
        scouts.structures(lungs=scouts.LUNGS),
        prescription=scouts.prescription(model="voxel"),
    )
    made = planned(case)
    assert "lungs" not in {one.label for one in only_dose(made).structures}
    [finding] = [one for one in made.findings if one.rule == "outside_planned_dose"]
    assert "lungs" in finding.text


def test_nothing_is_mapped_when_nothing_is_given() -> None:
    """Body surface area above a shunt of 20 %: the device is not given at all."""
    case = prescribed("body_surface_area", work_up=WorkUpFacts(lung_shunt_fraction=0.25))
    made = planned(case)
    assert made.chosen is not None
    assert made.chosen.administered_activity_bq == 0.0
    assert not made.doses


def test_rows_of_other_territories_or_without_activity_are_refused() -> None:
    case = prescribed()
    workup, anatomy = work_up(case, SITE), scout_anatomy(case)
    made = plan(case, workup, SITE, made_at=NOW, software={}, anatomy=anatomy)
    with pytest.raises(InputError, match="give one row of one device and model for each"):
        planned_dose(anatomy, workup, SITE, made.rows[:2])
    with pytest.raises(InputError, match="no activity reaches the liver"):
        planned_dose(anatomy, workup, SITE, rows_of(made.rows, "glass", "empiric"))
    bare = replace(SITE, dose_constants_gy_kg_per_gbq={})
    with pytest.raises(MissingInputError, match="dose constant of Y-90"):
        planned_dose(anatomy, workup, bare, rows_of(made.rows, "resin", "voxel"))


def test_a_denser_liver_gets_more_activity_for_the_same_dose() -> None:
    heavy = Tissue(liver_density_kg_per_ml=1.10e-3, lung_mass_kg=1.0)
    one, other = planned(prescribed()), planned(prescribed(tissue=heavy))
    assert one.chosen is not None
    assert other.chosen is not None
    assert number(other.chosen.reaching_liver_bq) == pytest.approx(
        number(one.chosen.reaching_liver_bq) * 1.10 / 1.05
    )
    assert only_dose(other).structure("tumour 1").mean_gy == pytest.approx(200.0)

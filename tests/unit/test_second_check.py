"""The second path: it agrees where the first is right, and stops where it is not."""

from dataclasses import replace

import pytest
import scouts
from hypothesis import given, settings
from hypothesis import strategies as st
from optimising import NOW, SITE, planned

from opensirt.domain.case import WorkUpFacts
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Plan
from opensirt.domain.second_check import SecondCheck
from opensirt.errors import InputError
from opensirt.imaging.nearest_counts import nearest_mean
from opensirt.physics.second_check import CountedLiver, CountedTerritory, CountedTissue
from opensirt.workflow.plan import plan
from opensirt.workflow.plan_model import MODELS
from opensirt.workflow.second_check import second_check_findings
from opensirt.workflow.work_up import work_up


def largest(made: Plan) -> float:
    found = [one.difference_fraction for one in made.second_checks]
    numbers = [abs(one) for one in found if not isinstance(one, Missing)]
    assert numbers
    return max(numbers)


def test_every_activity_is_reckoned_again_and_agrees() -> None:
    made = planned(scouts.case(prescription=scouts.prescription()))
    checked = {(one.device, one.model) for one in made.second_checks}
    stated = {
        (row.device, row.model)
        for row in made.rows
        if not isinstance(row.reaching_liver_bq, Missing)
    }
    assert stated <= checked
    assert {("resin", "partition, optimised"), ("holmium", "partition, optimised")} <= checked
    assert largest(made) < 1e-6
    [note] = [one for one in made.findings if one.rule == "second_check_passed"]
    assert note.severity is Severity.NOTE


@settings(max_examples=8)
@given(st.floats(0.0, 0.4), st.floats(5.0, 60.0), st.floats(5.0, 60.0), st.floats(1.0, 30.0))
def test_two_territories_under_any_limits_agree(
    shunt: float, whole: float, perfused: float, lung: float
) -> None:
    case = scouts.two_territories(
        prescription=scouts.prescription(
            limits={"normal_liver": whole, "perfused_normal_liver": perfused, "lung": lung},
            targets={"resin": {"perfused_volume": 120.0, "tumour": 100.0}},
        ),
        work_up=WorkUpFacts(lung_shunt_fraction=shunt),
    )
    made = plan(case, work_up(case, SITE), SITE, made_at=NOW, software={})
    assert largest(made) < 1e-6
    assert {one.territory for one in made.second_checks} == {"R", "L"}
    assert {one.model for one in made.second_checks} == set(MODELS)
    assert not [one for one in made.second_checks if isinstance(one.recomputed_bq, Missing)]


def test_without_a_lung_shunt_what_reaches_the_liver_is_checked() -> None:
    case = scouts.case(prescription=scouts.prescription(), work_up=scouts.no_shunt())
    made = planned(case)
    assert {one.quantity for one in made.second_checks} == {"activity reaching the liver"}
    assert largest(made) < 1e-6


def test_a_wrong_mass_in_the_first_path_stops_the_plan() -> None:
    case = scouts.case(prescription=scouts.prescription())
    workup = work_up(case, SITE)
    [territory] = workup.territories
    wrong = replace(
        workup,
        territories=(
            replace(
                territory,
                perfused_normal_mass_kg=territory.perfused_normal_mass_kg * 1.2,
            ),
        ),
    )
    made = plan(case, wrong, SITE, made_at=NOW, software={})
    stopped = [one for one in made.findings if one.rule == "second_check"]
    assert stopped
    assert all(one.severity is Severity.STOP for one in stopped)
    assert "find out why before anything is ordered" in stopped[0].text
    assert not [one for one in made.findings if one.rule == "second_check_passed"]


def check(stated: float, recomputed: float) -> SecondCheck:
    return SecondCheck(
        device="resin",
        model="partition",
        territory="right",
        quantity="administered activity",
        stated_bq=stated,
        recomputed_bq=recomputed,
        how="volumes and mean counts",
    )


def test_five_per_cent_is_the_border() -> None:
    [inside] = second_check_findings([check(1e9, 1.049e9)])
    [outside] = second_check_findings([check(1e9, 0.949e9)])
    assert inside.severity is Severity.NOTE
    assert outside.severity is Severity.STOP
    assert "(-5.1%)" in outside.text
    assert second_check_findings([]) == ()
    [warned] = second_check_findings(
        [replace(check(1e9, 1e9), recomputed_bq=Missing.NOT_EVALUABLE)]
    )
    assert warned.severity is Severity.WARN
    assert "check it by hand" in warned.text


def test_the_partition_formula_of_the_thesis_example_comes_out() -> None:
    """F5-1: D_N 40 Gy, T/N 5, 300 g and 1200 g, LSF 4 %: 2.265 GBq (clinical notes, part 3.7)."""
    territory = CountedTerritory(
        name="whole",
        perfused_ml=1500.0,
        region_amount=1200.0 + 5 * 300.0,
        perfused_amount=1200.0 + 5 * 300.0,
        normal=CountedTissue(volume_ml=1200.0, mean_counts=1.0),
        whole_normal_amount=1200.0,
        tumours={"t": CountedTissue(volume_ml=300.0, mean_counts=5.0)},
    )
    liver = CountedLiver(
        territories=[territory],
        whole_normal_ml=1200.0,
        density_kg_per_ml=1e-3,
        by_compartment=True,
    )
    limits = {"perfused_normal_liver": 40.0, "lung": 30.0}
    [reaching] = liver.reaching_gbq(
        limits, constant=49.67, lung_shunt_fraction=0.04, lung_mass_kg=1.0
    )
    assert reaching / 0.96 == pytest.approx(2.265, abs=5e-4)
    with pytest.raises(InputError, match="needs one of the normal liver"):
        liver.reaching_gbq({}, constant=49.67, lung_shunt_fraction=0.04, lung_mass_kg=1.0)


def test_the_nearest_voxel_gives_the_mean_and_the_volume() -> None:
    case = scouts.case()
    scout = case.scout()
    assert scout is not None
    volume_ml, mean = nearest_mean(scout.image, scouts.box(scouts.TUMOUR_1))
    assert volume_ml == pytest.approx(216 * 0.125)
    assert mean == pytest.approx(scouts.HOT_1)
    nothing = scouts.box((slice(0, 0), slice(0, 0), slice(0, 0)))
    assert nearest_mean(scout.image, nothing) == (0.0, 0.0)

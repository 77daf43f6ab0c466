"""The optimiser on scouts whose truth can be reckoned by hand: limits, vials, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import scouts
from optimising import SITE, number, optimised, planned

from opensirt.domain.case import WorkUpFacts
from opensirt.domain.device import device
from opensirt.domain.finding import Severity, stops
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import (
    ControlCurve,
    Objective,
    OptimiseRequest,
    RobustRequest,
    VialRequest,
)
from opensirt.errors import InputError, MissingInputError, RuleError, UnknownNameError
from opensirt.workflow.limit_in_force import limits_in_force, targets_in_force
from opensirt.workflow.optimise import OPTIMISED_MODELS, Replanner
from opensirt.workflow.work_up import scout_anatomy, work_up

QUICK = OptimiseRequest(trade_off=False)


@pytest.mark.parametrize("model", OPTIMISED_MODELS)
@pytest.mark.parametrize("name", ["resin", "glass", "holmium"])
def test_with_one_territory_the_optimum_is_the_row_of_the_model(model: str, name: str) -> None:
    made = planned(scouts.case(prescription=scouts.prescription()), replace(QUICK, model=model))
    one = next(one for one in made.optimised if one.device == name)
    [row] = [row for row in made.rows if (row.device, row.model) == (name, model)]
    assert one.administered_bq[0] == pytest.approx(number(row.administered_activity_bq), rel=1e-9)
    assert one.tumour_doses_gy == pytest.approx(row.tumour_doses_gy, rel=1e-9)
    assert one.normal_liver_gy == pytest.approx(number(row.normal_liver_gy), rel=1e-9)
    assert one.lung_gy == pytest.approx(number(row.lung_gy), rel=1e-9)
    assert [limit.words for limit in one.binding] == [row.binding]
    [binding] = one.binding
    # One territory: everything grows with the limit, so the price is their ratio.
    assert binding.price == pytest.approx(number(one.objective_value) / binding.at_most, rel=1e-6)


def test_the_least_dosed_tumour_of_two_territories_beats_every_pair_on_a_grid() -> None:
    case = scouts.two_territories(prescription=scouts.prescription(limits={"normal_liver": 30.0}))
    workup = work_up(case, SITE)
    planner = Replanner.of(workup, "multi_tumour_partition")
    resin = device("resin")
    limits = limits_in_force("resin", case.prescription, SITE)
    constant = SITE.dose_constants_gy_kg_per_gbq["Y-90"]
    one = planner.replan(resin, limits, {}, QUICK, dose_constant=constant)
    best = 0.0
    liver = planner.liver
    for right in np.linspace(0.0, 3.0, 61):
        for left in np.linspace(0.0, 3.0, 61):
            bq = [right * 1e9, left * 1e9]
            if liver.normal_gy(constant.value, bq) > 30.0:
                continue
            if any(
                territory.perfused_normal_gy(constant.value, each) > 40.0
                for territory, each in zip(liver.territories, bq, strict=True)
            ):
                continue
            best = max(best, min(liver.tumour_gy(constant.value, bq).values()))
    value = number(one.objective_value)
    assert best <= value * (1 + 1e-9)
    assert value - best < 0.05 * value
    assert min(one.tumour_doses_gy.values()) == pytest.approx(value)
    assert number(one.normal_liver_gy) <= 30.0 * (1 + 1e-9)


def test_the_mean_goes_where_a_gray_to_the_liver_buys_most() -> None:
    case = scouts.two_territories(prescription=scouts.prescription(limits={"normal_liver": 5.0}))
    mean = optimised(case, OptimiseRequest(objective=Objective.MEAN, trade_off=False))
    least = optimised(case, OptimiseRequest(objective=Objective.MINIMUM, trade_off=False))
    assert min(mean.administered_bq) == pytest.approx(0.0, abs=1.0)
    assert min(least.administered_bq) > 1e6
    assert min(least.tumour_doses_gy.values()) > min(mean.tumour_doses_gy.values())


def test_a_stated_earlier_lung_dose_takes_room_from_the_cumulative_limit() -> None:
    case = scouts.case(
        prescription=scouts.prescription(),
        work_up=WorkUpFacts(lung_shunt_fraction=0.15),
    )
    free = optimised(case)
    tight = optimised(case, OptimiseRequest(earlier_lung_gy=45.0, trade_off=False))
    [binding] = tight.binding
    assert binding.key == "lung_cumulative"
    assert binding.value == pytest.approx(50.0)
    assert number(tight.lung_gy) == pytest.approx(5.0)
    assert tight.administered_bq[0] < free.administered_bq[0]


def test_a_limit_of_spheres_binds() -> None:
    one = optimised(
        scouts.case(prescription=scouts.prescription()),
        OptimiseRequest(
            spheres_per_ml_at_most=5000.0, activity_per_sphere_bq=100.0, trade_off=False
        ),
    )
    [binding] = one.binding
    assert (binding.key, binding.unit) == ("spheres_per_ml", "per mL")
    perfused_ml = 20 * 20 * 23 * 0.125
    assert one.reaching_bq[0] / 100.0 / perfused_ml == pytest.approx(5000.0)
    assert any("100 Bq at administration, as stated" in note for note in one.notes)


def test_holmium_spheres_are_as_many_as_there_can_be() -> None:
    case = scouts.case(prescription=scouts.prescription())
    one = optimised(
        case, OptimiseRequest(spheres_per_ml_at_most=5000.0, trade_off=False), "holmium"
    )
    assert any("spheres of 200 Bq, the least in print" in note for note in one.notes)


def test_glass_is_chosen_in_whole_vials_and_the_next_one_is_priced() -> None:
    case = scouts.case(prescription=scouts.prescription("glass", limits={"normal_liver": 60.0}))
    request = OptimiseRequest(vials=VialRequest(hours_after_calibration=64.1), trade_off=False)
    one = optimised(case, request, "glass")
    [sizes] = one.vials_gbq
    assert one.administered_bq[0] == pytest.approx(
        sum(sizes) * 1e9 * 0.5 - 0.010e9 * len(sizes), rel=1e-9
    )
    assert number(one.objective_value) <= number(one.continuous_objective)
    assert number(one.normal_liver_gy) <= 60.0
    [step] = one.next_vials
    assert step.administered_bq > one.administered_bq[0]
    words, value, at_most, unit = step.exceeded[0]
    assert (words, at_most, unit) == ("normal liver 60 Gy", 60.0, "Gy")
    assert value == pytest.approx(
        number(one.normal_liver_gy) * step.administered_bq / one.administered_bq[0]
    )
    holmium = optimised(case, request, "holmium")
    assert holmium.vials_gbq == ()
    assert any("no vial sizes" in note for note in holmium.notes)


def test_resin_is_drawn_from_vials_that_hold_enough() -> None:
    case = scouts.case(prescription=scouts.prescription(limits={"perfused_normal_liver": 40.0}))
    request = OptimiseRequest(vials=VialRequest(hours_after_calibration=0.0), trade_off=False)
    one = optimised(case, request)
    plain = optimised(case)
    assert one.administered_bq == pytest.approx(plain.administered_bq)
    assert len(one.vials_gbq[0]) == int(np.ceil(plain.administered_bq[0] / 1e9 / (3 * 0.9699)))
    assert optimised(case, OptimiseRequest(vials=VialRequest(hours_after_calibration=48.0))).refused


def test_control_needs_a_curve_and_then_grows_with_the_limit() -> None:
    case = scouts.case(prescription=scouts.prescription())
    with pytest.raises(MissingInputError, match="no verified one exists for neuroendocrine"):
        planned(case, OptimiseRequest(objective=Objective.CONTROL))
    request = OptimiseRequest(
        objective=Objective.CONTROL,
        control=ControlCurve(d50_gy=150.0, slope_per_gy=0.03),
        trade_off=False,
    )
    one = optimised(case, request)
    each = [1 / (1 + np.exp(-0.03 * (gy - 150.0))) for gy in one.tumour_doses_gy.values()]
    assert one.objective_value == pytest.approx(np.prod(each), rel=1e-6)
    with pytest.raises(InputError, match="slope_per_gy is -1; it is above zero"):
        ControlCurve(d50_gy=150.0, slope_per_gy=-1.0)


def test_d70_is_that_of_voxels_and_refused_of_a_partition() -> None:
    values = scouts.scout_values()
    k, j, i = scouts.TUMOUR_1
    values[k, j, slice(i.start, i.start + 3)] = 100.0  # half the tumour takes up twice as much
    case = scouts.case(values, prescription=scouts.prescription())
    one = optimised(case, OptimiseRequest(objective=Objective.D70, trade_off=False))
    assert one.model == "voxel"
    by_label = {"tumour 1": 50.0 / 75.0, "tumour 2": 1.0}
    least = min(by_label[label] * gy for label, gy in one.tumour_doses_gy.items())
    assert one.objective_value == pytest.approx(least, rel=1e-6)
    with pytest.raises(InputError, match="D70 of a tumour needs the voxel model"):
        planned(case, OptimiseRequest(objective=Objective.D70, model="partition"))


def test_the_trade_off_is_kept_by_its_limits_and_never_falls() -> None:
    case = scouts.two_territories(prescription=scouts.prescription("glass", limits={}))
    one = optimised(case, OptimiseRequest(), "glass")
    assert len(one.trade_off) > 10
    values = [point.objective for point in one.trade_off]
    assert values == sorted(values)
    for point in one.trade_off:
        assert point.normal_liver_gy <= point.limit_gy * (1 + 1e-9)
    at_limit = next(point for point in one.trade_off if point.limit_gy == pytest.approx(75.0))
    assert at_limit.objective == pytest.approx(number(one.objective_value), rel=1e-6)


def test_limits_that_exclude_every_activity_are_named_with_what_they_would_have_to_be() -> None:
    case = scouts.case(prescription=scouts.prescription())
    made = planned(case, OptimiseRequest(earlier_lung_gy=52.0))
    resin = made.optimised[0]
    assert resin.refused
    assert resin.administered_bq == ()
    assert "exclude every activity" in resin.refusal
    assert "lung cumulative 50 Gy to 52 Gy" in resin.refusal
    [relaxation] = resin.relaxations
    assert relaxation.needed == pytest.approx(52.0, rel=1e-4)
    severities = {
        one.text.split(":")[0]: one.severity for one in made.findings if "optimiser" in one.rule
    }
    assert severities["optimiser, resin"] is Severity.STOP
    assert severities["optimiser, glass"] is Severity.WARN
    assert stops(made.findings)


def test_a_required_target_out_of_reach_says_which_limit_would_have_to_give_way() -> None:
    case = scouts.case(
        prescription=scouts.prescription(targets={"resin": {"tumour": 150.0}}),
    )
    request = OptimiseRequest(
        model="multi_tumour_partition", targets_required=True, trade_off=False
    )
    one = optimised(case, request)
    # Tumour 2 takes up three times as much as the liver: 150 Gy need 50 Gy in the liver.
    assert "tumour target exclude every activity" in one.refusal
    [relaxation] = one.relaxations
    assert relaxation.words == "perfused normal liver 40 Gy"
    assert relaxation.needed == pytest.approx(50.0)
    reachable = scouts.prescription(targets={"resin": {"tumour": 100.0}})
    assert not optimised(scouts.case(prescription=reachable), request).refused
    glass = optimised(scouts.case(prescription=reachable), request, "glass")
    assert "none is in force for glass" in glass.refusal


def test_a_vial_that_is_too_large_for_every_limit_is_refused_with_the_least_excess() -> None:
    case = scouts.case(prescription=scouts.prescription("glass", limits={"normal_liver": 5.0}))
    one = optimised(case, OptimiseRequest(vials=VialRequest(hours_after_calibration=0.0)), "glass")
    assert "no whole vials fit: the smallest (3 GBq at calibration" in one.refusal
    [relaxation] = one.relaxations
    assert relaxation.words == "normal liver 5 Gy"
    assert relaxation.needed > 5.0


def test_vials_that_leave_a_tumour_without_dose_are_refused() -> None:
    case = scouts.two_territories(
        prescription=scouts.prescription("glass", limits={"normal_liver": 60.0})
    )
    early = VialRequest(hours_after_calibration=40.0)
    one = optimised(case, OptimiseRequest(vials=early, trade_off=False), "glass")
    assert "in every territory would need normal liver 60 Gy to" in one.refusal
    mean = OptimiseRequest(objective=Objective.MEAN, vials=early, trade_off=False)
    assert not optimised(case, mean, "glass").refused
    robust = RobustRequest(n_scenarios=100, chances={"all": 0.9})
    late = VialRequest(hours_after_calibration=60.0)
    by_chance = optimised(
        case, OptimiseRequest(vials=late, robust=robust, trade_off=False), "glass"
    )
    assert by_chance.refused or min(by_chance.administered_bq) > 0


def test_an_unknown_lung_shunt_refuses_and_is_never_zero() -> None:
    case = scouts.case(prescription=scouts.prescription(), work_up=scouts.no_shunt())
    one = optimised(case)
    assert "lung shunt fraction is not known" in one.refusal
    assert one.total_bq is Missing.NOT_EVALUABLE


def test_names_that_do_not_exist_are_refused() -> None:
    case = scouts.case(prescription=scouts.prescription())
    with pytest.raises(UnknownNameError, match="unknown model to optimise 'bsa'"):
        planned(case, OptimiseRequest(model="bsa"))
    with pytest.raises(UnknownNameError, match="unknown limit to keep by chance 'lungs'"):
        planned(case, OptimiseRequest(robust=RobustRequest(chances={"lungs": 0.9})))
    workup = work_up(case, SITE)
    with pytest.raises(RuleError, match="planning needs a device"):
        Replanner.of(workup, "partition").replan(
            device("unknown"), {}, {}, QUICK,
            dose_constant=SITE.dose_constants_gy_kg_per_gbq["Y-90"],
        )  # fmt: skip
    with pytest.raises(UnknownNameError, match="unknown model to optimise 'bsa'"):
        Replanner.of(workup, "bsa")


def test_without_a_limit_or_a_tumour_nothing_is_optimised() -> None:
    case = scouts.case(prescription=scouts.prescription())
    workup = work_up(case, SITE)
    with pytest.raises(MissingInputError, match="limit that bounds the activity of territory"):
        Replanner.of(workup, "voxel", anatomy=scout_anatomy(case)).replan(
            device("resin"), {}, targets_in_force("resin", None, SITE), QUICK,
            dose_constant=SITE.dose_constants_gy_kg_per_gbq["Y-90"],
        )  # fmt: skip
    bare = scouts.case(given=scouts.structures(tumours=()), prescription=scouts.prescription())
    with pytest.raises(MissingInputError, match="tumour in a perfused volume"):
        planned(bare)


def test_requests_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="99 scenarios; at least 100"):
        RobustRequest(n_scenarios=99)
    with pytest.raises(InputError, match="given as %\\? Then write 0.95"):
        RobustRequest(chances={"lung": 95.0})
    with pytest.raises(InputError, match="at most 0 vials for one territory"):
        VialRequest(hours_after_calibration=0.0, most_per_territory=0)
    case = scouts.case(prescription=scouts.prescription())
    with pytest.raises(InputError, match="earlier lung dose is -1 Gy"):
        planned(case, OptimiseRequest(earlier_lung_gy=-1.0))

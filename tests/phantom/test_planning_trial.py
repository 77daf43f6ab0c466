"""Simulated patients: the truth is delivered by its own arithmetic, and chances are calibrated."""

from dataclasses import replace

import numpy as np
import pytest

from opensirt.domain.delivery_error import (
    DeliveryErrors,
    ErrorQuantity,
    published_delivery_errors,
)
from opensirt.domain.device import device
from opensirt.domain.optimised_plan import OptimiseRequest
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError
from opensirt.phantom.planning_trial import (
    JudgedChance,
    delivered,
    planning_trial,
    reliability,
    simulated_patient,
)
from opensirt.workflow.limit_in_force import NORMAL, InForce
from opensirt.workflow.optimise import Replanner

SITE = default_site_profile()
PRIOR = published_delivery_errors("resin")
CONSTANT = SITE.dose_constants_gy_kg_per_gbq["Y-90"]


def scaled(errors: DeliveryErrors, factor: float) -> DeliveryErrors:
    return replace(
        errors,
        distributions={
            quantity: replace(
                one,
                between_cases=one.between_cases * factor,
                within_case=one.within_case * factor,
            )
            for quantity, one in errors.distributions.items()
        },
    )


def test_without_errors_the_delivery_is_the_plan() -> None:
    none = scaled(PRIOR, 0.0)
    limit = InForce(key=NORMAL, gy=40.0, source="test", scenario="", verified=True, prescribed=True)
    for seed in range(5):
        patient = simulated_patient(none, np.random.default_rng(seed))
        plan = Replanner.of(patient.seen, "multi_tumour_partition").replan(
            device("resin"), {NORMAL: limit}, {}, OptimiseRequest(), dose_constant=CONSTANT
        )
        got = delivered(patient, plan.administered_bq, constant=CONSTANT.value)
        assert got.normal_gy == pytest.approx(40.0)
        assert got.tumours_gy == pytest.approx(tuple(plan.tumour_doses_gy.values()))
        assert got.lung_gy == pytest.approx(plan.lung_gy)
        assert got.perfused_normal_gy == pytest.approx(
            tuple(plan.perfused_normal_doses_gy.values())
        )


@pytest.mark.parametrize("exchangeable", [True, False])
def test_stated_chances_are_met_as_often_as_stated(exchangeable: bool) -> None:  # noqa: FBT001
    """A small version of bench/robust_calibration.py, where 1,000 patients are under 5 points."""

    def points(believed: DeliveryErrors) -> float:
        judged = planning_trial(
            150,
            SITE,
            device_name="resin",
            true_errors=PRIOR,
            believed_errors=believed,
            rng=np.random.default_rng(4),
            n_scenarios=200,
            exchangeable=exchangeable,
        )
        assert len({one.patient for one in judged}) == 150
        return 100 * reliability(judged).expected_calibration_error

    right = points(PRIOR)
    assert right < 8.0  # 900 chances of 150 patients, several of each, scatter by some points
    assert points(scaled(PRIOR, 0.3)) > right + 3.0  # who errs more than he believes is found out


def test_reliability_by_hand() -> None:
    def chance(stated: float, *, met: bool) -> JudgedChance:
        return JudgedChance(patient=0, kind="limit", words="lung", stated=stated, met=met)

    judged = [
        chance(0.95, met=True),
        chance(0.95, met=True),
        chance(0.15, met=True),
        chance(0.15, met=False),
        chance(1.0, met=True),
    ]
    one = reliability(judged)
    assert [(each.low, each.n) for each in one.bins] == [(0.1, 2), (0.9, 3)]
    assert one.expected_calibration_error == pytest.approx(
        (2 * abs(0.5 - 0.15) + 3 * (1 - 2.9 / 3)) / 5
    )
    with pytest.raises(InputError, match="no chance was stated"):
        reliability([])


def test_scout_and_treatment_are_two_views_of_one_patient() -> None:
    rng = np.random.default_rng(0)
    logs = []
    for _ in range(600):
        patient = simulated_patient(PRIOR, rng)
        for one, seen in zip(patient.territories, patient.seen.territories, strict=True):
            shown = np.array([float(str(r)) for r in seen.tumour_to_normal_ratio.values()])
            logs += np.log(one.ratios / shown).tolist()
    ratio = PRIOR.of(ErrorQuantity.TUMOUR_TO_NORMAL_RATIO)
    assert not hasattr(ratio, "value")
    assert np.std(logs) == pytest.approx(0.50, abs=0.03)
    assert np.mean(logs) == pytest.approx(0.0, abs=0.04)

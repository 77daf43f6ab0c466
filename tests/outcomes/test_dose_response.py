"""Dose–response: known curves are found, clusters count, and a local target knows its limits."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, RuleError
from opensirt.outcomes.calibration import calibration
from opensirt.outcomes.dose_comparison import compare_metrics, effect_modification
from opensirt.outcomes.dose_curve_fit import fit_complication, fit_tumour_control
from opensirt.outcomes.local_dose_model import (
    DoseModelWords,
    LocalDoseModel,
    as_mapping,
    from_mapping,
    local_dose_model,
    local_prescription,
    local_target,
)
from opensirt.outcomes.mixed_logistic import averaged_over_patients, fit_mixed_logistic
from opensirt.outcomes.mixed_ordinal import ClusteredOutcomes, mixed_score, mixed_terms
from opensirt.outcomes.roc import optimism_corrected_threshold, roc

WORDS = DoseModelWords(
    effect="tumour control",
    criterion="RECIST 1.1, PR or CR",
    time_point="3 months",
    unit="lesion",
    structure="tumour",
    metric="mean",
    dose_method="partition",
    dose_from="planned",
    device="resin",
    radionuclide="Y-90",
    population="simulated patients",
    source="made by the test",
)


def cohort(
    seed: int, patients: int = 150, *, spread: float = 1.0, d50: float = 120.0, gamma: float = 0.6
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 7, patients))
    dose = np.exp(rng.normal(np.log(d50), 0.6, len(patient)))
    eta = 4 * gamma * np.log(dose / d50) + rng.normal(0, spread, patients)[patient]
    return dose, (rng.random(len(patient)) < expit(eta)).astype(float), patient


def model(seed: int = 5) -> LocalDoseModel:
    dose, seen, patient = cohort(seed)
    return local_dose_model(
        fit_tumour_control(dose, seen, patient=patient),
        WORDS,
        table_sha256="0" * 64,
        software="test",
        made_at="2026-01-01T00:00:00+00:00",
        made_by="test",
    )


def test_a_known_tumour_control_curve_is_found() -> None:
    dose, seen, patient = cohort(2, 300)
    fit = fit_tumour_control(dose, seen, patient=patient)
    low, high = fit.d50_gy.low, fit.d50_gy.high
    assert not isinstance(low, Missing)
    assert not isinstance(high, Missing)
    assert low < 120.0 < high
    assert fit.steepness.estimate == pytest.approx(0.6, abs=0.15)
    assert fit.curve.spread == pytest.approx(1.0, abs=0.4)
    dose_of_80 = fit.curve.dose_for(0.8).estimate
    assert not isinstance(dose_of_80, Missing)
    assert fit.curve.chance(dose_of_80) == pytest.approx(0.8, abs=1e-9)
    assert fit.curve.chance(fit.curve.d50_gy) == pytest.approx(0.5, abs=1e-9)


def test_a_known_complication_curve_is_found() -> None:
    rng = np.random.default_rng(3)
    dose = rng.uniform(15.0, 95.0, 1500)
    seen = rng.random(1500) < ndtr((dose - 60.0) / (0.3 * 60.0))
    fit = fit_complication(dose, seen)
    assert fit.d50_gy.estimate == pytest.approx(60.0, abs=2.5)
    assert fit.steepness.estimate == pytest.approx(0.3, abs=0.05)
    assert fit.curve.dose_for(0.15).estimate == pytest.approx(60.0 * (1 - 1.03643 * 0.3), rel=0.05)


def test_ignored_clusters_give_too_narrow_intervals() -> None:
    dose, seen, patient = cohort(4, spread=2.0)
    aware = fit_tumour_control(dose, seen, patient=patient)
    naive = fit_tumour_control(dose, seen, patient=None)
    width = [np.log(one.d50_gy.high / one.d50_gy.low) for one in (aware, naive)]  # type: ignore[operator] # bounded
    assert width[0] > 1.2 * width[1]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(-1.5, 1.5), st.floats(0.0, 2.5))
def test_the_mixed_score_is_the_derivative_of_the_likelihood(
    seed: int, slope: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(12), 4)
    level = np.concatenate([[0, 1, 2], rng.integers(0, 3, 45)])
    data = ClusteredOutcomes.of(rng.normal(size=48), ("x",), level, ("a", "b", "c"), patient)
    at = np.array([-0.5, 0.7, slope, spread])
    _, score = mixed_score(data, at)
    for j in range(4):
        step = 1e-5 * np.eye(4)[j]
        up, down = (mixed_score(data, at + sign * step)[0] for sign in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(score[j], rel=1e-4, abs=1e-4)


def test_terms_of_centres_with_their_own_patients_add_up() -> None:
    dose, seen, patient = cohort(6, 60)
    x, at = np.log(dose), np.array([1.0, 0.5, 0.8])
    parts = []
    for chosen in (patient % 2 == 0, patient % 2 == 1):
        part = ClusteredOutcomes.of(x[chosen], ("x",), seen[chosen], ("0", "1"), patient[chosen])
        parts.append(mixed_terms(part, at))
    whole = mixed_terms(ClusteredOutcomes.of(x, ("x",), seen, ("0", "1"), patient), at)
    assert sum(one.log_likelihood for one in parts) == pytest.approx(whole.log_likelihood)
    np.testing.assert_allclose(sum(one.score for one in parts), whole.score, atol=1e-8)


def test_without_spread_between_patients_the_mixed_model_is_the_plain_one() -> None:
    dose, seen, patient = cohort(10, spread=0.0)
    fit = fit_mixed_logistic(np.log(dose), seen, ("ln dose",), patient)
    assert fit.spread < 0.6
    assert averaged_over_patients(np.array([0.3]), 0.0) == pytest.approx(expit(0.3))


def test_roc_of_perfect_and_of_useless_marks() -> None:
    assert roc([1, 2, 3, 4], [0, 0, 1, 1]).area == 1.0
    assert roc([1, 1, 1, 1], [0, 1, 0, 1]).area == 0.5
    with pytest.raises(InputError, match="all 2 rows are 1"):
        roc([1, 2], [1, 1])


def test_a_threshold_found_in_noise_is_corrected_towards_chance() -> None:
    rng = np.random.default_rng(1)
    score, patient = rng.normal(size=80), np.repeat(np.arange(40), 2)
    seen = np.arange(80) % 2
    found = optimism_corrected_threshold(score, seen, patient, draws=200, rng=rng)
    apparent = found.sensitivity + found.specificity - 1.0
    corrected = found.sensitivity_corrected + found.specificity_corrected - 1.0
    assert apparent > 0.05
    assert corrected < 0.6 * apparent


def test_calibration_of_the_truth_has_slope_one_and_of_boasts_less() -> None:
    rng = np.random.default_rng(2)
    eta = rng.normal(size=6000)
    seen = rng.random(6000) < expit(eta)
    right, bold = calibration(expit(eta), seen), calibration(expit(2.0 * eta), seen)
    assert right.line.estimate == pytest.approx([0.0, 1.0], abs=0.1)
    assert bold.line.estimate[1] == pytest.approx(0.5, abs=0.05)
    assert right.brier < bold.brier
    assert sum(one.observed.of for one in right.groups) == 6000
    with pytest.raises(InputError, match="too few"):
        calibration([0.2, 0.8, 0.5], [0, 1, 1])


def test_the_metric_that_acts_comes_first_and_gaps_leave_all_metrics() -> None:
    dose, seen, patient = cohort(7)
    rng = np.random.default_rng(7)
    noisy = dose * np.exp(rng.normal(0, 0.8, len(dose)))
    noisy[:5] = np.nan
    found = compare_metrics({"noisy": noisy, "true": dose}, seen, patient, draws=60, rng=rng)
    assert [one.name for one in found.rows] == ["true", "noisy"]
    assert found.rows[0].akaike_difference == 0.0
    assert found.rows[1].area_minus_best_interval[1] < 0.0
    assert (found.left_out, found.n) == (5, len(dose) - 5)


def test_a_device_that_needs_more_dose_is_an_effect_modifier() -> None:
    rng = np.random.default_rng(8)
    patient = np.repeat(np.arange(300), 4)
    device = np.where(patient % 2 == 0, "resin", "glass")
    dose = np.exp(rng.normal(np.log(150.0), 0.6, 1200))
    d50 = np.where(device == "glass", 220.0, 110.0)
    seen = rng.random(1200) < expit(3.0 * np.log(dose / d50) + rng.normal(0, 0.8, 300)[patient])
    found = effect_modification(dose, seen, patient, device.tolist())
    assert found.shift.p < 1e-6
    assert found.interaction.p > 0.001
    assert found.d50_gy["glass"] == pytest.approx(220.0, rel=0.2)
    assert found.d50_gy["resin"] == pytest.approx(110.0, rel=0.2)
    with pytest.raises(InputError, match="one group only"):
        effect_modification(dose, seen, patient, ["resin"] * 1200)


def test_a_local_model_goes_out_and_comes_back() -> None:
    one = model()
    text = json.dumps(as_mapping(one))
    again = from_mapping(json.loads(text), where="test")
    assert json.dumps(as_mapping(again)) == text
    assert "not externally validated" in text
    with pytest.raises(InputError, match="schema None"):
        from_mapping({}, where="x.json")
    broken = json.loads(text)
    del broken["n"]
    with pytest.raises(InputError, match="no dose model"):
        from_mapping(broken, where="x.json")


def test_a_local_target_is_flagged_and_refused_outside_what_was_seen() -> None:
    one = model()
    target = local_target(one, 0.7, device="resin", dose_method="partition")
    assert not target.verified
    assert target.low_gy < target.dose_gy < target.high_gy
    prescription = local_prescription(one, 0.7, device="resin", dose_model="partition")
    assert prescription.targets_gy["resin"]["tumour"] == target.dose_gy
    assert "local model, not externally validated" in prescription.assumed[0]
    with pytest.raises(RuleError, match="holds for device 'resin'"):
        local_target(one, 0.7, device="glass", dose_method="partition")
    with pytest.raises(RuleError, match="holds for dose method"):
        local_target(one, 0.7, device="resin", dose_method="mono_compartment")
    with pytest.raises(RuleError, match="has seen"):
        local_target(one, 0.9999, device="resin", dose_method="partition")


def test_a_curve_without_a_bound_is_no_target_and_few_rows_are_none() -> None:
    rng = np.random.default_rng(12)
    dose, patient = rng.uniform(80, 120, 60), np.repeat(np.arange(20), 3)
    for seed in range(20):
        seen = np.random.default_rng(seed).random(60) < 0.5
        if fit_slope(dose, seen, patient) > 0:
            break
    fit = fit_tumour_control(dose, seen, patient=patient)
    with pytest.raises(RuleError, match="no planning target"):
        local_dose_model(fit, WORDS, table_sha256="", software="", made_at="", made_by="")
    with pytest.raises(InputError, match="at least 5 with and 5 without"):
        fit_tumour_control(dose[:8], [1, 1, 0, 1, 1, 1, 1, 1], patient=patient[:8])
    with pytest.raises(InputError, match="does not rise with dose"):
        fit_tumour_control(dose, (dose < 100) ^ (np.arange(60) % 5 == 0), patient=None)
    with pytest.raises(InputError, match="does not state its criterion"):
        DoseModelWords(**{**WORDS_FIELDS, "criterion": " "})


WORDS_FIELDS = {name: getattr(WORDS, name) for name in DoseModelWords.__dataclass_fields__}


def fit_slope(dose: np.ndarray, seen: np.ndarray, patient: np.ndarray) -> float:
    found = fit_mixed_logistic(np.log(dose), seen, ("x",), patient)
    return float(found.coefficients.estimate[1])

"""Propensity weighting, table 1, toxicity incidence and courses of scores: known answers."""

from dataclasses import replace

import numpy as np
import pytest
from outcome_tables import endpoint
from scipy.special import expit

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.propensity import Estimand, propensity_weights, weighted_hazard_ratio
from opensirt.outcomes.score_course import fit_score_course
from opensirt.outcomes.table_one import table_one
from opensirt.outcomes.times import event_times
from opensirt.outcomes.toxicity_incidence import not_followed, toxicity_incidence
from opensirt.phantom.cohort import simulated_cohort
from opensirt.phantom.cohort_tables import patient_table


def confounded(n: int = 6000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sicker patients get the treatment, and die earlier; the treatment itself does nothing."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 2))
    treated = (rng.random(n) < expit(0.9 * x[:, 0] - 0.5 * x[:, 1])).astype(float)
    death = rng.exponential(30.0 * np.exp(-0.7 * x[:, 0] + 0.3 * x[:, 1]))
    lost = rng.uniform(5.0, 80.0, n)
    return x, treated, np.minimum(death, lost), (death <= lost).astype(float)


@pytest.mark.parametrize("estimand", list(Estimand))
def test_weighting_takes_confounding_away_and_balances(estimand: Estimand) -> None:
    x, treated, time, event = confounded()
    times = event_times(endpoint(), time, event)
    weights = propensity_weights(treated, x, ("burden", "albumin"), estimand=estimand)
    assert abs(weights.balance[0].difference) > 0.5
    assert weights.balanced
    plain = np.ones(len(treated))
    naive = weighted_hazard_ratio(times, replace(weights, weight=plain), "treated")
    fair = weighted_hazard_ratio(times, weights, "treated")
    assert naive.hazard_ratio[0] > 1.4
    low, high = fair.hazard_ratio_interval()[0]
    assert low < 1.0 < high or fair.hazard_ratio[0] == pytest.approx(1.0, abs=0.12)
    assert max(weights.effective_n) < len(treated)
    assert fair.robust


def test_patients_without_a_counterpart_are_counted() -> None:
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.normal(0, 1, 300), rng.normal(1.2, 1, 300)])
    treated = np.repeat([0.0, 1.0], 300)
    found = propensity_weights(treated, x, ("burden",))
    assert sum(found.outside_overlap) > 0
    assert found.largest_weight > 3.0
    with pytest.raises(InputError, match="no finite estimate"):
        propensity_weights(treated, treated, ("decided by",))
    with pytest.raises(InputError, match="all 600 rows are 1"):
        propensity_weights(np.ones(600), x, ("burden",))


def test_table_one_counts_the_missing_and_keeps_them_out_of_denominators() -> None:
    table = patient_table(simulated_cohort(80, seed=9))
    days = table.columns["time_to_hepatic_progression_days"]
    assert days.present.all()
    made = table_one(table, ("age_years", "female", "grade"), group="whole_liver")
    assert sum(made.groups.values()) == 80
    grades = [row for row in made.rows if row.variable == "grade"]
    for group, size in made.groups.items():
        assert sum(row.by_group[group].count for row in grades) == size
        assert sum(row.by_group[group].fraction or 0 for row in grades) == pytest.approx(1.0)
    age = made.rows[0]
    assert age.unit == "a"
    low, middle, high = age.by_group["Both lobes treated: no"].quartiles or (0, 0, 0)
    assert low < middle < high
    assert age.difference is not None
    alone = table_one(table, ("female",))
    assert alone.rows[0].difference is None
    with pytest.raises(InputError, match="of kind identifier"):
        table_one(table, ("patient_key",))


def test_toxicity_counts_death_as_a_rival_and_says_where_nobody_was() -> None:
    nan = np.nan
    found = toxicity_incidence(
        [20.0, nan, nan, 50.0],
        [nan, 30.0, nan, 90.0],
        [100.0, 30.0, 100.0, 90.0],
        term="bilirubin increased",
        grade=3,
        version="5.0",
        source="made by the test",
        at=(25.0, 60.0, 365.0),
    )
    assert found.at[25.0].estimate == pytest.approx(0.25)
    assert found.at[60.0].estimate == pytest.approx(0.5)
    assert found.at[365.0].estimate is Missing.NOT_EVALUABLE
    assert not_followed(found) == (365.0,)
    assert (found.ever.count, found.n_deaths_before, found.n_lost_before) == (2, 1, 1)
    words = {"term": "x", "grade": 3, "version": "5.0", "source": "s"}
    with pytest.raises(InputError, match="come after death"):
        toxicity_incidence([40.0], [30.0], [30.0], **words)  # type: ignore[arg-type] # by name
    with pytest.raises(InputError, match="no last day"):
        toxicity_incidence([nan], [nan], [nan], **words)  # type: ignore[arg-type] # by name


def test_a_known_course_of_scores_is_found() -> None:
    cohort = simulated_cohort(700, seed=10)
    visits, who = cohort.quality_of_life, cohort.patients
    year = visits.day / 365.25
    gain = who.responding_fraction[visits.patient] * (visits.day > 0)
    fit = fit_score_course(
        visits.values["global_score"],
        year,
        visits.patient,
        np.column_stack([year, gain]),
        ("years", "responding"),
    )
    truth = np.array([62.0, -3.0, 8.0])
    off = (fit.coefficients.estimate - truth) / fit.coefficients.standard_error
    assert np.abs(off).max() < 3.5
    assert fit.intercept_spread == pytest.approx(14.0, rel=0.12)
    assert fit.slope_spread == pytest.approx(4.0, rel=0.5)
    assert fit.residual_spread == pytest.approx(10.0, rel=0.07)
    assert fit.visits[0] == (0.0, 700)
    with pytest.raises(InputError, match="are no courses"):
        fit_score_course([1.0, 2.0], [0.0, 1.0], [1, 2], [0.0, 1.0], ("t",))

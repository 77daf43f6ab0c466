"""Simulated cohorts: the same by seed, and their truth is found again."""

import numpy as np
import pytest

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.cox import CoxData, fit_cox
from opensirt.outcomes.design import complete_rows, design_columns, endpoint_times, groups_of
from opensirt.outcomes.dose_curve_fit import fit_complication
from opensirt.outcomes.endpoint import endpoint_names
from opensirt.outcomes.survival_analysis import survival_analysis
from opensirt.outcomes.treatment_comparison import treatment_comparison
from opensirt.phantom.cohort import (
    SimulatedCohort,
    SimulatedPatients,
    chance_of_response,
    cohort_design,
    hazard_columns,
    simulated_cohort,
)
from opensirt.phantom.cohort_tables import lesion_table, patient_table


@pytest.fixture(scope="module")
def large() -> SimulatedCohort:
    return simulated_cohort(20_000, seed=3)


def test_a_seed_gives_the_same_cohort_and_another_another() -> None:
    one, same, other = (simulated_cohort(50, seed=s) for s in (4, 4, 5))
    for name in SimulatedPatients.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one.patients, name), getattr(same.patients, name))
    assert not np.array_equal(one.lesions.true_dose_gy, other.lesions.true_dose_gy)
    with pytest.raises(InputError, match="cohort of 0 patients"):
        simulated_cohort(0, seed=1)


def test_every_section_of_the_design_says_where_its_figures_are_from() -> None:
    for name, section in cohort_design().items():
        assert section["source"], name


def test_the_true_hazard_ratios_are_found_again(large: SimulatedCohort) -> None:
    times = endpoint_times(patient_table(large), "overall_survival")
    x, names = hazard_columns(large.patients)
    fit = fit_cox(CoxData.of(times, x, names)).coefficients
    truth = np.array([large.truth.log_hazard_ratio[name] for name in names])
    assert np.abs((fit.estimate - truth) / fit.standard_error).max() < 3.5


def test_the_true_toxicity_curve_is_found_again(large: SimulatedCohort) -> None:
    """Toxicity that death or loss came before is not seen: a little less than the truth."""
    who = large.patients
    rows = (who.device == "resin") & (who.last_contact_day > 400)
    fit = fit_complication(who.normal_liver_gy[rows], np.isfinite(who.toxicity_day[rows]))
    assert fit.d50_gy.estimate == pytest.approx(large.truth.td50_gy["resin"], rel=0.05)
    assert fit.steepness.estimate == pytest.approx(large.truth.m, rel=0.1)


def test_nothing_happens_after_the_last_contact(large: SimulatedCohort) -> None:
    who = large.patients
    for name in ("death_day", "progression_day", "next_treatment_day", "toxicity_day"):
        day = getattr(who, name)
        seen = np.isfinite(day)
        assert np.all(day[seen] <= who.last_contact_day[seen]), name
    assert np.all(large.laboratory.day <= who.last_contact_day[large.laboratory.patient])


def test_tables_state_units_endpoints_and_gaps() -> None:
    cohort = simulated_cohort(60, seed=6)
    patients, lesions = patient_table(cohort), lesion_table(cohort)
    assert [one.name for one in patients.endpoints] == list(endpoint_names())
    assert (patients.n_rows, lesions.n_rows) == (60, len(cohort.lesions.patient))
    assert lesions.patient_column == "patient_key"
    gaps = lesions["objective_response"]
    assert gaps.reasons() == {Missing.NOT_DONE: int((cohort.lesions.level < 0).sum())}
    assert chance_of_response(cohort.truth, "resin", np.array([110.0])) == pytest.approx(0.5)


def test_one_table_is_analysed_from_beginning_to_end() -> None:
    table = patient_table(simulated_cohort(300, seed=7))
    found = survival_analysis(
        table,
        "overall_survival",
        group="grade",
        covariates=("grade", "age_years"),
        strata="whole_liver",
        at=(365.0,),
    )
    assert [one.name for one in found.groups] == ["G1", "G2", "G3"]
    assert sum(one.n for one in found.groups) == found.n == 300
    assert found.comparison is not None
    assert found.comparison.p < 0.01
    assert found.cox is not None
    assert found.cox.coefficients.names == ("grade=G2", "grade=G3", "age_years")
    assert found.cox.n_strata == 2
    rivals = survival_analysis(
        table, "time_to_hepatic_progression", group="device", covariates=("grade",), at=(365.0,)
    )
    assert rivals.comparison is not None
    assert rivals.comparison.name == "Gray"
    assert rivals.fine_gray is not None
    assert set(rivals.n_competing) == {"death"}
    late = survival_analysis(table, "overall_survival", group="grade", landmark=180.0)
    assert late.n + sum(late.before_landmark.values()) == 300
    with pytest.raises(InputError, match="needs a landmark"):
        survival_analysis(table, "overall_survival", known="age_years")


def test_groups_that_become_known_later_need_a_landmark_and_are_as_they_were_there() -> None:
    table = patient_table(simulated_cohort(300, seed=8))
    group, day = "liver_toxicity", "liver_toxicity_day"
    for landmark in (None, 90.0):
        with pytest.raises(InputError, match="immortal time"):
            survival_analysis(table, "overall_survival", group=group, landmark=landmark)
    with pytest.raises(InputError, match="immortal time"):
        survival_analysis(table, "overall_survival", covariates=["liver_toxicity"])
    with pytest.raises(InputError, match="immortal time"):
        treatment_comparison(table, "overall_survival", "device", ["liver_toxicity"])
    found = survival_analysis(table, "overall_survival", group=group, landmark=90.0, known=day)
    alive = table["overall_survival_days"].values > 90.0
    by_then = alive & (table["liver_toxicity_day"].values <= 90.0)
    assert [one.n for one in found.groups] == [int((alive & ~by_then).sum()), int(by_then.sum())]
    assert any("only after the landmark" in one for one in found.notes)


def test_columns_that_a_model_cannot_take_are_refused() -> None:
    table = patient_table(simulated_cohort(30, seed=8))
    with pytest.raises(InputError, match="identifier; a model takes no such column"):
        design_columns(table, ("patient_key",))
    with pytest.raises(InputError, match="groups come from a category"):
        groups_of(table, "age_years")
    with pytest.raises(UnknownNameError, match="column"):
        complete_rows(table, ("height",))
    assert list(groups_of(table, "female")) == ["Female: no", "Female: yes"]

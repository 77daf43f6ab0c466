"""Figures of cohorts: counts below the axes, bands that are defined, names that are not cut."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from opensirt.domain.analysis_table import AnalysisTable
from opensirt.outcomes.survival_analysis import survival_analysis
from opensirt.outcomes.toxicity_analysis import ToxicityColumns, toxicity_analysis
from opensirt.outcomes.treatment_comparison import treatment_comparison
from opensirt.phantom.cohort import simulated_cohort
from opensirt.phantom.cohort_tables import patient_table
from opensirt.report.figures.canvas import sheet, style
from opensirt.report.figures.comparison import comparison_figure
from opensirt.report.figures.foot import step_curve
from opensirt.report.figures.survival import survival_figure
from opensirt.report.figures.toxicity import toxicity_figure

_N = 60


@pytest.fixture(scope="module")
def patients() -> AnalysisTable:
    return patient_table(simulated_cohort(_N, seed=3))


def words(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.texts]


def left_edge(figure: Figure, text: str) -> tuple[float, float]:
    """Return where a text ends and where the counts of its row begin, in pixels."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    name = next(one for one in figure.texts if one.get_text() == text)
    same_row = [
        one.get_window_extent(renderer).x0
        for one in figure.texts
        if one is not name and one.get_position()[1] == name.get_position()[1]
    ]
    return name.get_window_extent(renderer).x1, min(same_row)


@pytest.mark.parametrize("endpoint", ["overall_survival", "time_to_hepatic_progression"])
def test_names_of_groups_stand_whole_and_clear_of_the_numbers_at_risk(
    patients: AnalysisTable, endpoint: str
) -> None:
    found = survival_analysis(patients, endpoint, group="whole_liver")
    figure = survival_figure(found)
    assert "At risk" in words(figure)
    for group in found.groups:
        end, first = left_edge(figure, group.name)
        assert end < first


def test_the_first_numbers_at_risk_are_those_of_the_groups(patients: AnalysisTable) -> None:
    found = survival_analysis(patients, "overall_survival", group="whole_liver")
    shown = words(survival_figure(found))
    for group in found.groups:
        assert shown[shown.index(group.name) + 1] == str(group.n)


def test_weighted_survival_has_its_numbers_at_risk(patients: AnalysisTable) -> None:
    found = treatment_comparison(
        patients, "overall_survival", "device", ("age_years",), treated="resin", control="glass"
    )
    shown = words(comparison_figure(found))
    assert "At risk, as it was" in shown
    for arm in (found.treated, found.control):
        assert shown[shown.index(arm.name) + 1] == str(arm.n)


def test_incidence_of_toxicity_has_its_numbers_at_risk(patients: AnalysisTable) -> None:
    asked = ToxicityColumns(
        event="liver_toxicity",
        day="liver_toxicity_day",
        survival="overall_survival",
        term="liver toxicity",
        grade=3,
        version="v5",
    )
    found = toxicity_analysis(patients, asked, group="whole_liver")
    shown = words(toxicity_figure(found))
    for name, one in found.groups.items():
        assert shown[shown.index(name) + 1] == str(one.times.n)


def test_groups_differ_in_line_style_and_not_in_colour_alone(patients: AnalysisTable) -> None:
    found = survival_analysis(patients, "overall_survival", group="whole_liver")
    (axes,) = survival_figure(found).axes
    assert axes.get_legend() is not None
    styles = [one.get_linestyle() for one in axes.lines if one.get_linestyle() != "None"]
    assert len(set(styles)) == len(found.groups)


def test_an_interval_that_is_not_defined_is_not_drawn() -> None:
    time, value = np.array([1.0, 2.0, 3.0]), np.array([0.6, 0.3, 0.0])
    low, high = np.array([0.3, 0.1, np.nan]), np.array([0.8, 0.5, np.nan])
    with style():
        figure = sheet(2.0)
        axes = figure.add_subplot()
        step_curve(
            axes, time, value, (low, high), start=1.0, colour="black", dashes="-", label="all"
        )
        (band,) = axes.collections
        corners = band.get_paths()[0].vertices
    assert isinstance(corners, np.ndarray)
    assert corners[:, 0].max() == pytest.approx(3.0)  # defined until the last step
    assert corners[:, 1].min() == pytest.approx(10.0)

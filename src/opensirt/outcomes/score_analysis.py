"""A score over the visits of a table: mixed model, and what was observed at each visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, Ints
from opensirt.outcomes.design import complete_rows, design_columns, groups_of
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.score_course import ScoreCourse, fit_score_course

EVERYBODY = "all"
_DAYS = ("d", "day", "days")
_YEAR_DAYS = 365.25
_NUMBERS = (VariableKind.NUMBER, VariableKind.COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitScores:
    """What was observed at one visit in one group."""

    group: str
    time: float
    n: int
    mean: float
    standard_deviation: float | None
    """None of one answer."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ScoreAnalysis:
    """The course, and what has to be said with it."""

    population: str
    title: str
    criterion: str
    """Instrument and scoring, in the words of the dictionary."""
    score_unit: str
    origin: str
    time_column: str
    time_unit: str
    n_patients: int
    group_column: str
    covariates: tuple[str, ...]
    slope_name: str
    course: ScoreCourse
    own_slope: bool
    visits: tuple[VisitScores, ...]
    fitted: Mapping[str, tuple[Floats, Floats]]
    """Group → (times, mean of the model at the mean of the other columns)."""
    left_out: int
    missing: Mapping[str, int]
    level: float
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]


def score_analysis(
    table: AnalysisTable,
    score: str,
    time: str,
    *,
    group: str = "",
    covariates: Sequence[str] = (),
    own_slope: bool = True,
    level: float = 0.95,
) -> ScoreAnalysis:
    """Fit a score to time, each patient with an intercept (and slope) of their own.

    One row is one filled-in form. With a group each of its levels has its own mean and slope.
    Time in days is told in years.

    Raises
    ------
    InputError
        When columns are no numbers, nobody has two scores, or the model does not converge.
    """
    for name in (score, time):
        kind = table.variable(name).kind
        if kind not in _NUMBERS:
            raise InputError(f"column {name} is of kind {kind.value}; wanted a number")
    if not table.variable(time).unit:
        raise InputError(f"column {time} has no unit; wanted days, or another unit of time")
    needed = (score, time, *covariates, *((group,) if group else ()))
    if len(set(needed)) < len(needed):
        raise InputError(f"a column is named twice among {', '.join(needed)}")
    complete = complete_rows(table, needed)
    kept = complete.table
    unit = table.variable(time).unit
    days = unit in _DAYS
    moments = kept.numbers(time)
    scale = _YEAR_DAYS if days else 1.0
    slope = "per year" if days else f"per {unit}"
    parts = groups_of(kept, group) if group else {EVERYBODY: np.arange(kept.n_rows)}
    columns: list[Floats] = [moments / scale]
    names = [f"time, {slope}"]
    for label, rows in list(parts.items())[1:]:
        inside = np.zeros(kept.n_rows)
        inside[rows] = 1.0
        columns += [inside, inside * moments / scale]
        names += [f"{label}, at the origin", f"{label}, more {slope}"]
    if covariates:
        matrix, titles = design_columns(kept, covariates)
        columns += list(matrix.T)
        names += titles
    x = np.column_stack(columns)
    values = kept.numbers(score)
    patients = kept[kept.patient_column].values
    course = fit_score_course(values, moments / scale, patients, x, names, own_slope=own_slope)
    return ScoreAnalysis(
        population=table.population,
        title=table.variable(score).meaning,
        criterion=table.variable(score).source,
        score_unit=table.variable(score).unit,
        origin=table.variable(time).meaning,
        time_column=time,
        time_unit=unit,
        n_patients=course.n_patients,
        group_column=group,
        covariates=tuple(covariates),
        slope_name=slope,
        course=course,
        own_slope=own_slope,
        visits=tuple(
            _visit(label, float(moment), values[rows][moments[rows] == moment])
            for label, rows in parts.items()
            for moment in np.unique(moments[rows])
        ),
        fitted={
            label: _line(course, x, moments, rows, scale, place)
            for place, (label, rows) in enumerate(parts.items())
        },
        left_out=complete.left_out,
        missing=complete.missing,
        level=level,
        notes=table.notes,
        participants=participant_flow(table, absent_losses(table, needed)),
    )


def _visit(group: str, time: float, values: Floats) -> VisitScores:
    return VisitScores(
        group=group,
        time=time,
        n=len(values),
        mean=float(values.mean()),
        standard_deviation=float(values.std(ddof=1)) if len(values) > 1 else None,
    )


def _line(
    course: ScoreCourse, x: Floats, moments: Floats, rows: Ints, scale: float, place: int
) -> tuple[Floats, Floats]:
    """Return first and last visit of a group with the fitted means, its covariates at their means.

    Columns are time, then for each further group its mean and its product with time.
    """
    ends = np.array([moments[rows].min(), moments[rows].max()])
    design = np.tile(x[rows].mean(axis=0), (2, 1))
    design[:, 0] = ends / scale
    if place:
        design[:, 2 * place] = ends / scale
    b = course.coefficients.estimate
    return ends, np.asarray(b[0] + design @ b[1:])

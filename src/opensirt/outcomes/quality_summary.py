"""A table of scored questionnaires by visit: who answered, means, changes, and which matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.special import stdtrit

from opensirt.domain.analysis_table import AnalysisTable
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, normal_quantile

SUMMARY = "summary"
CHANGES = ("deteriorated", "no important difference", "improved")
_SCORE, _CHANGE, _MEANING = "score_", "_change", "_meaning"


class FormState(Enum):
    """What became of the form of one visit."""

    FILLED = "filled in"
    MISSING = "missing"
    """The patient was known alive to the end of the window, and there is no form."""
    DIED = "died before the end of the visit"
    ENDED = "follow-up ended before the end of the visit"
    UNKNOWN = "nobody knows whether it was due"


def score_column(scale: str) -> str:
    """Return the column of a scale.

    >>> score_column("PF")
    'score_pf'
    """
    kept = "".join(one if one.isalnum() and one.isascii() else "_" for one in scale.lower())
    return f"{_SCORE}{kept}"


def change_column(scale: str) -> str:
    """Return the column of a scale's change since the form before treatment."""
    return score_column(scale) + _CHANGE


def difference_column(scale: str) -> str:
    """Return the column that tells whether the change matters."""
    return score_column(scale) + _MEANING


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitForms:
    """What became of the forms of one visit."""

    visit: str
    counts: Mapping[str, int]
    """`FormState` in words → patients."""

    @property
    def due(self) -> int:
        """Patients known alive to the end of the visit, and those who filled the form in."""
        return self.counts[FormState.FILLED.value] + self.counts[FormState.MISSING.value]

    @property
    def completion(self) -> float | Missing:
        """Forms filled in over forms due; none where none was due."""
        if not self.due:
            return Missing.NOT_INCLUDED
        return self.counts[FormState.FILLED.value] / self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleAtVisit:
    """One scale at one visit; the change is of those who answered then and before treatment."""

    scale: str
    """Its column."""
    meaning: str
    visit: str
    n: int
    mean: float | Missing
    standard_deviation: float | Missing
    n_change: int
    mean_change: float | Missing
    change_interval: tuple[float, float] | Missing
    """Of the mean change, by Student's t."""
    judged: Mapping[str, int]
    """Improved, no important difference, deteriorated → patients; empty for the summary score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySummary:
    """Forms and scales by visit, and what has to be said with it."""

    population: str
    n_patients: int
    source: str
    difference: str
    visits: tuple[VisitForms, ...]
    scales: tuple[ScaleAtVisit, ...]
    level: float
    notes: tuple[str, ...]


def quality_summary(table: AnalysisTable, *, level: float = 0.95) -> QualitySummary:
    """Return forms, means and changes by planned visit.

    Raises
    ------
    InputError
        When the table is none of scored questionnaires by visit.
    """
    normal_quantile(level)  # refuses what is no level
    names = [one.name for one in table.variables]
    scales = [one for one in names if one.startswith(_SCORE) and f"{one}{_CHANGE}" in names]
    if not scales or not {"visit", "form"} <= set(names):
        raise InputError(
            f"{table.population}: no table of scored questionnaires; make one with: opensirt "
            "cohort scores"
        )
    at = {one: table["visit"].values == one for one in table.variable("visit").levels}
    states = table["form"].values
    meanings = [one for one in scales if f"{one}{_MEANING}" in names]
    return QualitySummary(
        population=table.population,
        n_patients=len(np.unique(table[table.patient_column].values)),
        source=table.variable(scales[0]).source,
        difference=table.variable(f"{meanings[0]}{_MEANING}").source if meanings else "none",
        visits=tuple(
            VisitForms(
                visit=visit,
                counts={one.value: int((rows & (states == one.value)).sum()) for one in FormState},
            )
            for visit, rows in at.items()
        ),
        scales=tuple(
            _scale(table, one, visit, rows, level) for one in scales for visit, rows in at.items()
        ),
        level=level,
        notes=table.notes,
    )


def _scale(table: AnalysisTable, name: str, visit: str, rows: Flags, level: float) -> ScaleAtVisit:
    score, change = table[name], table[f"{name}{_CHANGE}"]
    values = score.values[rows & score.present]
    changes = change.values[rows & change.present]
    judged: dict[str, int] = {}
    if f"{name}{_MEANING}" in table.columns:
        said = table[f"{name}{_MEANING}"]
        words = said.values[rows & said.present]
        judged = {one: int((words == one).sum()) for one in reversed(CHANGES)}
    mean, deviation = _moments(values)
    mean_change, spread = _moments(changes)
    interval: tuple[float, float] | Missing = Missing.NOT_ESTIMATED
    if not isinstance(mean_change, Missing) and not isinstance(spread, Missing):
        n = len(changes)
        half = float(stdtrit(n - 1, 0.5 * (1.0 + level))) * spread / n**0.5
        interval = (mean_change - half, mean_change + half)
    return ScaleAtVisit(
        scale=name,
        meaning=table.variable(name).meaning,
        visit=visit,
        n=len(values),
        mean=mean,
        standard_deviation=deviation,
        n_change=len(changes),
        mean_change=mean_change,
        change_interval=interval,
        judged=judged,
    )


def _moments(values: Floats) -> tuple[float | Missing, float | Missing]:
    """Return mean and standard deviation of a sample."""
    if not len(values):
        return Missing.NOT_ESTIMATED, Missing.NOT_ESTIMATED
    deviation = float(values.std(ddof=1)) if len(values) > 1 else Missing.NOT_ESTIMATED
    return float(values.mean()), deviation

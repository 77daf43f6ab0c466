"""One endpoint of one table from beginning to end: curves, comparison, model, assumptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, Column, VariableKind
from opensirt.domain.missing import Missing
from opensirt.domain.participants import FlowStep
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.cox import CoxData, CoxFit, fit_cox
from opensirt.outcomes.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from opensirt.outcomes.design import (
    complete_rows,
    design_columns,
    endpoint_times,
    groups_of,
    require_known_at_origin,
)
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.fine_gray import FineGrayFit, fit_fine_gray
from opensirt.outcomes.gray import gray_test
from opensirt.outcomes.kaplan_meier import Interval, KaplanMeier, kaplan_meier
from opensirt.outcomes.landmark import at_landmark
from opensirt.outcomes.log_rank import ChiSquareTest, log_rank, stratified_log_rank
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.restricted_mean import RestrictedMean, restricted_mean
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.schoenfeld import ProportionalityTest, proportional_hazards_test
from opensirt.outcomes.times import EventTimes

EVERYBODY = "all"


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupSurvival:
    """One curve with its figures.

    With competing events `incidence` holds the cumulative incidence of each event, the event of
    interest first, and the survival curve is that without any event.
    """

    name: str
    n: int
    n_events: int
    curve: KaplanMeier
    median: Interval
    at: Mapping[float, Interval]
    mean: RestrictedMean | Missing
    incidence: tuple[CumulativeIncidence, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class SurvivalAnalysis:
    """What was found, and everything that has to be said with it."""

    endpoint: Endpoint
    unit_of_analysis: str
    n: int
    n_events: int
    n_competing: Mapping[str, int]
    left_out: int
    missing: Mapping[str, int]
    group_column: str
    groups: tuple[GroupSurvival, ...]
    comparison: ChiSquareTest | None
    strata_column: str
    cox: CoxFit | None
    proportionality: ProportionalityTest | None
    fine_gray: FineGrayFit | None
    landmark: float | None
    before_landmark: Mapping[str, int]
    horizon: float
    notes: tuple[str, ...]
    level: float
    participants: tuple[FlowStep, ...]


def survival_analysis(
    table: AnalysisTable,
    endpoint: str,
    *,
    group: str = "",
    covariates: Sequence[str] = (),
    strata: str = "",
    at: Sequence[float] = (),
    horizon: float | None = None,
    landmark: float | None = None,
    known: str = "",
    level: float = 0.95,
) -> SurvivalAnalysis:
    """Analyse an endpoint of a table.

    Parameters
    ----------
    group
        Column whose levels are compared; empty for one curve.
    covariates
        Columns of a Cox model (Fine–Gray beside it where events compete).
    strata
        Column within whose levels groups are compared and the Cox model has its own hazard.
    at
        Times at which survival is told, in the unit of the endpoint.
    horizon
        Of the restricted mean; the latest time that every group was followed to where not given.
    landmark
        Count from here and take only those who are still observed.
    known
        With a landmark: column of the days on which the group was known; empty where it was
        known at the origin. A flag whose day lies after the landmark, or that has none, counts as
        no: it was not seen by then.

    Raises
    ------
    InputError
        When a column becomes known only after the origin and no landmark says by when, or an
        estimate cannot be made.
    """
    require_known_at_origin(
        table, [name for name in (strata, *covariates) if name not in ("", group)]
    )
    if group and landmark is None:
        require_known_at_origin(table, [group])
    found = table.endpoint(endpoint)
    needed = [found.time_column, found.event_column, *covariates]
    needed += [name for name in (group, strata) if name]
    complete = complete_rows(table, needed)
    kept, times = complete.table, endpoint_times(complete.table, endpoint)
    patients = len(np.unique(kept[kept.patient_column].values))
    notes = list(table.notes)
    if patients < kept.n_rows:
        notes.append(
            f"{kept.n_rows} {table.unit.value}s of {patients} patients: curves and tests take them "
            f"as independent; the Cox model clusters by patient"
        )
    before: dict[str, int] = {}
    losses = absent_losses(table, needed)
    if landmark is not None:
        ended = np.zeros(table.n_rows, dtype=np.bool_)
        ended[complete.rows[times.time <= landmark]] = True
        losses.append((f"not observed beyond the landmark {landmark:g}", ended))
        kept, times, before, said = _from_landmark(kept, times, landmark, group=group, known=known)
        notes += said
    elif known:
        raise InputError("a column of days on which the group was known needs a landmark")
    parts = groups_of(kept, group) if group else {EVERYBODY: np.arange(times.n)}
    until = _common_horizon(times, parts) if horizon is None else horizon
    groups = tuple(
        _group(name, times.rows(rows), at=at, horizon=until, level=level)
        for name, rows in parts.items()
    )
    cox, checked, fine_gray = _models(
        kept, times, covariates, strata, clustered=patients < kept.n_rows
    )
    return SurvivalAnalysis(
        endpoint=times.endpoint,
        unit_of_analysis=table.unit.value,
        n=times.n,
        n_events=int(times.event.sum()),
        n_competing={
            name: int((times.code == code).sum())
            for code, name in enumerate(times.competing, start=2)
        },
        left_out=complete.left_out,
        missing=complete.missing,
        group_column=group,
        groups=groups,
        comparison=_comparison(kept, times, parts, strata),
        strata_column=strata,
        cox=cox,
        proportionality=checked,
        fine_gray=fine_gray,
        landmark=landmark,
        before_landmark=before,
        horizon=until,
        notes=tuple(notes),
        level=level,
        participants=participant_flow(table, losses),
    )


def _from_landmark(
    table: AnalysisTable, times: EventTimes, landmark: float, *, group: str, known: str
) -> tuple[AnalysisTable, EventTimes, dict[str, int], list[str]]:
    days, notes = np.zeros(times.n), list[str]()
    if group and not known:
        require_known_at_origin(table, [group])
    if known:
        days = table[known].values.astype(np.float64)
        if group and table.variable(group).kind is VariableKind.FLAG:
            table, changed = _by_then(table, group, days, landmark)
            if changed:
                notes.append(
                    f"{changed} rows have {group} only after the landmark, or not by a known day: "
                    "they count as not having it yet"
                )
            days = np.zeros(times.n)
    made = at_landmark(times, landmark, known_at=days)
    counts = {"events": made.earlier_events, "censored": made.earlier_censored}
    return table.take(made.rows), made.times, counts, notes


def _by_then(
    table: AnalysisTable, group: str, days: Floats, landmark: float
) -> tuple[AnalysisTable, int]:
    """Return the table with a flag as it was at the landmark, and how many rows that changes."""
    column = table[group]
    there = column.values == 1.0
    late = there & ~(days <= landmark)
    changed = Column(np.where(late, 0.0, column.values), column.absent)
    return replace(table, columns={**table.columns, group: changed}), int(late.sum())


def _common_horizon(times: EventTimes, parts: Mapping[str, np.ndarray]) -> float:
    return float(min(times.time[rows].max() for rows in parts.values()))


def _group(
    name: str, times: EventTimes, *, at: Sequence[float], horizon: float, level: float
) -> GroupSurvival:
    curve = kaplan_meier(risk_table(times.time, times.code > 0), level=level)
    whole = horizon <= curve.last_time or curve.survival[-1] == 0.0
    incidence: tuple[CumulativeIncidence, ...] = ()
    if times.competing:
        causes = range(1, 2 + len(times.competing))
        incidence = tuple(cumulative_incidence(times, cause=c, level=level) for c in causes)
    return GroupSurvival(
        name=name,
        n=times.n,
        n_events=int(times.event.sum()),
        curve=curve,
        median=curve.quantile(0.5),
        at={t: (incidence[0].at(t) if incidence else curve.at(t)) for t in at},
        mean=restricted_mean(curve, horizon) if whole and horizon > 0 else Missing.NOT_EVALUABLE,
        incidence=incidence,
    )


def _comparison(
    table: AnalysisTable, times: EventTimes, parts: Mapping[str, np.ndarray], strata: str
) -> ChiSquareTest | None:
    if len(parts) < 2:  # noqa: PLR2004 - nothing to compare
        return None
    if times.competing:
        return gray_test([times.rows(rows) for rows in parts.values()])
    if not strata:
        tables = [risk_table(times.time[rows], times.event[rows]) for rows in parts.values()]
        return log_rank(tables).test
    layers = []
    for inside in groups_of(table, strata).values():
        chosen = [np.intersect1d(rows, inside) for rows in parts.values()]
        layers.append([risk_table(times.time[rows], times.event[rows]) for rows in chosen])
    return stratified_log_rank(layers).test


def _models(
    table: AnalysisTable,
    times: EventTimes,
    covariates: Sequence[str],
    strata: str,
    *,
    clustered: bool,
) -> tuple[CoxFit | None, ProportionalityTest | None, FineGrayFit | None]:
    if not covariates:
        return None, None, None
    x, names = design_columns(table, covariates)
    layer = None
    if strata:
        layer = np.zeros(times.n)
        for number, rows in enumerate(groups_of(table, strata).values()):
            layer[rows] = number
    cluster = table[table.patient_column].values if clustered else None
    data = CoxData.of(times, x, names, stratum=layer, cluster=cluster)
    cox = fit_cox(data)
    return (
        cox,
        proportional_hazards_test(data, cox),
        fit_fine_gray(times, x, names) if times.competing and not strata else None,
    )

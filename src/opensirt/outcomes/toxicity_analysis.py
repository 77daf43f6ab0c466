"""Cumulative incidence of a toxicity out of a table of patients, with death competing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.outcomes.design import endpoint_times, groups_of
from opensirt.outcomes.gray import gray_test
from opensirt.outcomes.log_rank import ChiSquareTest
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.toxicity_incidence import ToxicityIncidence, toxicity_incidence

EVERYBODY = "all"
_DAYS = ("d", "day", "days")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicityColumns:
    """Where a table holds what is needed, and what the toxicity is."""

    event: str
    """Flag: it was seen."""
    day: str
    """Days from the index date to the first time it was seen."""
    survival: str
    """Endpoint of death: it gives the day of death, and the last day known alive."""
    term: str
    grade: int
    version: str


@dataclass(frozen=True, eq=False, kw_only=True)
class ToxicityAnalysis:
    """Incidence by group, and what has to be said with it."""

    population: str
    n: int
    asked: ToxicityColumns
    meaning: str
    group_column: str
    groups: Mapping[str, ToxicityIncidence]
    comparison: ChiSquareTest | None
    left_out: int
    missing: Mapping[str, int]
    level: float
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]


def toxicity_analysis(
    table: AnalysisTable,
    asked: ToxicityColumns,
    *,
    group: str = "",
    at: Sequence[float] = (30.0, 90.0, 180.0),
    level: float = 0.95,
) -> ToxicityAnalysis:
    """Return how many have had a toxicity by a day, by group.

    Rows without flag, follow-up or group, and those with the toxicity but no day of it, are left
    out and counted.

    Raises
    ------
    InputError
        When rows are not patients, times are not in days, the endpoint is not death alone, a day
        contradicts its flag, or a toxicity comes after the last day known.
    """
    if table.unit is not UnitOfAnalysis.PATIENT:
        raise InputError(f"toxicity is counted in patients; the rows are {table.unit.value}s")
    if table.variable(asked.event).kind is not VariableKind.FLAG:
        kind = table.variable(asked.event).kind.value
        raise InputError(f"column {asked.event} is of kind {kind}; wanted a flag")
    follow_up = table.endpoint(asked.survival)
    for name in (asked.day, follow_up.time_column):
        if table.variable(name).unit not in _DAYS:
            raise InputError(f"column {name} is in {table.variable(name).unit!r}; wanted days")
    if table.variable(follow_up.event_column).kind is not VariableKind.FLAG:
        raise InputError(
            f"endpoint {asked.survival} has competing events; wanted that of death of any cause"
        )
    needed = [
        asked.event,
        follow_up.time_column,
        follow_up.event_column,
        *([group] if group else []),
    ]
    kept = table.complete(needed)
    seen, dated = table[asked.event].values == 1.0, table[asked.day].present
    contradicted = int((kept & ~seen & dated).sum())
    if contradicted:
        raise InputError(
            f"{contradicted} rows have a day in {asked.day} and no event in {asked.event}; "
            "correct one of them"
        )
    missing = {name: int((~table[name].present).sum()) for name in needed}
    missing[asked.day] = int((kept & seen & ~dated).sum())
    losses = [
        *absent_losses(table, needed),
        (f"{asked.event} without {asked.day}", seen & ~dated),
    ]
    kept &= ~seen | dated
    if not kept.any():
        raise InputError(f"no row of {table.population} has all of {', '.join(needed)}")
    used = table.take(kept)
    times = endpoint_times(used, asked.survival)
    day = np.where(used[asked.event].values == 1.0, used[asked.day].values, np.nan)
    late = int(np.sum(day > times.time))
    if late:
        raise InputError(f"{asked.term}: {late} toxicities come after the last day known")
    dead = np.where(times.event, times.time, np.nan)
    parts = groups_of(used, group) if group else {EVERYBODY: np.arange(used.n_rows)}
    groups = {
        name: toxicity_incidence(
            day[rows],
            dead[rows],
            times.time[rows],
            term=asked.term,
            grade=asked.grade,
            version=asked.version,
            source=table.population,
            origin=follow_up.index_date,
            at=at,
            level=level,
        )
        for name, rows in parts.items()
    }
    return ToxicityAnalysis(
        population=table.population,
        n=used.n_rows,
        asked=asked,
        meaning=table.variable(asked.event).meaning,
        group_column=group,
        groups=groups,
        comparison=_comparison(list(groups.values())),
        left_out=int((~kept).sum()),
        missing={name: count for name, count in missing.items() if count},
        level=level,
        notes=table.notes,
        participants=participant_flow(table, losses),
    )


def _comparison(groups: Sequence[ToxicityIncidence]) -> ChiSquareTest | None:
    if len(groups) == 1 or not any(one.ever.count for one in groups):
        return None
    return gray_test([one.times for one in groups])

"""A state that begins during follow-up, such as a response: its hazard ratio from that day on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats, Ints
from opensirt.outcomes.cox import CoxData, CoxFit, fit_cox
from opensirt.outcomes.design import (
    complete_rows,
    design_columns,
    endpoint_times,
    groups_of,
    require_known_at_origin,
)
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.times import EventTimes


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitTimes:
    """Rows cut at the day on which a state began; the second part enters there."""

    rows: Ints
    """Place of each part among the rows given."""
    entry: Floats
    times: EventTimes
    state: Flags


def split_at(times: EventTimes, begins: Floats) -> SplitTimes:
    """Return the parts of every row before and after a state began.

    Parameters
    ----------
    begins : (n,)
        When the state began, NaN where it never did. What ends a row on that very day happened
        before the state counts.
    """
    on = begins <= 0.0
    later = (begins > 0.0) & (begins < times.time)
    whole, cut = np.arange(times.n), np.flatnonzero(later)
    first_end = times.time.copy()
    first_end[later] = begins[later]
    first_code = np.where(later, 0, times.code)
    return SplitTimes(
        rows=np.concatenate([whole, cut]),
        entry=np.concatenate([np.zeros(times.n), begins[later]]),
        times=EventTimes(
            endpoint=times.endpoint,
            time=np.concatenate([first_end, times.time[later]]),
            code=np.concatenate([first_code, times.code[later]]),
            competing=times.competing,
        ),
        state=np.concatenate([on, np.ones(len(cut), dtype=np.bool_)]),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class StateEffect:
    """Hazard after against before a state began, and what has to be said with it."""

    endpoint: Endpoint
    state_column: str
    meaning: str
    day_column: str
    n: int
    n_events: int
    n_with_state: int
    """Rows in which the state began while they were observed."""
    n_events_with_state: int
    cox: CoxFit
    covariates: tuple[str, ...]
    strata_column: str
    left_out: int
    missing: Mapping[str, int]
    level: float
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]


def state_effect(
    table: AnalysisTable,
    endpoint: str,
    state: str,
    day: str,
    *,
    covariates: Sequence[str] = (),
    strata: str = "",
    level: float = 0.95,
) -> StateEffect:
    """Fit a Cox model in which a flag is 0 until its day and 1 from then on.

    No time before the state counts for it, so that nobody has to live to get it (no immortal
    time), and nobody has to be left out. With competing events the ratio is cause-specific.

    Parameters
    ----------
    state, day
        A flag, and the days from the origin on which it began; a flag without a day is left out.

    Raises
    ------
    InputError
        When the state is no flag, rows share patients, a covariate becomes known later, or an
        estimate cannot be made.

    References
    ----------
    .. [1] Cox, J. R. Stat. Soc. B 34 (1972), 187; Andersen and Gill, Ann. Stat. 10 (1982), 1100:
       counting process with delayed entry.
    """
    variable = table.variable(state)
    if variable.kind is not VariableKind.FLAG:
        raise InputError(f"column {state} is of kind {variable.kind.value}; wanted a flag")
    require_known_at_origin(table, [name for name in (*covariates, strata) if name])
    found = table.endpoint(endpoint)
    if table.variable(day).unit != table.variable(found.time_column).unit:
        raise InputError(
            f"{day} is in {table.variable(day).unit!r} and {found.time_column} in "
            f"{table.variable(found.time_column).unit!r}; wanted one unit of time"
        )
    needed = [found.time_column, found.event_column, state, *covariates]
    needed += [strata] if strata else []
    undated = (table[state].values == 1.0) & ~table[day].present
    losses = [*absent_losses(table, needed), (f"{state} without {day}", undated)]
    complete = complete_rows(table, needed)
    missing = {**complete.missing, **({day: int(undated.sum())} if undated.any() else {})}
    kept = complete.table.take(~undated[complete.rows])
    if len(np.unique(kept[kept.patient_column].values)) < kept.n_rows:
        raise InputError(f"rows are {table.unit.value}s that share patients; take one row for each")
    times = endpoint_times(kept, endpoint)
    begins = np.where(kept[state].values == 1.0, kept[day].values.astype(np.float64), np.nan)
    ended = times.time <= 0.0
    if ended.any():
        raise InputError(
            f"{int(ended.sum())} rows of {endpoint} end on the day of the origin; nobody was at "
            "risk in them: select the others"
        )
    parts = split_at(times, begins)
    columns = parts.state.astype(np.float64)[:, None]
    names: tuple[str, ...] = (state,)
    if covariates:
        x, titles = design_columns(kept, covariates)
        columns, names = np.column_stack([columns, x[parts.rows]]), (*names, *titles)
    layer = None
    if strata:
        layer = np.zeros(times.n)
        for number, rows in enumerate(groups_of(kept, strata).values()):
            layer[rows] = number
        layer = layer[parts.rows]
    return StateEffect(
        endpoint=times.endpoint,
        state_column=state,
        meaning=variable.meaning,
        day_column=day,
        n=times.n,
        n_events=int(times.event.sum()),
        n_with_state=int(parts.state.sum()),
        n_events_with_state=int(parts.times.event[parts.state].sum()),
        cox=fit_cox(CoxData.of(parts.times, columns, names, stratum=layer, entry=parts.entry)),
        covariates=tuple(covariates),
        strata_column=strata,
        left_out=table.n_rows - kept.n_rows,
        missing=missing,
        level=level,
        notes=table.notes,
        participants=participant_flow(table, losses),
    )

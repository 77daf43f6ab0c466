"""Response rates of a table: by column (criterion and time point) and group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.domain.response import ResponseCategory
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.outcomes.arrays import Ints
from opensirt.outcomes.design import groups_of
from opensirt.outcomes.participants import Loss, absent_losses, participant_flow
from opensirt.outcomes.proportion import (
    CONTROLLED,
    EVALUABLE,
    OBJECTIVE,
    ResponseProportions,
    clustered_wilson,
    response_proportions,
)

EVERYBODY = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRates:
    """Rates of one response column in one group."""

    column: str
    group: str
    rates: ResponseProportions
    n_patients: int
    absent: Mapping[str, int]
    """Reason → rows without a response; they count among all rows only."""
    clustered: tuple[tuple[float, float] | None, ...]
    """Intervals with patients as clusters: ORR and DCR of those evaluable, then of all rows;
    None for patients, and where one patient has all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseAnalysis:
    """Rates, and what they are of."""

    population: str
    unit_of_analysis: str
    n: int
    n_patients: int
    group_column: str
    left_out: int
    """Rows without a group."""
    origin: str
    rates: tuple[GroupRates, ...]
    level: float
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]
    """To those evaluable by every column."""


def response_analysis(
    table: AnalysisTable, responses: Sequence[str], *, group: str = "", level: float = 0.95
) -> ResponseAnalysis:
    """Return ORR and DCR of every response column, of those evaluable and of all rows.

    A table has rows of one unit of analysis, so patients and lesions are never mixed. Criterion
    and time point are the words of the data dictionary.

    Raises
    ------
    InputError
        When a column holds no response categories, nobody in a group is evaluable, or several
        rows of a table of patients share a patient.
    """
    if not responses:
        raise InputError("response rates need a column of responses")
    for name in responses:
        _require_responses(table, name)
    kept, left_out = table, 0
    if group:
        held = table.complete((group,))
        if not held.any():
            raise InputError(f"no row of {table.population} has a {group}")
        kept, left_out = table.take(held), int((~held).sum())
    parts = groups_of(kept, group) if group else {EVERYBODY: np.arange(kept.n_rows)}
    patients = len(np.unique(kept[kept.patient_column].values))
    if kept.unit is UnitOfAnalysis.PATIENT and patients < kept.n_rows:
        raise InputError(
            f"{kept.n_rows} rows of patients are of {patients} patients; count each once"
        )
    origins = list(dict.fromkeys(one.index_date for one in kept.endpoints))
    return ResponseAnalysis(
        population=kept.population,
        unit_of_analysis=kept.unit.value,
        n=kept.n_rows,
        n_patients=patients,
        group_column=group,
        left_out=left_out,
        origin="; ".join(origins) or "as the time point says; the table states no index date",
        rates=tuple(
            _rates(kept, name, label, rows, level)
            for name in responses
            for label, rows in parts.items()
        ),
        level=level,
        notes=table.notes,
        participants=participant_flow(table, _losses(table, responses, group)),
    )


def _losses(table: AnalysisTable, responses: Sequence[str], group: str) -> list[Loss]:
    made = absent_losses(table, [*([group] if group else []), *responses])
    judged = [one.value for one in EVALUABLE]
    for name in responses:
        column = table[name]
        odd = column.present & ~np.isin(column.values, judged)
        if odd.any():
            made.append((f"{name} is {ResponseCategory.NOT_EVALUABLE.value}", odd))
    return made


def _require_responses(table: AnalysisTable, name: str) -> None:
    variable = table.variable(name)
    known = [one.value for one in ResponseCategory]
    odd = [one for one in variable.levels if one not in known]
    if variable.kind not in (VariableKind.CATEGORY, VariableKind.ORDINAL) or odd:
        found = f"levels {', '.join(odd)}" if odd else f"kind {variable.kind.value}"
        raise InputError(
            f"column {name} has {found}; wanted a category of responses: {', '.join(known)}"
        )


def _rates(table: AnalysisTable, name: str, label: str, rows: Ints, level: float) -> GroupRates:
    variable, column = table.variable(name), table[name].take(rows)
    values = column.values[column.present]
    counts = {
        one: int((values == one.value).sum()) for one in ResponseCategory if one.value in values
    }
    who = table[table.patient_column].values[rows]
    clustered: tuple[tuple[float, float] | None, ...] = (None,) * 4
    rates = response_proportions(
        counts,
        treated=len(rows),
        unit=f"{table.unit.value}s",
        criterion=variable.source,
        time_point=variable.meaning,
        level=level,
    )
    if table.unit is not UnitOfAnalysis.PATIENT:
        judged = np.isin(column.values, [one.value for one in EVALUABLE]) & column.present
        clustered = tuple(
            clustered_wilson(
                np.isin(column.values[of], [one.value for one in good]), who[of], level=level
            )
            for of in (judged, np.ones_like(judged))
            for good in (OBJECTIVE, CONTROLLED)
        )
    return GroupRates(
        column=name,
        group=label,
        rates=rates,
        n_patients=len(np.unique(who)),
        absent={reason.value: count for reason, count in column.reasons().items()},
        clustered=clustered,
    )

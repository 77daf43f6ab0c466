"""The flow of participants of an analysis (STROBE item 13), out of the table it was made from."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable
from opensirt.domain.missing import Missing
from opensirt.domain.participants import ANALYSED, LOSS, REACHED, STEPS, FlowStep
from opensirt.outcomes.arrays import Flags

Loss = tuple[str, Flags]
"""A reason, and the rows that it takes out."""


def absent_losses(table: AnalysisTable, names: Sequence[str]) -> list[Loss]:
    """Return a loss for each column and each reason why a value of it is absent."""
    made: list[Loss] = []
    for name in dict.fromkeys(names):
        column = table[name]
        for reason in column.reasons():
            code = 1 + list(Missing).index(reason)
            made.append((f"no {name}: {reason.value}", np.asarray(column.absent == code)))
    return made


def participant_flow(table: AnalysisTable, losses: Sequence[Loss]) -> tuple[FlowStep, ...]:
    """Return the steps from the register to the analysis; patients are counted, each once.

    A patient is analysed with any row that no loss takes out; one that is not is lost for the
    first reason of the first row.

    Parameters
    ----------
    losses
        What takes rows out of the analysis, in order: a row counts for the first one.
    """
    reason_of_row = np.full(table.n_rows, -1)
    for place, (_, rows) in reversed(list(enumerate(losses))):
        reason_of_row[rows] = place
    patients, first, who = np.unique(
        table[table.patient_column].values, return_index=True, return_inverse=True
    )
    analysed = np.bincount(who, reason_of_row < 0, len(patients)) > 0
    steps, inside = _to_the_table(table, analysed)
    gone = inside & ~analysed
    reasons = Counter(losses[place][0] for place in reason_of_row[first][gone].tolist())
    steps.append(FlowStep(title=ANALYSED, n=int(analysed.sum()), lost=_most_first(reasons)))
    return tuple(steps)


def register_flow(table: AnalysisTable) -> tuple[FlowStep, ...]:
    """Return the steps from the register to the table, where nothing is estimated from it."""
    nobody = np.zeros(len(np.unique(table[table.patient_column].values)), dtype=np.bool_)
    return tuple(_to_the_table(table, nobody)[0])


def _to_the_table(table: AnalysisTable, analysed: Flags) -> tuple[list[FlowStep], Flags]:
    """Return the steps before the analysis, and which patients came to the last of them."""
    patients, first = np.unique(table[table.patient_column].values, return_index=True)
    steps = list(table.flow) or [_first(table, len(patients))]
    inside = np.ones(len(patients), dtype=np.bool_)
    if REACHED in table.columns:
        inside = _reached(table, first, analysed, steps)
    return steps, inside


def _first(table: AnalysisTable, n: int) -> FlowStep:
    return FlowStep(title=STEPS[0] if REACHED in table.columns else "in the table", n=n, lost={})


def _reached(
    table: AnalysisTable, first: np.ndarray, analysed: Flags, steps: list[FlowStep]
) -> Flags:
    """Add the steps that the table of a store knows; return who came to the last of them.

    Where a step was withheld from a table that left, nothing is told of it.
    """
    said, why = table[REACHED].take(first), table[LOSS].take(first)
    place = np.array([STEPS.index(one) if one else -1 for one in said.values.tolist()])
    if not said.present.all():
        return np.ones(len(first), dtype=np.bool_)
    inside = np.ones(len(first), dtype=np.bool_)
    for number, title in enumerate(STEPS[1:], start=1):
        there = inside & ((place >= number) | analysed)
        gone = inside & ~there
        words = np.where(why.present, why.values, "not stated")
        lost = Counter(words[gone].tolist())
        steps.append(FlowStep(title=title, n=int(there.sum()), lost=_most_first(lost)))
        inside = there
    return inside


def _most_first(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))

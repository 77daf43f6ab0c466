"""One centre's part of a round: the sums that may leave, and what is withheld."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats
from opensirt.outcomes.federated.differencing import (
    EarlierAnswer,
    ReleasedTable,
    close_outcomes,
    close_tables,
)
from opensirt.outcomes.federated.disclosure import (
    SMALL,
    SharingRules,
    Withheld,
    small_cell,
    told,
    why_withheld,
)
from opensirt.outcomes.federated.interval_table import IntervalTable, coarsened, interval_table
from opensirt.outcomes.federated.plan import ModelKind, SharedModel, SharedPlan, SharedRiskTable
from opensirt.outcomes.federated.sums import ModelSums, cox_sums, logistic_sums

Columns = Mapping[str, Floats]
"""Column → values of all rows; NaN where a row has none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SharedSums:
    """A model's sums at a point, with the counts behind them."""

    point: tuple[float, ...]
    n: int
    events: int
    clusters: int | None
    left_out: int | str
    """Rows that lack a value of the plan; "<5" when fewer."""
    score: tuple[float, ...]
    information: tuple[tuple[float, ...], ...]
    clustered: tuple[tuple[float, ...], ...] | None
    log_likelihood: float


@dataclass(frozen=True, eq=False, kw_only=True)
class CentreShare:
    """Everything that leaves a centre in one round; `withheld` says what does not."""

    plan_sha256: str
    centre: str
    round_number: int
    models: Mapping[str, SharedSums]
    risk_tables: Mapping[str, IntervalTable]
    withheld: tuple[Withheld, ...]

    @property
    def n_values(self) -> int:
        """Numbers in the sums and tables."""
        return sum(len(_numbers(one)) for one in self.models.values()) + sum(
            3 * len(one.edges) for one in self.risk_tables.values()
        )


def _numbers(one: SharedSums) -> tuple[float, ...]:
    return (
        *one.score,
        *(value for row in one.information for value in row),
        one.log_likelihood,
        *(value for row in one.clustered or () for value in row),
    )


def share(
    plan: SharedPlan,
    columns: Columns,
    *,
    centre: str,
    round_number: int,
    points: Mapping[str, tuple[float, ...]],
    rules: SharingRules,
    earlier: Sequence[EarlierAnswer] = (),
) -> CentreShare:
    """Return what a centre shares of its table in a round.

    Only rows with a value in every column of the plan take part, in all models and tables alike:
    else the difference of two counts would tell how few rows lack one. Risk tables are shared in
    round 0 only; they do not depend on parameters. A model is shared whole or withheld whole:
    sums with a gap would give estimates of nothing. What would follow from this answer together
    with its other parts, or with earlier answers to other plans, stays at home too.

    Raises
    ------
    InputError
        When the table lacks a column, an outcome is not 0 or 1, or a point does not fit a model.
    """
    models: dict[str, SharedSums] = {}
    tables: dict[str, IntervalTable] = {}
    withheld: list[Withheld] = []
    kept, left_out = complete_rows(plan, columns)
    outcomes: list[str] = []
    for model in plan.models:
        found = close_outcomes(model.outcome, outcomes, kept, name=model.name, rules=rules)
        shared = found or _model(
            model,
            kept,
            points,
            round_number,
            rules,
            left_out=told(left_out, rules),
            earlier=earlier,
        )
        if isinstance(shared, Withheld):
            withheld.append(shared)
        else:
            models[model.name] = shared
            outcomes.append(model.outcome)
    released = [table for one in earlier for table in one.tables]
    for wanted in plan.risk_tables if round_number == 0 else ():
        made = _risk_table(wanted, kept, rules, released, outcomes)
        if isinstance(made, Withheld):
            withheld.append(made)
        else:
            tables[wanted.name] = made
            released.append(released_table(wanted, made))
            outcomes.append(wanted.event)
    return CentreShare(
        plan_sha256=plan.sha256,
        centre=centre,
        round_number=round_number,
        models=MappingProxyType(models),
        risk_tables=MappingProxyType(tables),
        withheld=tuple(withheld),
    )


def released_table(wanted: SharedRiskTable, made: IntervalTable) -> ReleasedTable:
    """Return what a table that leaves tells, for the comparison with later ones."""
    return ReleasedTable(time=wanted.time, event=wanted.event, edges=made.edges)


def complete_rows(plan: SharedPlan, columns: Columns) -> tuple[Columns, int]:
    """Return the rows with a value in every column of the plan, and how many have not."""
    names = {name for one in plan.models for name in one.columns}
    names |= {name for one in plan.risk_tables for name in (one.time, one.event)}
    values = {name: _column(columns, name) for name in sorted(names)}
    whole = np.all(np.isfinite(np.column_stack(list(values.values()))), axis=1)
    return {name: one[whole] for name, one in values.items()}, int(np.sum(~whole))


def _column(columns: Columns, name: str) -> Floats:
    if name not in columns:
        raise InputError(f"the table has no column {name!r}; it has {', '.join(sorted(columns))}")
    return columns[name]


def _flags(values: Floats, name: str) -> Floats:
    if not np.all(np.isin(values, (0.0, 1.0))):
        raise InputError(f"column {name} holds other values than 0 and 1")
    return values


def _model(
    model: SharedModel,
    kept: Columns,
    points: Mapping[str, tuple[float, ...]],
    round_number: int,
    rules: SharingRules,
    *,
    left_out: int | str,
    earlier: Sequence[EarlierAnswer],
) -> SharedSums | Withheld:
    outcome = _flags(kept[model.outcome], model.outcome)
    if len(outcome) < 2 * rules.least:
        return Withheld(model.name, SMALL, f"{len(outcome)} rows with all values")
    covariates = {one.column: one.of(kept[one.column]) for one in model.covariates}
    cell = small_cell(outcome, covariates, rules, outcome_name=model.outcome)
    if cell:
        return Withheld(model.name, SMALL, cell)
    design = np.column_stack(list(covariates.values()))
    if model.kind is ModelKind.LOGISTIC:
        design = np.column_stack([np.ones(len(outcome)), design])
    point = np.asarray(points.get(model.name, ()), dtype=np.float64)
    if point.shape != (design.shape[1],):
        raise InputError(
            f"the point of model {model.name} has {point.size} numbers; "
            f"wanted {', '.join(model.parameters)}"
        )
    cluster = kept[model.cluster] if model.cluster else None
    if cluster is not None and len(np.unique(cluster)) < rules.least:
        return Withheld(model.name, SMALL, f"{len(np.unique(cluster))} clusters")
    sums = _sums(model, design, kept, point, cluster)
    reason = why_withheld(
        what=model.name,
        largest_share=sums.largest_share,
        predictor=design @ point,
        n_values=model.n_values * (round_number + 1)
        + sum(one.n_values for one in earlier if set(model.columns) <= set(one.rows)),
        n_table=len(outcome) * (len(model.columns) - bool(model.cluster)),
        rules=rules,
    )
    if reason is not None:
        return reason
    return SharedSums(
        point=tuple(float(one) for one in point),
        n=len(outcome),
        events=int(outcome.sum()),
        clusters=None if cluster is None else len(np.unique(cluster)),
        left_out=left_out,
        score=tuple(float(one) for one in sums.terms.score),
        information=_rows(sums.terms.information),
        clustered=None if cluster is None else _rows(sums.clustered),
        log_likelihood=sums.terms.log_likelihood,
    )


def _sums(
    model: SharedModel, design: Floats, kept: Columns, point: Floats, cluster: Floats | None
) -> ModelSums:
    outcome = kept[model.outcome]
    if model.kind is ModelKind.LOGISTIC:
        return logistic_sums(design, outcome, point, cluster)
    return cox_sums(design, kept[model.time], outcome == 1.0, point)


def _rows(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(one) for one in row) for row in matrix)


def _risk_table(
    wanted: SharedRiskTable,
    kept: Columns,
    rules: SharingRules,
    released: Sequence[ReleasedTable],
    outcomes: Sequence[str],
) -> IntervalTable | Withheld:
    seen = _flags(kept[wanted.event], wanted.event) == 1.0
    made = coarsened(interval_table(kept[wanted.time], seen, wanted.edges), rules)
    if made is None:
        return Withheld(wanted.name, SMALL, "fewer than five events or censored in all")
    reason = close_outcomes(wanted.event, outcomes, kept, name=wanted.name, rules=rules)
    return (
        reason
        or close_tables(released_table(wanted, made), released, kept, name=wanted.name, rules=rules)
        or made
    )

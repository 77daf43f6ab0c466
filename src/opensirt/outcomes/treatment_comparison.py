"""SIRT against another treatment in one table: propensity weights, balance, weighted survival."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.arrays import Flags, Floats
from opensirt.outcomes.cox import CoxData, CoxFit, fit_cox
from opensirt.outcomes.design import (
    complete_rows,
    design_columns,
    endpoint_times,
    require_known_at_origin,
)
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.kaplan_meier import Interval, KaplanMeier, kaplan_meier
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.propensity import (
    Estimand,
    PropensityWeights,
    propensity_weights,
    weighted_hazard_ratio,
)
from opensirt.outcomes.risk_table import risk_table
from opensirt.outcomes.weighted_survival import weighted_kaplan_meier


@dataclass(frozen=True, eq=False, kw_only=True)
class Arm:
    """One treatment: as it was, and weighted."""

    name: str
    n: int
    n_events: int
    effective_n: float
    outside_overlap: int
    plain: KaplanMeier
    weighted: KaplanMeier
    median: Interval
    """Weighted."""
    at: Mapping[float, tuple[Interval, Interval]]
    """Time → survival as it was, and weighted."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TreatmentComparison:
    """What was found, and everything that has to be said with it."""

    endpoint: Endpoint
    treatment_column: str
    covariates: tuple[str, ...]
    weights: PropensityWeights
    treated: Arm
    control: Arm
    crude: CoxFit
    """Without weights."""
    weighted: CoxFit
    """Marginal, with robust errors."""
    left_out: int
    missing: Mapping[str, int]
    other_treatments: int
    """Rows of treatments that were not compared."""
    level: float
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]

    @property
    def n(self) -> int:
        """Patients compared."""
        return self.treated.n + self.control.n


def treatment_comparison(
    table: AnalysisTable,
    endpoint: str,
    treatment: str,
    covariates: Sequence[str],
    *,
    treated: str = "",
    control: str = "",
    estimand: Estimand = Estimand.EVERYBODY,
    at: Sequence[float] = (),
    level: float = 0.95,
) -> TreatmentComparison:
    """Compare an endpoint between two treatments that were not drawn by lot.

    Parameters
    ----------
    treatment
        A flag, or a category with the level `treated` and perhaps the level `control` (all others
        where empty).
    covariates
        What was known before treatment and influenced the choice.

    Raises
    ------
    InputError
        When rows are not patients, the endpoint has competing events, one treatment is empty, a
        covariate decides the treatment, or nothing happened.
    """
    if table.unit is not UnitOfAnalysis.PATIENT:
        raise InputError(f"treatments are compared in patients; the rows are {table.unit.value}s")
    if not covariates:
        raise InputError("weights by propensity need a covariate known before treatment")
    if treatment in covariates:
        raise InputError(f"{treatment} is the treatment; it cannot be a covariate as well")
    require_known_at_origin(table, (treatment, *covariates))
    words = table.endpoint(endpoint)
    outcome = {words.time_column, words.event_column} & set(covariates)
    if outcome:
        raise InputError(f"{', '.join(sorted(outcome))} is the outcome; it is no covariate")
    if table.variable(words.event_column).kind is not VariableKind.FLAG:
        raise InputError(
            f"endpoint {endpoint} has competing events; name one whose event is a flag"
        )
    complete = complete_rows(table, (treatment, *covariates, words.time_column, words.event_column))
    given, names, compared = _arms(complete.table, treatment, treated, control)
    kept, given = complete.table.take(compared), given[compared]
    for value, name in zip((1.0, 0.0), names, strict=True):
        if not (given == value).any():
            raise InputError(f"no patient with all values was given {name}; nothing to compare")
    times = endpoint_times(kept, endpoint)
    matrix, columns = design_columns(kept, covariates)
    weights = propensity_weights(given, matrix, columns, estimand=estimand)
    title = names[0]
    other = np.zeros(table.n_rows, dtype=np.bool_)
    other[complete.rows[~compared]] = True
    needed = (treatment, *covariates, words.time_column, words.event_column)
    losses = [*absent_losses(table, needed), ("another treatment", other)]

    def arm(value: float, place: int) -> Arm:
        rows = given == value
        part = times.rows(rows)
        plain = kaplan_meier(risk_table(part.time, part.event), level=level)
        curve = weighted_kaplan_meier(part.time, part.event, weights.weight[rows], level=level)
        return Arm(
            name=names[place],
            n=part.n,
            n_events=int(part.event.sum()),
            effective_n=weights.effective_n[place],
            outside_overlap=weights.outside_overlap[place],
            plain=plain,
            weighted=curve,
            median=curve.quantile(0.5),
            at={moment: (plain.at(moment), curve.at(moment)) for moment in at},
        )

    return TreatmentComparison(
        endpoint=times.endpoint,
        treatment_column=treatment,
        covariates=tuple(covariates),
        weights=weights,
        treated=arm(1.0, 0),
        control=arm(0.0, 1),
        crude=fit_cox(CoxData.of(times, given[:, None], (title,))),
        weighted=weighted_hazard_ratio(times, weights, title),
        left_out=complete.left_out,
        missing=complete.missing,
        other_treatments=int((~compared).sum()),
        level=level,
        notes=table.notes,
        participants=participant_flow(table, losses),
    )


def _arms(
    table: AnalysisTable, name: str, treated: str, control: str
) -> tuple[Floats, tuple[str, str], Flags]:
    variable, values = table.variable(name), table[name].values
    if variable.kind is VariableKind.FLAG:
        if treated or control:
            raise InputError(f"{name} is a flag: yes is compared with no; name no levels")
        words = (f"{variable.meaning}: yes", f"{variable.meaning}: no")
        return values.astype(np.float64), words, np.ones(len(values), dtype=np.bool_)
    if variable.kind is not VariableKind.CATEGORY:
        raise InputError(
            f"column {name} is of kind {variable.kind.value}; a treatment is a category or a flag"
        )
    if not treated:
        raise InputError(
            f"{name} has the levels {', '.join(variable.levels)}; name the treatment of interest"
        )
    for one in (treated, *((control,) if control else ())):
        if one not in variable.levels:
            raise UnknownNameError(f"level of {name}", one, variable.levels)
    if treated == control:
        raise InputError(f"{treated} is compared with itself; name two treatments")
    given = values == treated
    compared = given | (values == control if control else np.ones(len(values), dtype=np.bool_))
    others = control or f"other than {treated}"
    return given.astype(np.float64), (treated, others), np.asarray(compared)

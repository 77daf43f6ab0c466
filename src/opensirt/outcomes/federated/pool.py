"""The centres' sums added up: one Newton step for each round, and the estimates at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile
from opensirt.outcomes.federated.interval_table import IntervalTable, pooled_table
from opensirt.outcomes.federated.plan import SharedModel, SharedPlan
from opensirt.outcomes.federated.share import CentreShare, SharedSums
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedCoefficient:
    """One coefficient of the model of all centres, in the scale of the plan."""

    name: str
    estimate: float
    standard_error: float
    low: float
    high: float
    robust_error: float | None
    """From the sums over clusters, where the plan names them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FederatedModel:
    """A model after a round. `next_point` is where the centres compute in the next one."""

    name: str
    coefficients: tuple[FederatedCoefficient, ...]
    covariance: Floats
    log_likelihood: float
    """At the point of this round."""
    point: tuple[float, ...]
    next_point: tuple[float, ...]
    converged: bool
    n: int
    events: int
    centres: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundMemory:
    """What is kept from the round before, so that a step that made it worse is halved."""

    round_number: int
    points: Mapping[str, tuple[float, ...]]
    log_likelihoods: Mapping[str, float]
    before: Mapping[str, tuple[float, ...]]
    centres: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False, kw_only=True)
class FederatedRound:
    """Everything that follows from one round of shared files."""

    plan: SharedPlan
    round_number: int
    models: tuple[FederatedModel, ...]
    risk_tables: Mapping[str, IntervalTable]
    absent: Mapping[str, Mapping[str, str]]
    """Model or table → centre → reason why it is not in."""

    @property
    def converged(self) -> bool:
        """Whether every model has its estimates."""
        return all(one.converged for one in self.models)

    def memory(self) -> RoundMemory:
        """Return what the next round needs of this one."""
        return RoundMemory(
            round_number=self.round_number + 1,
            points=MappingProxyType({one.name: one.next_point for one in self.models}),
            log_likelihoods=MappingProxyType({one.name: one.log_likelihood for one in self.models}),
            before=MappingProxyType({one.name: one.point for one in self.models}),
            centres=MappingProxyType({one.name: one.centres for one in self.models}),
        )


def pool_shares(
    plan: SharedPlan,
    shares: Sequence[CentreShare],
    memory: RoundMemory | None = None,
    *,
    level: float = 0.95,
) -> FederatedRound:
    """Return the pooled models of one round of shares.

    Parameters
    ----------
    memory
        Of the round before; None for round 0.

    Raises
    ------
    InputError
        When shares are of another plan, of different rounds or points, when a centre comes twice
        or left a model between rounds, or no centre shares a model.
    """
    _check(plan, shares, memory)
    models = []
    absent: dict[str, dict[str, str]] = {}
    for share in shares:
        for one in share.withheld:
            absent.setdefault(one.what, {})[share.centre] = one.reason
    for model in plan.models:
        given = {one.centre: one.models[model.name] for one in shares if model.name in one.models}
        if not given:
            raise InputError(f"no centre shares the model {model.name}; see what is withheld")
        models.append(_pooled(model, given, memory, level=level))
    tables = {}
    for table in plan.risk_tables:
        parts = [one.risk_tables[table.name] for one in shares if table.name in one.risk_tables]
        if parts:
            tables[table.name] = pooled_table(parts)
    return FederatedRound(
        plan=plan,
        round_number=shares[0].round_number,
        models=tuple(models),
        risk_tables=MappingProxyType(tables),
        absent=MappingProxyType({name: MappingProxyType(one) for name, one in absent.items()}),
    )


def _check(plan: SharedPlan, shares: Sequence[CentreShare], memory: RoundMemory | None) -> None:
    if not shares:
        raise InputError("no shared file is given; name at least one")
    wanted = 0 if memory is None else memory.round_number
    names = [one.centre for one in shares]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise InputError(f"centre {twice[0]} comes twice; give one file of each centre")
    for one in shares:
        if one.plan_sha256 != plan.sha256:
            raise InputError(f"the file of {one.centre} is of another plan; share again with this")
        if one.round_number != wanted:
            raise InputError(
                f"the file of {one.centre} is of round {one.round_number}; round {wanted} is due"
            )


def _pooled(
    model: SharedModel,
    given: Mapping[str, SharedSums],
    memory: RoundMemory | None,
    *,
    level: float,
) -> FederatedModel:
    centres = tuple(sorted(given))
    if memory is not None and memory.centres[model.name] != centres:
        gone = sorted(set(memory.centres[model.name]) ^ set(centres))
        raise InputError(
            f"model {model.name}: {', '.join(gone)} took part in one round and not in the other; "
            "begin again with round 0"
        )
    parts = [given[one] for one in centres]
    points = {one.point for one in parts}
    expected = None if memory is None else memory.points[model.name]
    if len(points) != 1 or (expected is not None and points != {expected}):
        raise InputError(f"model {model.name}: the centres computed at different points")
    point = np.array(parts[0].point)
    likelihood = sum(one.log_likelihood for one in parts)
    worse = memory is not None and likelihood < memory.log_likelihoods[model.name] - 1e-9
    if memory is not None and worse:
        halved = 0.5 * (point + np.array(memory.before[model.name]))
        return _unfinished(model, parts, centres, halved, memory)
    score = np.sum([one.score for one in parts], axis=0)
    information = np.sum([one.information for one in parts], axis=0)
    covariance = _inverse(information, model)
    step = covariance @ score
    error = np.sqrt(np.diag(covariance))
    limit = float(read_table("sharing")["convergence"]["step_over_error"])
    estimate = point + step
    z = normal_quantile(level)
    robust = _robust(parts, covariance)
    return FederatedModel(
        name=model.name,
        coefficients=tuple(
            FederatedCoefficient(
                name=name,
                estimate=float(estimate[number]),
                standard_error=float(error[number]),
                low=float(estimate[number] - z * error[number]),
                high=float(estimate[number] + z * error[number]),
                robust_error=None if robust is None else float(robust[number]),
            )
            for number, name in enumerate(model.parameters)
        ),
        covariance=covariance,
        log_likelihood=likelihood,
        point=tuple(float(one) for one in point),
        next_point=tuple(float(one) for one in estimate),
        converged=bool(np.max(np.abs(step) / error) < limit),
        n=sum(one.n for one in parts),
        events=sum(one.events for one in parts),
        centres=centres,
    )


def _unfinished(
    model: SharedModel,
    parts: Sequence[SharedSums],
    centres: tuple[str, ...],
    halved: Floats,
    memory: RoundMemory,
) -> FederatedModel:
    """Return a model whose last step went too far: half of it is tried next."""
    information = np.sum([one.information for one in parts], axis=0)
    covariance = _inverse(information, model)
    return FederatedModel(
        name=model.name,
        coefficients=(),
        covariance=covariance,
        log_likelihood=memory.log_likelihoods[model.name],
        point=memory.before[model.name],
        next_point=tuple(float(one) for one in halved),
        converged=False,
        n=sum(one.n for one in parts),
        events=sum(one.events for one in parts),
        centres=centres,
    )


def _inverse(information: Floats, model: SharedModel) -> Floats:
    try:
        found = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        found = np.full_like(information, np.nan)
    if not np.all(np.isfinite(found)) or np.any(np.diag(found) <= 0):
        raise InputError(
            f"model {model.name}: the centres together do not determine "
            f"{', '.join(model.parameters)}; leave a covariate out"
        )
    return np.asarray(found)


def _robust(parts: Sequence[SharedSums], covariance: Floats) -> Floats | None:
    """Return errors that hold when rows of a cluster are alike (sandwich), or None."""
    given = [one.clustered for one in parts if one.clustered is not None]
    if len(given) != len(parts):
        return None
    inside = np.sum(np.array(given), axis=0)
    return np.asarray(np.sqrt(np.diag(covariance @ inside @ covariance)))

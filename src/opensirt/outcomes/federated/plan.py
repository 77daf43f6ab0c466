"""What centres agree on before anything leaves: models, columns, scales, intervals."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats

INTERCEPT = "intercept"


class ModelKind(Enum):
    """A model whose score and information are sums over rows."""

    LOGISTIC = "logistic"
    """Response against dose: one intercept and one slope for all centres."""
    COX = "cox"
    """Hazards in proportion; every centre keeps its own baseline, so no event time leaves."""


class Transform(Enum):
    """What is done to a column before it is centred and scaled."""

    NONE = "none"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """A column as it enters the model: ``(transform(x) - centre) / scale``."""

    column: str
    transform: Transform = Transform.NONE
    centre: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.scale > 0.0:
            raise InputError(f"covariate {self.column} has the scale {self.scale:g}; wanted > 0")

    def of(self, values: ArrayLike) -> Floats:
        """Return the covariate of a column's values.

        Raises
        ------
        InputError
            When a logarithm is asked for of a value that is not above zero.
        """
        found = np.asarray(values, dtype=np.float64)
        if self.transform is Transform.LOG:
            if np.any(found <= 0):
                raise InputError(
                    f"column {self.column} has values that are not above zero; no logarithm"
                )
            found = np.log(found)
        return np.asarray((found - self.centre) / self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedModel:
    """One model. `outcome` is 0 or 1, `time` is for Cox.

    `cluster` (the patient of a lesion) is for logistic models, whose robust errors then hold when
    rows of a cluster are alike.
    """

    name: str
    kind: ModelKind
    outcome: str
    covariates: tuple[Covariate, ...]
    time: str = ""
    cluster: str = ""

    def __post_init__(self) -> None:
        if not self.covariates:
            raise InputError(f"model {self.name} has no covariate; name at least one")
        if (self.kind is ModelKind.COX) != bool(self.time):
            raise InputError(f"model {self.name}: time is for cox, and cox needs it")
        if self.kind is ModelKind.COX and self.cluster:
            raise InputError(f"model {self.name}: cluster is for logistic; leave it out")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the coefficients in order."""
        names = tuple(one.column for one in self.covariates)
        return (INTERCEPT, *names) if self.kind is ModelKind.LOGISTIC else names

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that the model reads."""
        extra = tuple(one for one in (self.time, self.cluster) if one)
        return (self.outcome, *extra, *(one.column for one in self.covariates))

    @property
    def n_values(self) -> int:
        """Numbers that leave in each round: score, information, log-likelihood, and robust sums."""
        p = len(self.parameters)
        triangle = p * (p + 1) // 2
        return p + triangle + 1 + (triangle if self.cluster else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRiskTable:
    """Counts at risk, with the event and censored in intervals of time from 0 on."""

    name: str
    time: str
    event: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(first < second for first, second in pairwise(self.edges))
        if len(self.edges) < 2 or self.edges[0] != 0.0 or not rising:  # noqa: PLR2004 - one interval
            raise InputError(f"risk table {self.name}: edges rise from 0, at least two are wanted")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlan:
    """The agreement. Its hash stands in every file, so that no two plans are mixed."""

    key: str
    definition: str
    """Who is in the table, in words."""
    time_origin: str
    criterion: str
    models: tuple[SharedModel, ...]
    risk_tables: tuple[SharedRiskTable, ...] = ()

    def __post_init__(self) -> None:
        names = [one.name for one in self.models] + [one.name for one in self.risk_tables]
        if len(set(names)) != len(names):
            raise InputError(f"plan {self.key} uses one name for two models or tables")
        if not (self.definition and self.time_origin and self.criterion):
            raise InputError(f"plan {self.key} states definition, time_origin and criterion")

    @property
    def sha256(self) -> str:
        """Hash of everything that was agreed."""
        text = json.dumps(_plain(asdict(self)), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def start(self) -> Mapping[str, tuple[float, ...]]:
        """Return the parameter points of round 0: no effect of anything."""
        return {one.name: (0.0,) * len(one.parameters) for one in self.models}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value

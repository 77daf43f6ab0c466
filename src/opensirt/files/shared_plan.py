"""The plan of a shared analysis, and the point of its next round, as files."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from opensirt.errors import InputError
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.outcomes.federated.plan import (
    Covariate,
    ModelKind,
    SharedModel,
    SharedPlan,
    SharedRiskTable,
    Transform,
)
from opensirt.outcomes.federated.pool import FederatedRound, RoundMemory
from opensirt.whole_file import whole_file

POINT_SCHEMA = "opensirt/shared-point/1"


class CovariateBlock(Block):
    """One covariate of a model."""

    column: str = Field(min_length=1, description="column of the table")
    transform: Literal["none", "log"] = "none"
    centre: float = Field(default=0.0, description="number taken off after the transform")
    scale: float = Field(default=1.0, gt=0, description="number it is divided by, above zero")


class ModelBlock(Block):
    """One model."""

    name: str = Field(min_length=1)
    kind: Literal["logistic", "cox"]
    outcome: str = Field(min_length=1, description="column of 0 and 1: response, or the event")
    time: str = Field(default="", description="column of times, for cox")
    cluster: str = Field(default="", description="column of the patient of a lesion, for logistic")
    covariates: list[CovariateBlock] = Field(min_length=1)


class RiskTableBlock(Block):
    """One table of counts in intervals."""

    name: str = Field(min_length=1)
    time: str = Field(min_length=1)
    event: str = Field(min_length=1)
    edges: list[float] = Field(description="where intervals begin, rising from 0")


class PlanBlock(Block):
    """A whole plan."""

    schema_: Literal["opensirt/shared-plan/1"] = Field(alias="schema")
    key: str = Field(min_length=1)
    definition: str = Field(min_length=1, description="who is in the table, in words")
    time_origin: str = Field(min_length=1, description="from when times are counted, in words")
    criterion: str = Field(min_length=1, description="how outcomes are judged, in words")
    models: list[ModelBlock] = Field(default_factory=list)
    risk_tables: list[RiskTableBlock] = Field(default_factory=list)


def read_shared_plan(path: Path) -> SharedPlan:
    """Return the plan of a TOML file.

    Raises
    ------
    InputError
        When the file is absent, no TOML, or no plan; every problem is named.
    """
    found = validated(PlanBlock, read_toml(path), path)
    return SharedPlan(
        key=found.key,
        definition=found.definition,
        time_origin=found.time_origin,
        criterion=found.criterion,
        models=tuple(
            SharedModel(
                name=one.name,
                kind=ModelKind(one.kind),
                outcome=one.outcome,
                time=one.time,
                cluster=one.cluster,
                covariates=tuple(
                    Covariate(
                        column=each.column,
                        transform=Transform(each.transform),
                        centre=each.centre,
                        scale=each.scale,
                    )
                    for each in one.covariates
                ),
            )
            for one in found.models
        ),
        risk_tables=tuple(
            SharedRiskTable(name=one.name, time=one.time, event=one.event, edges=tuple(one.edges))
            for one in found.risk_tables
        ),
    )


def write_point(path: Path, made: FederatedRound, keys: dict[str, str]) -> None:
    """Write where the centres compute in the next round, and the keys they signed with."""
    memory = made.memory()
    document = {
        "schema": POINT_SCHEMA,
        "plan_sha256": made.plan.sha256,
        "round": memory.round_number,
        "points": {name: list(one) for name, one in memory.points.items()},
        "log_likelihoods": dict(memory.log_likelihoods),
        "before": {name: list(one) for name, one in memory.before.items()},
        "centres": {name: list(one) for name, one in memory.centres.items()},
        "keys": keys,
    }
    with whole_file(path) as part:
        part.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def read_point(path: Path, plan: SharedPlan) -> tuple[RoundMemory, dict[str, str]]:
    """Return the point of a round, and the public key of each centre.

    Raises
    ------
    InputError
        When the file is absent, no point, or of another plan.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path.name}; check the name")
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != POINT_SCHEMA:
            raise InputError(f"{path.name} is no point; schema {POINT_SCHEMA} is wanted")
        if found["plan_sha256"] != plan.sha256:
            raise InputError(f"{path.name} is of another plan than {plan.key}; take its own")
        memory = RoundMemory(
            round_number=int(found["round"]),
            points={name: tuple(map(float, one)) for name, one in found["points"].items()},
            log_likelihoods={name: float(one) for name, one in found["log_likelihoods"].items()},
            before={name: tuple(map(float, one)) for name, one in found["before"].items()},
            centres={name: tuple(map(str, one)) for name, one in found["centres"].items()},
        )
        keys = {str(name): str(one) for name, one in found["keys"].items()}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no point ({error}); take the one that was sent") from None
    return memory, keys

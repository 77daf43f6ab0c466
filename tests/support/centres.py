"""Simulated centres: lesions with doses, responses and survival, each centre a little different."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from opensirt.outcomes.federated.plan import (
    Covariate,
    ModelKind,
    SharedModel,
    SharedPlan,
    SharedRiskTable,
    Transform,
)

SIZES = (120, 90, 160, 110, 200)
LOG_2 = 0.6931471805599453

Columns = Mapping[str, NDArray[np.float64]]


def centre(number: int, size: int) -> Columns:
    """Return one centre: two lesions of each patient, ties in the months of survival."""
    rng = np.random.default_rng([20260301, number])
    dose = rng.lognormal(4.8, 0.5, size)
    prrt = (rng.random(size) < 0.4).astype(float)
    logit = -0.4 + 0.9 * (np.log(dose) - 4.6) / LOG_2 - 0.5 * prrt + 0.2 * (number - 2)
    hazard = np.exp(-0.3 * (np.log(dose) - 4.6) / LOG_2 + 0.5 * prrt + 0.1 * number) / 30.0
    death = np.ceil(rng.exponential(1.0 / hazard))
    last = np.ceil(rng.uniform(6.0, 48.0, size))
    return {
        "dose": dose,
        "prrt": prrt,
        "response": (rng.random(size) < 1.0 / (1.0 + np.exp(-logit))).astype(float),
        "months": np.minimum(death, last),
        "died": (death <= last).astype(float),
        "patient": np.repeat(np.arange((size + 1) // 2), 2)[:size].astype(float),
    }


def centres() -> dict[str, Columns]:
    """Return five centres, all large enough that nothing is withheld."""
    return {f"centre-{number}": centre(number, size) for number, size in enumerate(SIZES)}


def plan() -> SharedPlan:
    """Return a plan with a dose–response model, a Cox model and a table at risk."""
    covariates = (
        Covariate(column="dose", transform=Transform.LOG, centre=4.6, scale=LOG_2),
        Covariate(column="prrt"),
    )
    return SharedPlan(
        key="five-centres",
        definition="simulated lesions treated with radioembolization",
        time_origin="radioembolization",
        criterion="RECIST 1.1 of the lesion at 3 months",
        models=(
            SharedModel(
                name="response by dose",
                kind=ModelKind.LOGISTIC,
                outcome="response",
                cluster="patient",
                covariates=covariates,
            ),
            SharedModel(
                name="survival",
                kind=ModelKind.COX,
                outcome="died",
                time="months",
                covariates=covariates,
            ),
        ),
        risk_tables=(
            SharedRiskTable(
                name="overall survival",
                time="months",
                event="died",
                edges=(0.0, 6.0, 12.0, 18.0, 24.0, 36.0),
            ),
        ),
    )


PLAN_TOML = """schema = "opensirt/shared-plan/1"
key = "five-centres"
definition = "simulated lesions treated with radioembolization"
time_origin = "radioembolization"
criterion = "RECIST 1.1 of the lesion at 3 months"

[[models]]
name = "response by dose"
kind = "logistic"
outcome = "response"
cluster = "patient"
covariates = [
  { column = "dose", transform = "log", centre = 4.6, scale = 0.6931471805599453 },
  { column = "prrt" },
]

[[models]]
name = "survival"
kind = "cox"
outcome = "died"
time = "months"
covariates = [
  { column = "dose", transform = "log", centre = 4.6, scale = 0.6931471805599453 },
  { column = "prrt" },
]

[[risk_tables]]
name = "overall survival"
time = "months"
event = "died"
edges = [0.0, 6.0, 12.0, 18.0, 24.0, 36.0]
"""

"""Activities that make the tumour dose, or its effect, as large as all limits allow."""

from opensirt.physics.optimise.chance import (
    ScenarioRow,
    activities_by_chance,
    best_choice_by_chance,
    chance_interval,
    kept_chance,
)
from opensirt.physics.optimise.program import (
    ActivityProgram,
    LinearLimit,
    LinearTarget,
    Logistic,
    Optimum,
    least_relaxations,
    optimum,
    reached,
)
from opensirt.physics.optimise.vials import (
    NextVials,
    VialKind,
    VialOptimum,
    VialRule,
    next_vials,
    vial_optimum,
)

__all__ = [
    "ActivityProgram",
    "LinearLimit",
    "LinearTarget",
    "Logistic",
    "NextVials",
    "Optimum",
    "ScenarioRow",
    "VialKind",
    "VialOptimum",
    "VialRule",
    "activities_by_chance",
    "best_choice_by_chance",
    "chance_interval",
    "kept_chance",
    "least_relaxations",
    "next_vials",
    "optimum",
    "reached",
    "vial_optimum",
]

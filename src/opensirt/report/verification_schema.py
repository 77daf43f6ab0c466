"""The part of the schema of results.json that describes a measured dose."""

from typing import Any

from opensirt.domain.delivery import PlanStanding
from opensirt.report.dose_schema import effect_schema, uncertainty_schema
from opensirt.report.schema_parts import (
    FRACTION,
    NAME,
    NUMBER,
    TEXT,
    keyed,
    list_of,
    map_of,
    object_of,
)


def verification_schema() -> dict[str, Any]:
    """Return the schema of the measured dose."""
    pair = object_of(
        {"label": NAME, **keyed(("planned_gy", "measured_gy", "difference_gy"), NUMBER)},
        keyed(
            (
                "planned_for_given_activity_gy",
                "delivered_gy",
                "delivered_over_planned_ratio",
                "imaged_gy",
                "imaged_over_planned_ratio",
            ),
            NUMBER,
        ),
    )
    recovered = object_of(
        {"label": NAME, **keyed(("uncorrected_gy", "corrected_gy"), NUMBER)},
        {"recovery_coefficient": NUMBER},
    )
    return object_of(
        {
            "image": NAME,
            **keyed(
                (
                    "imaged_activity_bq",
                    "administered_activity_bq",
                    "imaged_over_administered_ratio",
                ),
                NUMBER,
            ),
            "normalising_volume": NAME,
            "primary": {"type": "integer", "minimum": 0},
            "doses": list_of({"$ref": "#/$defs/dose"}),
            "planned_against_measured": list_of(pair),
        },
        {
            "recovery": object_of({"method": NAME, "structures": list_of(recovered)}),
            "uncertainty": list_of(uncertainty_schema()),
            "effects": list_of(effect_schema()),
            "lung_shunt_seen": object_of(
                {"value": FRACTION, "standard_uncertainty": NUMBER, "method": NAME}
            ),
            "delivery": _delivery(),
            "all_sessions": {"$ref": "#/$defs/sessions"},
        },
    )


def _delivery() -> dict[str, Any]:
    voxel = ("mean_difference_gy", "root_mean_square_gy", "concordance", "within_fraction")
    top_up = (
        "goal_gy",
        "delivered_gy",
        "after_gy",
        "reaching_liver_bq",
        "administered_activity_bq",
        "perfused_normal_liver_after_gy",
        "normal_liver_after_gy",
        "lung_added_gy",
    )
    return object_of(
        {
            "engine": NAME,
            "device": NAME,
            "given_over_planned_ratio": NUMBER,
            "perfect_imaged_over_declared_ratio": NUMBER,
        },
        {
            "plan": _compared_plan(),
            "territories_given_over_planned_ratio": map_of({"type": "number"}),
            "perfect_imaged_over_declared_standard_uncertainty": NUMBER,
            "perfect_source": TEXT,
            "voxels": list_of(object_of({"label": NAME, **keyed(voxel, NUMBER)})),
            "top_ups": list_of(
                object_of(
                    {"territory": NAME, "tumour": NAME, **keyed(top_up, NUMBER)},
                    {"goal": NAME, "binding": NAME},
                )
            ),
        },
    )


def _compared_plan() -> dict[str, Any]:
    """Return the schema of the plan that a delivery was held against."""
    return object_of(
        {
            "standing": {"enum": [one.value for one in PlanStanding]},
            "record": TEXT,
            "sha256": TEXT,
            "device": NAME,
            "model": NAME,
            "administered_activity_bq": map_of(NUMBER),
        },
        {"named_by": TEXT, "engine": NAME},
    )

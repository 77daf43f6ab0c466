"""The part of the schema of results.json that describes doses."""

from typing import Any

from opensirt.domain.structure import StructureKind
from opensirt.report.schema_parts import (
    FRACTION,
    NAME,
    NUMBER,
    REASON,
    STATUS,
    TEXT,
    keyed,
    list_of,
    map_of,
    object_of,
)


def dose_schema() -> dict[str, Any]:
    """Return the schema of one dose map."""
    energy = object_of(
        {
            **keyed(("released_j", "scored_j"), NUMBER),
            **keyed(("outside_kernel_fraction", "outside_grid_fraction"), {"type": "number"}),
        },
        {"mean_energy_mev_per_decay": {"type": "number", "exclusiveMinimum": 0}},
    )
    return object_of(
        {
            "engine": NAME,
            "radionuclide": NAME,
            "data_set": NAME,
            "energy": energy,
            "structures": list_of({"$ref": "#/$defs/structure"}),
        },
        {"calibration": NAME},
    )


def structure_schema() -> dict[str, Any]:
    """Return the schema of the doses of one structure."""
    numbers = (
        "mass_kg",
        "activity_bq",
        "mean_gy",
        "mean_gy_expanded_uncertainty",
        "d95_gy",
        "d70_gy",
        "d50_gy",
        "d5_gy",
        "min_gy",
        "max_gy",
        "bed_gy",
        "eqd2_gy",
    )
    shift = {"anyOf": [object_of(keyed(("lowest", "highest"), NUMBER)), REASON]}
    return object_of(
        {
            "label": NAME,
            "kind": {"enum": [one.value for one in StructureKind]},
            "volume_ml": {"type": "number", "exclusiveMinimum": 0},
            **keyed(numbers, NUMBER),
        },
        {
            "volume_fraction_at_gy": map_of({"type": "number", "minimum": 0}),
            "mean_gy_under_shift": shift,
            **keyed(("eubed_gy", "alpha_beta_ratio_gy", "repair_half_life_h"), NUMBER),
            **keyed(("mean_activity_bq_per_ml", "volume_outside_ml"), NUMBER),
            "radiobiology_source": TEXT,
            "radiobiology_status": STATUS,
        },
    )


def sessions_schema() -> dict[str, Any]:
    """Return the schema of the doses of all sessions."""
    figures = keyed(("lung_gy", "normal_liver_gy", "normal_liver_bed_gy"), NUMBER)
    one = object_of(
        {"session": NAME, "on": NAME, **figures},
        {"territories_gy": map_of(NUMBER), "assumptions": list_of(NAME)},
    )
    return object_of(
        {
            "sessions": list_of(one),
            **figures,
            "normal_liver_eqd2_gy": NUMBER,
            "territories_gy": map_of(NUMBER),
            "complete": {"type": "boolean"},
        },
        {
            **keyed(("lung_gy_at_least", "normal_liver_gy_at_least"), {"type": "number"}),
            "alpha_beta_ratio_gy": NUMBER,
            "radiobiology_source": TEXT,
            "radiobiology_status": STATUS,
        },
    )


def uncertainty_schema() -> dict[str, Any]:
    """Return the schema of the uncertainty of one mean dose."""
    component = object_of(
        {
            "name": NAME,
            "relative_standard_uncertainty": NUMBER,
            "how": NAME,
            "source": TEXT,
            "status": STATUS,
        }
    )
    correlation = object_of({"first": NAME, "second": NAME, "coefficient": {"type": "number"}})
    ends = object_of(keyed(("estimate", "low", "high"), {"type": "number"}))
    interval = object_of(
        {
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
            **keyed(("mean_gy", "d95_gy", "d70_gy", "d50_gy"), ends),
            "dvh": list_of(
                object_of(keyed(("volume_fraction", "estimate", "low", "high"), {"type": "number"}))
            ),
            "corrected_for_resolution": {"type": "boolean"},
            "how": NAME,
        },
        {
            "contour_shift_mm": {"anyOf": [object_of(keyed("xyz", {"type": "number"})), REASON]},
            "draws": {"type": "integer", "minimum": 1},
        },
    )
    numbers = (
        "mean_gy",
        "best_estimate_gy",
        "combined_relative_standard_uncertainty",
        "best_estimate_gy_expanded_uncertainty",
        "mean_gy_expanded_uncertainty",
    )
    return object_of(
        {
            "label": NAME,
            **keyed(numbers, NUMBER),
            "corrected_for_resolution": {"type": "boolean"},
            "coverage_factor": {"type": "number", "exclusiveMinimum": 0},
            "lower_bound": {"type": "boolean"},
            "not_included": list_of(NAME),
            "components": list_of(component),
        },
        {"correlations": list_of(correlation), "interval": {"anyOf": [interval, REASON]}},
    )


def effect_schema() -> dict[str, Any]:
    """Return the schema of one effect."""
    numbers = ("probability", "probability_low", "probability_high")
    return object_of(
        {
            "label": NAME,
            "effect": {"enum": ["toxicity", "control"]},
            **keyed(numbers, FRACTION),
            "reason": TEXT,
            "model": TEXT,
            "status": STATUS,
        },
        {
            **keyed(("dose_gy", "dose_over_half_effect_ratio"), NUMBER),
            **keyed(("quantity", "endpoint", "source"), TEXT),
            "conditions": list_of(NAME),
        },
    )

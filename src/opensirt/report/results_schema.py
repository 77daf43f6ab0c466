"""JSON Schema of results.json."""

from collections.abc import Iterable, Mapping
from typing import Any

from opensirt.domain.delivery import PlanStanding
from opensirt.domain.finding import Severity
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.domain.structure import StructureKind
from opensirt.report.optimise_schema import optimised_schema, second_check_schema

_TEXT = {"type": "string"}
_NAME = {"type": "string", "minLength": 1}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_STATUS = {"enum": ["verified", "unverified"]}
_REASON = {
    "description": "Why there is no number.",
    "enum": [one.value for one in Missing],
}
_NUMBER = {"anyOf": [{"type": "number"}, _REASON]}
_FRACTION = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, _REASON]}
_MODELS = [
    "body_surface_area",
    "body_surface_area_by_share",
    "empiric",
    "mono_compartment",
    "partition",
    "multi_tumour_partition",
    "tumour_shunt",
    "voxel",
    "stated",
]


def _object(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return an object with these keys; others may be added by later versions."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def _keyed(names: Iterable[str], value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) for key in names}


def _map(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": dict(value)}


def _list(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(value)}


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of results.json.

    Only the keys that are promised are required; a reader must accept further ones.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "opensirt/results/1",
        "title": "Results of one run of OpenSIRT",
        "description": "A number that could not be given is a text that says why; there is no "
        "null. The unit of a number is the end of its name.",
        **_object(
            {
                "schema": {"const": "opensirt/results/1"},
                "case": _NAME,
                "research_use": _NAME,
                "findings": _list({"$ref": "#/$defs/finding"}),
                "provenance": {"$ref": "#/$defs/provenance"},
            },
            {
                "selection": _selection(),
                "workup": _workup(),
                "plan": _object(
                    {"rows": _list({"$ref": "#/$defs/row"})},
                    {
                        "chosen": {"$ref": "#/$defs/row"},
                        "choice": _object(
                            {
                                "device": _NAME,
                                "model": _NAME,
                                "origin": _NAME,
                                "administered_activity_bq": _map(_NUMBER),
                            },
                            {
                                "spheres_per_ml_at_most": {"type": "number"},
                                "perfused_volume_ml": _map(_NUMBER),
                            },
                        ),
                        "effects": _list(_effect()),
                        "doses": _list({"$ref": "#/$defs/dose"}),
                        "second_checks": _list(second_check_schema()),
                        "optimised": _list(optimised_schema()),
                        "all_sessions": {"$ref": "#/$defs/sessions"},
                    },
                ),
                "dose": {"$ref": "#/$defs/dose"},
                "verification": _verification(),
                "follow_up": _follow_up(),
                "truth": _list(_truth()),
                "files": _map(_HASH),
            },
        ),
        "$defs": {
            "finding": _finding(),
            "row": _row(),
            "dose": _dose(),
            "structure": _structure(),
            "sessions": _sessions(),
            "provenance": _provenance(),
        },
    }


def _finding() -> dict[str, Any]:
    value = {"type": ["number", "string"]}
    return _object(
        {
            "severity": {"enum": [one.value for one in Severity]},
            "rule": _NAME,
            "text": _NAME,
            "value": value,
            "limit": value,
            "source": _TEXT,
            "status": _STATUS,
        }
    )


def _sessions() -> dict[str, Any]:
    figures = _keyed(("lung_gy", "normal_liver_gy", "normal_liver_bed_gy"), _NUMBER)
    one = _object(
        {"session": _NAME, "on": _NAME, **figures},
        {"territories_gy": _map(_NUMBER), "assumptions": _list(_NAME)},
    )
    return _object(
        {
            "sessions": _list(one),
            **figures,
            "normal_liver_eqd2_gy": _NUMBER,
            "territories_gy": _map(_NUMBER),
            "complete": {"type": "boolean"},
        },
        {
            **_keyed(("lung_gy_at_least", "normal_liver_gy_at_least"), {"type": "number"}),
            "alpha_beta_ratio_gy": _NUMBER,
            "radiobiology_source": _TEXT,
            "radiobiology_status": _STATUS,
            "eubed_gy": _NUMBER,
        },
    )


def _selection() -> dict[str, Any]:
    rule = _object(
        {"id": _NAME, "result": {"enum": ["pass", "fail", "unknown"]}},
        {
            "title": _TEXT,
            "kind": _NAME,
            "missing": _list(_NAME),
            "source": _TEXT,
            "status": _STATUS,
        },
    )
    score = _object({"name": _NAME, "variant": _NAME, "value": _NUMBER, "status": _STATUS})
    return _object(
        {"rules": _list(rule)},
        {
            "on": {"type": "string", "format": "date"},
            "profile": _NAME,
            "device": _TEXT,
            "scores": _list(score),
        },
    )


def _follow_up() -> dict[str, Any]:
    categories = {"enum": [one.value for one in ResponseCategory]}
    visit = _object({"on": _NAME, "criterion": _NAME, "overall": categories})
    criterion = _object(
        {"criterion": _NAME, "title": _NAME, "assessments": _list(visit)},
        {"by_lesion": _list(_object({"lesion": _NAME, "on": _NAME, "category": categories}))},
    )
    worst = _object({"term": _NAME, "grade": {"type": ["integer", "string"]}})
    window = _object(
        {
            "version": _NAME,
            "first_day": {"type": "integer"},
            "last_day": {"type": "integer"},
            "laboratory": _list(worst),
            "events": _list(worst),
            "shift": _list(_list({"type": "integer"})),
        }
    )
    definition = _object(
        {
            "definition": _NAME,
            "met": {"type": ["boolean", "string"]},
            "evidence": _list({"type": "object"}),
        }
    )
    return _object(
        {
            "treated_on": _NAME,
            "on": _NAME,
            "day": {"type": "integer", "minimum": 0},
            "on_watch_list": {"type": "boolean"},
            "timeline": {"type": "object"},
            "response": _list(criterion),
            "toxicity": _list(window),
            "reild": _list(definition),
        },
        {
            name: _list({"type": "object"})
            for name in (
                "choi",
                "dose_response",
                "graded",
                "hepatobiliary",
                "late_events",
                "liver_function",
                "markers",
                "quality_of_life",
                "symptoms",
                "tumour_load",
            )
        },
    )


def _workup() -> dict[str, Any]:
    shunt = _object(
        {"value": _FRACTION, "standard_uncertainty": _NUMBER, "method": _NAME},
        {"assumed": {"type": "boolean"}},
    )
    return _object({"lung_shunt_fraction": shunt, "tumour_to_normal_ratio": _map(_NUMBER)})


def _row() -> dict[str, Any]:
    numbers = (
        "administered_activity_bq",
        "reaching_liver_bq",
        "tumour_gy",
        "normal_liver_gy",
        "perfused_normal_liver_gy",
        "perfused_volume_gy",
        "lung_gy",
        "sphere_count",
    )
    return _object(
        {
            "device": _NAME,
            "model": {"enum": _MODELS},
            "territory": _TEXT,
            **_keyed(numbers, _NUMBER),
            "binding": _TEXT,
        },
        {
            "lung_limit_binds_at_fraction": _NUMBER,
            "dose_constant_gy_kg_per_gbq": _NUMBER,
            "tumour_doses_gy": _map(_NUMBER),
            "extrahepatic_doses_gy": _map(_NUMBER),
            "status": _STATUS,
            "sources": _list(_NAME),
            "note": _TEXT,
        },
    )


def _dose() -> dict[str, Any]:
    energy = _object(
        {
            **_keyed(("released_j", "scored_j"), _NUMBER),
            **_keyed(("outside_kernel_fraction", "outside_grid_fraction"), {"type": "number"}),
        },
        {"mean_energy_mev_per_decay": {"type": "number", "exclusiveMinimum": 0}},
    )
    return _object(
        {
            "engine": _NAME,
            "radionuclide": _NAME,
            "data_set": _NAME,
            "energy": energy,
            "structures": _list({"$ref": "#/$defs/structure"}),
        },
        {"calibration": _NAME},
    )


def _structure() -> dict[str, Any]:
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
    shift = {"anyOf": [_object(_keyed(("lowest", "highest"), _NUMBER)), _REASON]}
    return _object(
        {
            "label": _NAME,
            "kind": {"enum": [one.value for one in StructureKind]},
            "volume_ml": {"type": "number", "exclusiveMinimum": 0},
            **_keyed(numbers, _NUMBER),
        },
        {
            "volume_fraction_at_gy": _map({"type": "number", "minimum": 0}),
            "mean_gy_under_shift": shift,
            "radiobiology_status": _STATUS,
        },
    )


def _verification() -> dict[str, Any]:
    pair = _object(
        {"label": _NAME, **_keyed(("planned_gy", "measured_gy", "difference_gy"), _NUMBER)},
        _keyed(
            (
                "planned_for_given_activity_gy",
                "delivered_gy",
                "delivered_over_planned_ratio",
                "imaged_gy",
                "imaged_over_planned_ratio",
            ),
            _NUMBER,
        ),
    )
    recovered = _object(
        {"label": _NAME, **_keyed(("uncorrected_gy", "corrected_gy"), _NUMBER)},
        {"recovery_coefficient": _NUMBER},
    )
    return _object(
        {
            "image": _NAME,
            **_keyed(
                (
                    "imaged_activity_bq",
                    "administered_activity_bq",
                    "imaged_over_administered_ratio",
                ),
                _NUMBER,
            ),
            "normalising_volume": _NAME,
            "primary": {"type": "integer", "minimum": 0},
            "doses": _list({"$ref": "#/$defs/dose"}),
            "planned_against_measured": _list(pair),
        },
        {
            "recovery": _object({"method": _NAME, "structures": _list(recovered)}),
            "uncertainty": _list(_uncertainty()),
            "effects": _list(_effect()),
            "lung_shunt_seen": _object(
                {"value": _FRACTION, "standard_uncertainty": _NUMBER, "method": _NAME}
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
    return _object(
        {
            "engine": _NAME,
            "device": _NAME,
            "given_over_planned_ratio": _NUMBER,
            "perfect_imaged_over_declared_ratio": _NUMBER,
        },
        {
            "plan": _compared_plan(),
            "territories_given_over_planned_ratio": _map({"type": "number"}),
            "perfect_imaged_over_declared_standard_uncertainty": _NUMBER,
            "perfect_source": _TEXT,
            "voxels": _list(_object({"label": _NAME, **_keyed(voxel, _NUMBER)})),
            "top_ups": _list(
                _object(
                    {"territory": _NAME, "tumour": _NAME, **_keyed(top_up, _NUMBER)},
                    {"goal": _NAME, "binding": _NAME},
                )
            ),
        },
    )


def _compared_plan() -> dict[str, Any]:
    """Return the schema of the plan that a delivery was held against."""
    return _object(
        {
            "standing": {"enum": [one.value for one in PlanStanding]},
            "record": _TEXT,
            "sha256": _TEXT,
            "device": _NAME,
            "model": _NAME,
            "administered_activity_bq": _map(_NUMBER),
        },
        {"named_by": _TEXT, "engine": _NAME},
    )


def _effect() -> dict[str, Any]:
    numbers = ("probability", "probability_low", "probability_high")
    return _object(
        {
            "label": _NAME,
            "effect": {"enum": ["toxicity", "control"]},
            **_keyed(numbers, _FRACTION),
            "reason": _TEXT,
            "model": _TEXT,
            "status": _STATUS,
        },
        {
            **_keyed(("dose_gy", "dose_over_half_effect_ratio"), _NUMBER),
            **_keyed(("quantity", "endpoint", "source"), _TEXT),
            "conditions": _list(_NAME),
        },
    )


def _uncertainty() -> dict[str, Any]:
    component = _object(
        {
            "name": _NAME,
            "relative_standard_uncertainty": _NUMBER,
            "how": _NAME,
            "source": _TEXT,
            "status": _STATUS,
        }
    )
    correlation = _object({"first": _NAME, "second": _NAME, "coefficient": {"type": "number"}})
    ends = _object(_keyed(("estimate", "low", "high"), {"type": "number"}))
    interval = _object(
        {
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
            **_keyed(("mean_gy", "d95_gy", "d70_gy", "d50_gy"), ends),
            "dvh": _list(
                _object(_keyed(("volume_fraction", "estimate", "low", "high"), {"type": "number"}))
            ),
            "corrected_for_resolution": {"type": "boolean"},
            "how": _NAME,
        },
        {
            "contour_shift_mm": {"anyOf": [_object(_keyed("xyz", {"type": "number"})), _REASON]},
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
    return _object(
        {
            "label": _NAME,
            **_keyed(numbers, _NUMBER),
            "corrected_for_resolution": {"type": "boolean"},
            "coverage_factor": {"type": "number", "exclusiveMinimum": 0},
            "lower_bound": {"type": "boolean"},
            "not_included": _list(_NAME),
            "components": _list(component),
        },
        {"correlations": _list(correlation), "interval": {"anyOf": [interval, _REASON]}},
    )


def _truth() -> dict[str, Any]:
    return _object(
        {
            "quantity": _NAME,
            "unit": _TEXT,
            "true": {"type": "number"},
            "estimated": _NUMBER,
            "uncorrected": _NUMBER,
            "tolerance": _TEXT,
        }
    )


def _provenance() -> dict[str, Any]:
    return _object(
        {
            "software": _map(_NAME),
            "inputs": _map(_NAME),
            "reference_data": _map(_NAME),
            "site": _NAME,
            "made_at": {"type": "string", "format": "date-time"},
        },
        {"method": _TEXT, "parameters": _map({"type": ["number", "string"]})},
    )

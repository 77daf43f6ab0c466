"""JSON Schema of results.json."""

from typing import Any

from opensirt.domain.finding import Severity
from opensirt.domain.response import ResponseCategory
from opensirt.report.dose_schema import (
    dose_schema,
    effect_schema,
    sessions_schema,
    structure_schema,
)
from opensirt.report.optimise_schema import optimised_schema, second_check_schema
from opensirt.report.schema_parts import (
    FRACTION,
    HASH,
    NAME,
    NUMBER,
    STATUS,
    TEXT,
    keyed,
    list_of,
    map_of,
    object_of,
)
from opensirt.report.verification_schema import verification_schema

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
        **object_of(
            {
                "schema": {"const": "opensirt/results/1"},
                "case": NAME,
                "research_use": NAME,
                "findings": list_of({"$ref": "#/$defs/finding"}),
                "provenance": {"$ref": "#/$defs/provenance"},
            },
            {
                "selection": _selection(),
                "workup": _workup(),
                "plan": object_of(
                    {"rows": list_of({"$ref": "#/$defs/row"})},
                    {
                        "chosen": {"$ref": "#/$defs/row"},
                        "choice": object_of(
                            {
                                "device": NAME,
                                "model": NAME,
                                "origin": NAME,
                                "administered_activity_bq": map_of(NUMBER),
                            },
                            {
                                "spheres_per_ml_at_most": {"type": "number"},
                                "perfused_volume_ml": map_of(NUMBER),
                            },
                        ),
                        "effects": list_of(effect_schema()),
                        "doses": list_of({"$ref": "#/$defs/dose"}),
                        "second_checks": list_of(second_check_schema()),
                        "optimised": list_of(optimised_schema()),
                        "all_sessions": {"$ref": "#/$defs/sessions"},
                    },
                ),
                "dose": {"$ref": "#/$defs/dose"},
                "verification": verification_schema(),
                "follow_up": _follow_up(),
                "truth": list_of(_truth()),
                "confirmations": list_of(object_of({"finding": NAME, "by": NAME, "on": NAME})),
                "files": map_of(HASH),
            },
        ),
        "$defs": {
            "finding": _finding(),
            "row": _row(),
            "dose": dose_schema(),
            "structure": structure_schema(),
            "sessions": sessions_schema(),
            "provenance": _provenance(),
        },
    }


def _finding() -> dict[str, Any]:
    value = {"type": ["number", "string"]}
    return object_of(
        {
            "severity": {"enum": [one.value for one in Severity]},
            "rule": NAME,
            "text": NAME,
            "value": value,
            "limit": value,
            "source": TEXT,
            "status": STATUS,
        }
    )


def _selection() -> dict[str, Any]:
    rule = object_of(
        {"id": NAME, "result": {"enum": ["pass", "fail", "unknown"]}},
        {
            "title": TEXT,
            "kind": NAME,
            "missing": list_of(NAME),
            "source": TEXT,
            "status": STATUS,
        },
    )
    score = object_of({"name": NAME, "variant": NAME, "value": NUMBER, "status": STATUS})
    return object_of(
        {"rules": list_of(rule)},
        {
            "on": {"type": "string", "format": "date"},
            "profile": NAME,
            "device": TEXT,
            "scores": list_of(score),
        },
    )


def _follow_up() -> dict[str, Any]:
    categories = {"enum": [one.value for one in ResponseCategory]}
    visit = object_of({"on": NAME, "criterion": NAME, "overall": categories})
    criterion = object_of(
        {"criterion": NAME, "title": NAME, "assessments": list_of(visit)},
        {"by_lesion": list_of(object_of({"lesion": NAME, "on": NAME, "category": categories}))},
    )
    worst = object_of({"term": NAME, "grade": {"type": ["integer", "string"]}})
    window = object_of(
        {
            "version": NAME,
            "first_day": {"type": "integer"},
            "last_day": {"type": "integer"},
            "laboratory": list_of(worst),
            "events": list_of(worst),
            "shift": list_of(list_of({"type": "integer"})),
        }
    )
    definition = object_of(
        {
            "definition": NAME,
            "met": {"type": ["boolean", "string"]},
            "evidence": list_of({"type": "object"}),
        }
    )
    return object_of(
        {
            "treated_on": NAME,
            "on": NAME,
            "day": {"type": "integer", "minimum": 0},
            "on_watch_list": {"type": "boolean"},
            "timeline": {"type": "object"},
            "response": list_of(criterion),
            "toxicity": list_of(window),
            "reild": list_of(definition),
        },
        {
            name: list_of({"type": "object"})
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
    shunt = object_of(
        {"value": FRACTION, "standard_uncertainty": NUMBER, "method": NAME},
        {"assumed": {"type": "boolean"}},
    )
    return object_of({"lung_shunt_fraction": shunt, "tumour_to_normal_ratio": map_of(NUMBER)})


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
    return object_of(
        {
            "device": NAME,
            "model": {"enum": _MODELS},
            "territory": TEXT,
            **keyed(numbers, NUMBER),
            "binding": TEXT,
        },
        {
            "lung_limit_binds_at_fraction": NUMBER,
            "dose_constant_gy_kg_per_gbq": NUMBER,
            "tumour_doses_gy": map_of(NUMBER),
            "extrahepatic_doses_gy": map_of(NUMBER),
            "status": STATUS,
            "sources": list_of(NAME),
            "note": TEXT,
        },
    )


def _truth() -> dict[str, Any]:
    return object_of(
        {
            "quantity": NAME,
            "unit": TEXT,
            "true": {"type": "number"},
            "estimated": NUMBER,
            "uncorrected": NUMBER,
            "tolerance": TEXT,
        }
    )


def _provenance() -> dict[str, Any]:
    return object_of(
        {
            "software": map_of(NAME),
            "inputs": map_of(NAME),
            "reference_data": map_of(NAME),
            "site": NAME,
            "made_at": {"type": "string", "format": "date-time"},
        },
        {"method": TEXT, "parameters": map_of({"type": ["number", "string"]})},
    )

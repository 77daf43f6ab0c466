"""The part of the schema of results.json that describes optimised plans and second checks."""

from collections.abc import Iterable
from typing import Any

from opensirt.domain.delivery_error import ErrorOrigin, ErrorQuantity
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import Objective

_NAME = {"type": "string", "minLength": 1}
_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}
_NUMBER = {"anyOf": [{"type": "number"}, {"enum": [one.value for one in Missing]}]}
_CHANCE = {"type": "number", "minimum": 0, "maximum": 1}
_STATUS = {"enum": ["verified", "unverified"]}
_SIZES = {"type": "array", "items": {"type": "number"}}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a part of a schema
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _numbers(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(names, _NUMBER)


def second_check_schema() -> dict[str, Any]:
    """Return the schema of one second check."""
    keys: dict[str, Any] = dict.fromkeys(
        ("device", "model", "territory", "quantity", "from"), _NAME
    )
    numbers = _numbers(("stated_bq", "recomputed_bq", "difference_fraction"))
    return _object(**keys, **numbers)


def optimised_schema() -> dict[str, Any]:
    """Return the schema of one optimised plan."""
    limit = _object(
        limit=_NAME,
        text=_NAME,
        territory=_TEXT,
        **_numbers(("value", "at_most", "price")),
        unit=_NAME,
        binding=_FLAG,
        reached=_FLAG,
        source=_TEXT,
        status=_STATUS,
    )
    territory = _object(
        territory=_NAME,
        **_numbers(("administered_activity_bq", "reaching_liver_bq", "perfused_normal_liver_gy")),
        vials_gbq=_SIZES,
    )
    exceeded = _object(text=_NAME, **_numbers(("value", "at_most")), unit=_NAME)
    step = _object(
        territory=_NAME,
        vials_gbq=_SIZES,
        **_numbers(("administered_activity_bq", "objective_value")),
        exceeded=_list(exceeded),
    )
    point = _object(
        **_numbers(
            (
                "limit_gy",
                "normal_liver_gy",
                "perfused_normal_liver_gy",
                "least_tumour_gy",
                "mean_tumour_gy",
                "objective_value",
                "administered_activity_bq",
            )
        ),
        liver_limit_binds=_FLAG,
    )
    relaxation = _object(text=_NAME, **_numbers(("at_most", "needed")), unit=_NAME)
    schema = _object(
        device=_NAME,
        model=_NAME,
        objective={"enum": [one.value for one in Objective]},
        **_numbers(
            (
                "objective_value",
                "continuous_objective_value",
                "administered_activity_bq",
                "normal_liver_gy",
                "perfused_normal_liver_gy",
                "lung_gy",
            )
        ),
        territories=_list(territory),
        tumour_doses_gy={"type": "object", "additionalProperties": _NUMBER},
        limits=_list(limit),
        next_vials=_list(step),
        trade_off=_list(point),
        refusal=_NAME,
        relaxations=_list(relaxation),
        status=_STATUS,
        sources=_list(_NAME),
        notes=_list(_NAME),
    )
    schema["properties"]["robust"] = _robust()
    return schema


def _robust() -> dict[str, Any]:
    quantiles = ("planned", "median", "percentile_5", "percentile_95")
    goal = _object(
        kind={"enum": ["limit", "target"]},
        text=_NAME,
        **_numbers((*quantiles, "bound")),
        unit=_NAME,
        chance=_CHANCE,
        chance_interval=_object(low=_CHANCE, high=_CHANCE),
    )
    error = _object(
        quantity={"enum": [one.value for one in ErrorQuantity]},
        origin={"enum": [one.value for one in ErrorOrigin]},
        **_numbers(("median_of_logarithm", "between_cases", "within_case")),
        case_count=_COUNT,
        source=_NAME,
        status=_STATUS,
        note=_TEXT,
    )
    calibration = _object(
        quantity={"enum": [one.value for one in ErrorQuantity]},
        case_count=_COUNT,
        inside_50_percent_interval_fraction=_CHANCE,
        inside_80_percent_interval_fraction=_CHANCE,
        inside_95_percent_interval_fraction=_CHANCE,
    )
    return _object(
        scenario_count=_COUNT,
        seed=_COUNT,
        chosen_by_chance={"type": "object", "additionalProperties": _CHANCE},
        goals=_list(goal),
        doses=_list(_object(text=_NAME, **_numbers(quantiles), unit=_NAME)),
        errors=_list(error),
        not_varied={"type": "object", "additionalProperties": _NAME},
        calibration=_list(calibration),
        status=_STATUS,
    )

"""The part of the schema of results.json that describes optimised plans and second checks."""

from collections.abc import Iterable
from typing import Any

from opensirt.domain.delivery_error import ErrorOrigin, ErrorQuantity
from opensirt.domain.optimised_plan import Objective
from opensirt.report.schema_parts import NAME, NUMBER, STATUS, TEXT, list_of, object_of

_FLAG = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}
_CHANCE = {"type": "number", "minimum": 0, "maximum": 1}
_SIZES = {"type": "array", "items": {"type": "number"}}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - a part of a schema
    return object_of(properties)


def _numbers(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(names, NUMBER)


def second_check_schema() -> dict[str, Any]:
    """Return the schema of one second check."""
    keys: dict[str, Any] = dict.fromkeys(("device", "model", "territory", "quantity", "from"), NAME)
    numbers = _numbers(("stated_bq", "recomputed_bq", "difference_fraction"))
    return _object(**keys, **numbers)


def optimised_schema() -> dict[str, Any]:
    """Return the schema of one optimised plan."""
    limit = _object(
        limit=NAME,
        text=NAME,
        territory=TEXT,
        **_numbers(("value", "at_most", "price")),
        unit=NAME,
        binding=_FLAG,
        reached=_FLAG,
        source=TEXT,
        status=STATUS,
    )
    territory = _object(
        territory=NAME,
        **_numbers(("administered_activity_bq", "reaching_liver_bq", "perfused_normal_liver_gy")),
        vials_gbq=_SIZES,
    )
    exceeded = _object(text=NAME, **_numbers(("value", "at_most")), unit=NAME)
    step = _object(
        territory=NAME,
        vials_gbq=_SIZES,
        **_numbers(("administered_activity_bq", "objective_value")),
        exceeded=list_of(exceeded),
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
    relaxation = _object(text=NAME, **_numbers(("at_most", "needed")), unit=NAME)
    schema = _object(
        device=NAME,
        model=NAME,
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
        territories=list_of(territory),
        tumour_doses_gy={"type": "object", "additionalProperties": NUMBER},
        limits=list_of(limit),
        next_vials=list_of(step),
        trade_off=list_of(point),
        refusal=NAME,
        relaxations=list_of(relaxation),
        status=STATUS,
        sources=list_of(NAME),
        notes=list_of(NAME),
    )
    schema["properties"]["robust"] = _robust()
    return schema


def _robust() -> dict[str, Any]:
    quantiles = ("planned", "median", "percentile_5", "percentile_95")
    goal = _object(
        kind={"enum": ["limit", "target"]},
        text=NAME,
        **_numbers((*quantiles, "bound")),
        unit=NAME,
        chance=_CHANCE,
        chance_interval=_object(low=_CHANCE, high=_CHANCE),
    )
    error = _object(
        quantity={"enum": [one.value for one in ErrorQuantity]},
        origin={"enum": [one.value for one in ErrorOrigin]},
        **_numbers(("median_of_logarithm", "between_cases", "within_case")),
        case_count=_COUNT,
        source=NAME,
        status=STATUS,
        note=TEXT,
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
        goals=list_of(goal),
        doses=list_of(_object(text=NAME, **_numbers(quantiles), unit=NAME)),
        errors=list_of(error),
        not_varied={"type": "object", "additionalProperties": NAME},
        calibration=list_of(calibration),
        status=STATUS,
    )

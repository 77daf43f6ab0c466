"""Words and shapes that the schemas of results.json are made of."""

from collections.abc import Iterable, Mapping
from typing import Any

from opensirt.domain.missing import Missing

TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
STATUS = {"enum": ["verified", "unverified"]}
REASON = {
    "description": "Why there is no number.",
    "enum": [one.value for one in Missing],
}
NUMBER = {"anyOf": [{"type": "number"}, REASON]}
FRACTION = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, REASON]}


def object_of(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return an object with these keys; others may be added by later versions."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def keyed(names: Iterable[str], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same schema for each of several keys."""
    return {key: dict(value) for key in names}


def map_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object of any keys whose values are alike."""
    return {"type": "object", "additionalProperties": dict(value)}


def list_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an array whose items are alike."""
    return {"type": "array", "items": dict(value)}

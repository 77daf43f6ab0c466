"""What made a result: enough to make it again, or to find why it cannot be."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Enough to make the result again, or to find why it cannot be."""

    method: str
    made_at: datetime
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Role → sha256 of what was read."""
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    reference_data: Mapping[str, str] = field(default_factory=dict)
    """Data set → version."""
    software: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise ValueError("made_at needs a time zone")
        for name in ("inputs", "parameters", "reference_data", "software"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of the bytes of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return JSON with sorted keys and no spaces, the same text for equal values.

    Raises
    ------
    ValueError
        When the value holds NaN or infinity, which JSON does not know.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the sha256 of the canonical JSON of a value, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()

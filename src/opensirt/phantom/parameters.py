"""What the digital patient is made of, read once from ``digital_patient.toml``."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def parameters() -> dict[str, Any]:
    """Return the tables of the design file; they are not to be changed."""
    text = (files("opensirt.phantom") / "digital_patient.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)

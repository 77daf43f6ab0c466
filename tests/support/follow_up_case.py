"""A case of a follow-up without any image, as its case.toml."""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opensirt.app.imported_case import case_text
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import COURSE_BLOCKS, _labs


def tables() -> dict[str, Any]:
    """Return the example follow-up of the digital patient with its baseline entered."""
    made: dict[str, Any] = {name: deepcopy(parameters()[name]) for name in COURSE_BLOCKS}
    first = made["follow_up"]["visits"][0]
    for sight, mm in zip(first["sights"], (60.0, 40.0, None), strict=True):
        if mm is not None:
            sight["longest_diameter_mm"] = mm
    made["follow_up"]["treated_on"] = datetime(2026, 1, 21, tzinfo=UTC).date()
    return {
        "schema": "opensirt/case/1",
        "key": "p",
        "patient": {"height_cm": 174.0, "weight_kg": 76.0, "sex": "female"},
        "labs": [dict(one) for one in _labs()],
        **made,
    }


def write(folder: Path, stated: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "case.toml").write_text(case_text(stated), encoding="utf-8")
    return folder

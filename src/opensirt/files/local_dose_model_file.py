"""Local dose models on disk: one JSON file each, with its provenance."""

import json
from pathlib import Path

from opensirt.errors import InputError
from opensirt.outcomes.local_dose_model import LocalDoseModel, as_mapping, from_mapping
from opensirt.whole_file import whole_file


def write_local_dose_model(path: Path, model: LocalDoseModel) -> Path:
    """Write a model as JSON; an interrupted run leaves the old file or the new one."""
    text = json.dumps(as_mapping(model), indent=1, ensure_ascii=False, allow_nan=False)
    with whole_file(Path(path)) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return Path(path)


def read_local_dose_model(path: Path) -> LocalDoseModel:
    """Read what `write_local_dose_model` wrote.

    Raises
    ------
    InputError
        When the file is not there, is no JSON, or is no dose model.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no dose model {path.name}; check the name")
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path.name} is no JSON ({error})") from None
    if not isinstance(given, dict):
        raise InputError(f"{path.name} is no dose model; wanted a JSON object")
    return from_mapping(given, where=path.name)

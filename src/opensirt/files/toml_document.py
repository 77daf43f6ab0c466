"""TOML files checked against a model, with every problem said in one message."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from opensirt.errors import InputError

ModelT = TypeVar("ModelT", bound="Block")

_SHOWN_CHARACTERS = 60


class Block(BaseModel):
    """A table of a file of ours: no unknown keys, no conversions, no change after reading."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True
    )


# Messages say a file's own name only: folders are often named after patients.


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    InputError
        When the file is absent, is no text, or breaks the rules of TOML (with line and column).
    """
    try:
        # Editors of Windows begin UTF-8 text with a mark that nobody sees.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"{path.name} does not exist; `opensirt new CASE --from FOLDER` writes a case.toml"
            if path.name == "case.toml"
            else f"{path.name} does not exist; check the name"
        ) from None
    except IsADirectoryError:
        raise InputError(f"{path.name} is a folder; a TOML file is wanted") from None
    except PermissionError:
        raise InputError(f"{path.name} may not be read; change its permissions") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8 text (byte {error.start}); save it again as UTF-8"
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path.name} is not valid TOML: {error}; correct that line{_slip(text, str(error))}"
        ) from None


_AT_LINE = re.compile(r"at line (\d+)")
_SLIPS = (
    (re.compile(r"=\s*[-+]?\d+,\d"), "write a decimal point for the comma: 1.05"),
    (re.compile("[\u201c\u201d\u201e\u2018\u2019]"), 'write straight quotation marks: "…"'),
    (
        re.compile(r"=\s*(\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}[./]\d|\d{4}-\d{1,2}-\d{1,2})"),
        "write a date that is in the calendar as 2026-03-02; an instant has time and zone as well",
    ),
    (re.compile(r"=\s*[^\W\d_]"), 'put words in quotation marks: key = "a word"'),
    (
        re.compile(r"^\s*[^=#\[]+$"),
        "write key = value, a table as [name], a list of them as [[name]]",
    ),
)
"""What a broken line often holds → what to write there."""


def _slip(text: str, error: str) -> str:
    """Return what is probably wrong with the line that an error names, without repeating it."""
    if "Cannot overwrite" in error or "Cannot declare" in error:
        return ": its key or table stands in the file twice"
    at = _AT_LINE.search(error)
    lines = text.splitlines()
    if at is None or int(at[1]) > len(lines):
        return ""
    line = lines[int(at[1]) - 1]
    return next((f" ({advice})" for slip, advice in _SLIPS if slip.search(line)), "")


def validated(model: type[ModelT], data: Mapping[str, Any], path: Path) -> ModelT:
    """Return `data` as a model.

    Raises
    ------
    InputError
        With all problems: each with its key, what was found, what was wanted.
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        problems = list(
            dict.fromkeys(_problem(model, dict(one)) for one in error.errors(include_url=False))
        )
    if len(problems) == 1:
        raise InputError(f"{path.name}: {problems[0]}")
    listed = "\n".join(f"  {number}. {text}" for number, text in enumerate(problems, 1))
    raise InputError(f"{path.name} has {len(problems)} problems:\n{listed}")


def _problem(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    location = tuple(error["loc"])
    owner, shown = _walk(model, location)
    name = str(location[-1]) if location else ""
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _field_names(owner) if owner else []
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"{shown} is not a known key{hint} (known here: {', '.join(known)})"
    wanted = _wanted(owner, name)
    if kind == "missing":
        return f"{shown} is missing; add it{f': {wanted}' if wanted else ''}"
    said = error["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if kind == "model_type":
        inner = _model_of(owner, name) if owner else None
        said = f"a table with {', '.join(_field_names(inner)) if inner else 'keys'} is wanted"
    given = error["input"]
    text = said
    if location and not isinstance(given, dict | Block):
        found = given.isoformat() if isinstance(given, date) else repr(given)
        text = f"{shown}: found {found[:_SHOWN_CHARACTERS]}; {said}"
    elif location:
        text = f"{shown}: {said}"
    return f"{text}. Wanted: {wanted}" if wanted and kind != "value_error" else text


def _wanted(owner: type[BaseModel] | None, name: str) -> str:
    if owner is None:
        return ""
    for key, field in owner.model_fields.items():
        if name in (key, field.alias):
            return field.description or ""
    return ""


def _walk(model: type[BaseModel], location: tuple[Any, ...]) -> tuple[type[BaseModel] | None, str]:
    """Return the model that owns the last key of a location, and the location in words."""
    owner: type[BaseModel] | None = model
    for part in location[:-1]:
        if owner is not None and isinstance(part, str) and part in _field_names(owner):
            owner = _model_of(owner, part)  # a key that is no field is one of a map of models
    return owner, _in_words(location)


def _in_words(location: tuple[Any, ...]) -> str:
    """Return ("images", 0, "unit") as ``[[images]] no. 1, unit``.

    >>> _in_words(("tissue", "lung_mass_kg")), _in_words(("images", 1, "unit"))
    ('[tissue] lung_mass_kg', '[[images]] no. 2, unit')
    """
    if len(location) < 2:  # noqa: PLR2004 - a key of the top level
        return ".".join(str(part) for part in location)
    table, rest = f"[{location[0]}] ", location[1:]
    if isinstance(rest[0], int):
        table, rest = f"[[{location[0]}]] no. {rest[0] + 1}, ", rest[1:]
    words = ""
    for part in rest:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return (table + words.removeprefix(".")).removesuffix(", ")


def _field_names(model: type[BaseModel]) -> list[str]:
    return [field.alias or key for key, field in model.model_fields.items()]


def _model_of(owner: type[BaseModel], name: str) -> type[BaseModel] | None:
    for key, field in owner.model_fields.items():
        if name in (key, field.alias):
            return _find_model(field.annotation)
    return None


def _find_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for one in get_args(annotation):
        found = _find_model(one)
        if found is not None:
            return found
    return None

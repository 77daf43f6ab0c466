"""The TOML tables of this room, read once."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from opensirt.errors import UnknownNameError


@cache
def read_table(name: str) -> dict[str, Any]:
    """Return the content of ``<name>.toml`` of this room; it is not to be changed.

    Raises
    ------
    UnknownNameError
        When there is no such table.
    """
    room = files("opensirt.reference")
    path = room / f"{name}.toml"
    if not path.is_file():
        known = sorted(
            one.name.removesuffix(".toml") for one in room.iterdir() if ".toml" in one.name
        )
        raise UnknownNameError("reference table", name, known)
    return tomllib.loads(path.read_text(encoding="utf-8"))

"""The CSV tables of this room, read once."""

import csv
import io
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def read_csv_table(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of ``<name>.csv`` of this room, a mapping of column to text each."""
    text = (files("opensirt.reference") / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))

"""A number out of a publication, together with its unit, its source and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

STATUSES = ("verified", "computed", "second-hand", "memory")
"""How a figure is known: read in its source; follows from such figures by arithmetic or
simulation done for this project; read in a text that quotes it; not read at all."""

_SURE = ("verified", "computed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One figure of the reference room.

    Raises
    ------
    InputError
        When the source is empty or the status is none of `STATUSES`.
    """

    value: float
    unit: str
    source: str
    status: str
    standard_uncertainty: float | None = None
    """One standard deviation in the same unit; None where the source gives none."""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise InputError(f"the figure {self.value} {self.unit} has no source; name it")
        if self.status not in STATUSES:
            raise InputError(
                f"the figure {self.value} {self.unit} has the status {self.status!r}; "
                f"wanted one of {', '.join(STATUSES)}"
            )

    @property
    def verified(self) -> bool:
        """False when the figure is to be shown with ⚠."""
        return self.status in _SURE


def constant_of(entry: Mapping[str, Any], *, where: str) -> Constant:
    """Return the figure that a table entry describes.

    Parameters
    ----------
    entry
        Mapping with ``value``, ``unit``, ``source``, ``status`` and perhaps
        ``standard_uncertainty``.
    where
        Table and keys, for the message.

    Raises
    ------
    InputError
        When one of the four is missing, or the value is no number.
    """
    for key in ("value", "unit", "source", "status"):
        if key not in entry:
            raise InputError(f"reference entry {where} has no {key}; every figure needs one")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"reference entry {where} has the value {value!r}, which is no number")
    spread = entry.get("standard_uncertainty")
    return Constant(
        value=float(value),
        unit=str(entry["unit"]),
        source=str(entry["source"]),
        status=str(entry["status"]),
        standard_uncertainty=None if spread is None else float(spread),
    )


def constant(table: str, *keys: str) -> Constant:
    """Return one figure of ``<table>.toml``.

    Raises
    ------
    UnknownNameError
        When the table or one of the keys does not exist.
    InputError
        When the entry lacks a value, unit, source or status.
    """
    entry: Any = read_table(table)
    for key in keys:
        if not isinstance(entry, Mapping) or key not in entry:
            known = entry if isinstance(entry, Mapping) else ()
            raise UnknownNameError(f"figure of reference table {table}", key, known)
        entry = entry[key]
    where = ".".join((table, *keys))
    if not isinstance(entry, Mapping):
        raise InputError(f"reference entry {where} is {entry!r}, not a figure with a source")
    return constant_of(entry, where=where)

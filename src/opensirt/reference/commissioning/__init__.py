"""Doses computed with independent Monte Carlo codes for this project: see README.md here."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import UnknownNameError

TABLES = ("phantom40_egsnrc", "slabs_egsnrc", "voxel_s_values_egsnrc")


@cache
def reference_tables(name: str) -> Mapping[str, NDArray[np.float64]]:
    """Return the arrays of one file of this room.

    Raises
    ------
    UnknownNameError
        When there is no such file.
    """
    if name not in TABLES:
        raise UnknownNameError("commissioning table", name, TABLES)
    with (
        as_file(files(__name__).joinpath(f"{name}.npz")) as path,
        path.open("rb") as stream,
        np.load(stream) as stored,
    ):
        return MappingProxyType({key: stored[key] for key in stored.files})

"""The numeric tables under ``kernels/``, read once."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import UnknownNameError


@cache
def read_kernel_file(name: str) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of ``kernels/<name>.npz``, read-only.

    Raises
    ------
    UnknownNameError
        When there is no such file.
    """
    room = files("opensirt.reference") / "kernels"
    path = room / f"{name}.npz"
    if not path.is_file():
        known = sorted(
            one.name.removesuffix(".npz") for one in room.iterdir() if one.name.endswith(".npz")
        )
        raise UnknownNameError("kernel table", name, known)
    with path.open("rb") as stream, np.load(stream) as stored:
        arrays = {key: stored[key] for key in stored}
    for array in arrays.values():
        array.setflags(write=False)
    return MappingProxyType(arrays)

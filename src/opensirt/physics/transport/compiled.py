"""Compilation of loops; imported only where a Monte Carlo run begins."""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

# Division by zero gives infinity as in numpy; no interpreter lock; and no counting of references
# (`_nrt`), which in these loops would cost as much as all else: they allocate nothing.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; `function.py_func` is the slow twin."""
    return cast("Callable[P, R]", numba.njit(**_OPTIONS)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function into every place that calls it: those of the innermost loops."""
    return cast("Callable[P, R]", numba.njit(**_OPTIONS, inline="always")(function))


def kept(make: Callable[[int], Callable[P, R]]) -> Callable[P, R]:
    """Compile what `make` returns and keep it on disk for the next process.

    What is kept holds the code of everything that is called. numba looks only at the file of the
    function itself to see whether it is out of date, but also at the variables that it closes
    over: so `make` is given a stamp of all sources of this room, and its function must use it.
    """
    return cast("Callable[P, R]", numba.njit(**_OPTIONS, cache=True)(make(source_stamp())))


@cache
def source_stamp() -> int:
    """Return a number, above zero, that changes with any source file of this room."""
    hashed = hashlib.sha256()
    room = files("opensirt.physics.transport")
    for one in sorted(room.iterdir(), key=lambda entry: entry.name):
        if one.name.endswith(".py"):
            hashed.update(one.read_bytes())
    return 1 + int.from_bytes(hashed.digest()[:4], "big")

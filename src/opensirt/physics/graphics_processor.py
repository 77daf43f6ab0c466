"""CUDA graphics processors: whether there is one, and functions of ours compiled for it."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from numba import cuda

from opensirt.errors import InputError
from opensirt.physics.target import remade


def require_device() -> None:
    """Raise `InputError` where no CUDA graphics processor can be used."""
    if not cuda.is_available():
        raise InputError(
            "no CUDA graphics processor can be used here: none was found, or its driver or the "
            "package numba-cuda is missing (pip install 'opensirt[gpu]'); run on the processor "
            "with --device cpu, which needs nothing and gives the same dose"
        )


@contextmanager
def few_threads_are_meant() -> Iterator[None]:
    """Keep numba-cuda from warning of launches with few threads: small images have no more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Grid size .* will likely result in GPU under-")
        yield


def on_device(
    function: Any,  # noqa: ANN401 - numba's own types
    *,
    instead: Mapping[Any, Callable[..., Any]] | None = None,
    single: bool = False,
) -> Callable[..., Any]:
    """Return a compiled function, and all that it calls, for the device; see `remade`.

    In single precision quotients, roots and logarithms are the quick ones of the device, right to
    two units of the last place or so.
    """
    make = cuda.jit(device=True, fastmath=single)
    compiled = {one: make(other) for one, other in (instead or {}).items()}
    return remade(function, make, instead=compiled, single=single)

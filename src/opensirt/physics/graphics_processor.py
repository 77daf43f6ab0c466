"""CUDA graphics processors: whether there is one, and functions of ours compiled for it."""

from collections.abc import Callable, Mapping
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


def on_device(
    function: Any,  # noqa: ANN401 - numba's own types
    *,
    instead: Mapping[Any, Callable[..., Any]] | None = None,
    single: bool = False,
) -> Callable[..., Any]:
    """Return a compiled function, and all that it calls, for the device; see `remade`."""
    make = cuda.jit(device=True)
    compiled = {one: make(other) for one, other in (instead or {}).items()}
    return remade(function, make, instead=compiled, single=single)

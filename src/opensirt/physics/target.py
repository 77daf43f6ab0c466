"""Compiled functions made anew for another target: plain Python, or a graphics processor."""

import dis
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Function = Callable[..., Any]


def remade(
    function: Any,  # noqa: ANN401 - numba's own types
    make: Callable[[Function], Function],
    *,
    instead: Mapping[Any, Function] | None = None,
    single: bool = False,
) -> Function:
    """Return a compiled function, and all compiled ones that it calls, made by `make`.

    Parameters
    ----------
    function
        A function of numba's; `py_func` is what it was written as.
    make
        Compiles a plain function, or returns it as it is.
    instead
        What is called in place of some functions.
    single
        Whether its numbers with a point, and what it turns into such a number, are of single
        precision. Nothing else is: arguments and arrays have the precision that they come in.
    """
    made: dict[Any, Function] = dict(instead or {})

    def again(one: Any) -> Function:  # noqa: ANN401 - numba's own types
        if one not in made:
            plain = one.py_func
            own = dict(plain.__globals__)
            for name in _globals_of(plain.__code__):
                found = own.get(name)
                if hasattr(found, "py_func"):
                    own[name] = again(found)
                elif single and isinstance(found, float):
                    own[name] = np.float32(found)
            if single:
                own["float"] = np.float32
            code = _in_single(plain.__code__) if single else plain.__code__
            made[one] = make(types.FunctionType(code, own, plain.__name__, plain.__defaults__))
        return made[one]

    return again(function)


def _globals_of(code: types.CodeType) -> set[str]:
    return {one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}


def _in_single(code: types.CodeType) -> types.CodeType:
    constants = (np.float32(one) if type(one) is float else one for one in code.co_consts)
    return code.replace(co_consts=tuple(constants))

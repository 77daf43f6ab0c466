"""Selecting rows by a condition, which is parsed and never run as a program.

``device == "resin" and albi_grade <= 2 and not missing(tumour_gy)``: columns, texts, numbers,
``== != < <= > >= in``, ``and or not``, ``missing(column)``. A row whose value is absent is neither
in nor out: "unknown" is carried through as in Kleene's logic, and unknown rows are not selected
but counted.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.analysis_table import NUMERIC, AnalysisTable, VariableKind
from opensirt.domain.participants import REACHED, STEPS, FlowStep
from opensirt.errors import InputError

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_LONGEST = 2000


@dataclass(frozen=True, eq=False, slots=True)
class _Answer:
    """True, false or unknown for each row."""

    true: NDArray[np.bool_]
    known: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Selected:
    """Rows that a condition holds for, and how many it could not be told for."""

    table: AnalysisTable
    n_before: int
    n_unknown: int
    condition: str


def select_rows(table: AnalysisTable, condition: str) -> Selected:
    """Return the rows of a table for which a condition holds.

    Raises
    ------
    InputError
        When the condition is none, or compares what cannot be compared.
    UnknownNameError
        When it names a column that is not there.
    """
    if len(condition) > _LONGEST:
        raise InputError(f"a condition has {len(condition)} characters; at most {_LONGEST}")
    try:
        parsed = ast.parse(condition.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"the condition cannot be read ({getattr(error, 'msg', error)}): {condition}; write it "
            'as device == "resin" and albi_grade <= 2'
        ) from None
    answer = _answer(parsed, table)
    rows = answer.true & answer.known
    n_unknown = int((~answer.known).sum())
    kept = table.take(rows, population=f"{table.population}; where {condition}")
    note = (
        f"{int(rows.sum())} of {table.n_rows} rows are selected by: {condition}; for {n_unknown} "
        "more it cannot be told, because a value is absent, and they are left out"
    )
    kept = replace(kept, notes=(*table.notes, note), flow=_flow(table, answer, condition))
    return Selected(kept, table.n_rows, n_unknown, condition)


def _flow(table: AnalysisTable, answer: _Answer, condition: str) -> tuple[FlowStep, ...]:
    """Return the steps of a table and that of its selection; patients, each once."""
    patients, who = np.unique(table[table.patient_column].values, return_inverse=True)
    n = len(patients)
    chosen = np.bincount(who, answer.true & answer.known, n) > 0
    open_ = ~chosen & (np.bincount(who, ~answer.known, n) > 0)
    lost = {
        "the condition does not hold": int((~chosen & ~open_).sum()),
        "it cannot be told, because a value is absent": int(open_.sum()),
    }
    first = STEPS[0] if REACHED in table.columns else "in the table"
    before = table.flow or (FlowStep(title=first, n=n, lost={}),)
    step = FlowStep(
        title=f"selected: {condition}",
        n=int(chosen.sum()),
        lost={reason: count for reason, count in lost.items() if count},
    )
    return (*before, step)


def _answer(node: ast.expr, table: AnalysisTable) -> _Answer:
    if isinstance(node, ast.BoolOp):
        parts = [_answer(one, table) for one in node.values]
        return _both(parts) if isinstance(node.op, ast.And) else _either(parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _answer(node.operand, table)
        return _Answer(~inner.true, inner.known)
    if isinstance(node, ast.Compare):
        return _compared(node, table)
    if isinstance(node, ast.Call):
        return _called(node, table)
    if isinstance(node, ast.Name):
        return _flag(node.id, table)
    raise InputError(f"a condition cannot hold {ast.unparse(node)!r}; wanted a comparison")


def _both(parts: list[_Answer]) -> _Answer:
    false = np.logical_or.reduce([one.known & ~one.true for one in parts])
    known = np.logical_and.reduce([one.known for one in parts])
    return _Answer(np.logical_and.reduce([one.true for one in parts]) & ~false, known | false)


def _either(parts: list[_Answer]) -> _Answer:
    true = np.logical_or.reduce([one.known & one.true for one in parts])
    known = np.logical_and.reduce([one.known for one in parts])
    return _Answer(true, known | true)


def _flag(name: str, table: AnalysisTable) -> _Answer:
    if table.variable(name).kind is not VariableKind.FLAG:
        raise InputError(f"{name} is no flag; compare it, as in {name} == 1")
    column = table[name]
    return _Answer(column.values == 1.0, column.present)


def _called(node: ast.Call, table: AnalysisTable) -> _Answer:
    named = isinstance(node.func, ast.Name) and node.func.id == "missing"
    if not named or len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Name):
        raise InputError(f"{ast.unparse(node)!r} is no function here; known: missing(column)")
    column = table[node.args[0].id]
    return _Answer(~column.present, np.ones(table.n_rows, dtype=np.bool_))


def _compared(node: ast.Compare, table: AnalysisTable) -> _Answer:
    sides = [node.left, *node.comparators]
    answers = [
        _one(left, operator, right, table)
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
    ]
    return _both(answers)


def _one(left: ast.expr, operator: ast.cmpop, right: ast.expr, table: AnalysisTable) -> _Answer:
    if isinstance(operator, ast.In | ast.NotIn):
        return _among(left, operator, right, table)
    if type(operator) not in _COMPARE:
        raise InputError("a condition knows == != < <= > >= in, and no other comparison")
    if not isinstance(left, ast.Name):
        if not isinstance(right, ast.Name):
            raise InputError(f"{ast.unparse(left)!r} is compared, which is no column")
        turned = _TURNED.get(type(operator))
        left, operator, right = right, operator if turned is None else turned(), left
    assert isinstance(left, ast.Name)  # noqa: S101 - turned round above
    return _against(left.id, operator, _constant(right), table)


def _among(left: ast.expr, operator: ast.cmpop, right: ast.expr, table: AnalysisTable) -> _Answer:
    if not isinstance(right, ast.List | ast.Tuple) or not right.elts:
        raise InputError(f'{ast.unparse(right)!r} is no list; write column in ["a", "b"]')
    found = _either([_one(left, ast.Eq(), one, table) for one in right.elts])
    return found if isinstance(operator, ast.In) else _Answer(~found.true, found.known)


def _against(name: str, operator: ast.cmpop, wanted: str | float, table: AnalysisTable) -> _Answer:
    """Compare a column with one value."""
    compare = _COMPARE[type(operator)]
    variable, column = table.variable(name), table[name]
    if variable.kind in NUMERIC:
        if isinstance(wanted, str):
            raise InputError(f"{name} is a number, compared with {wanted!r}")
        return _Answer(compare(column.values, float(wanted)), column.present)
    if variable.kind is VariableKind.DATE:
        try:
            day = np.datetime64(str(wanted), "D")
        except ValueError:
            raise InputError(f"{name} is a date, compared with {wanted!r}") from None
        return _Answer(compare(column.values, day), column.present)
    text = str(wanted)
    if variable.levels and text not in variable.levels:
        raise InputError(
            f"{name} has no level {text!r}; it has {', '.join(map(repr, variable.levels))}"
        )
    if variable.kind is VariableKind.ORDINAL:
        place = {level: number for number, level in enumerate(variable.levels)}
        places = np.array([place.get(one, -1) for one in column.values.tolist()], dtype=np.int64)
        return _Answer(compare(places, place[text]), column.present)
    if not isinstance(operator, ast.Eq | ast.NotEq):
        raise InputError(f"{name} has no order; compare it with == or != or in")
    return _Answer(compare(column.values, text), column.present)


def _constant(node: ast.expr) -> str | float:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        if isinstance(node.value, str):
            return node.value
        return sign * node.value
    raise InputError(f"{ast.unparse(node)!r} is no number and no text in quotation marks")

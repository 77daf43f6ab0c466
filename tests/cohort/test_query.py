"""Conditions are parsed, never run; a row with an absent value is neither in nor out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.cohort.query import select_rows
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError

NO = Missing.NOT_RECORDED
KINDS: dict[str, tuple[VariableKind, list[object]]] = {
    "patient": (VariableKind.IDENTIFIER, ["A", "B", "C", "D"]),
    "dose": (VariableKind.NUMBER, [10.0, 20.0, 30.0, NO]),
    "grade": (VariableKind.ORDINAL, ["1", "2", NO, "3"]),
    "device": (VariableKind.CATEGORY, ["resin", "glass", "resin", NO]),
    "prior": (VariableKind.FLAG, [True, False, NO, True]),
    "on": (VariableKind.DATE, ["2026-01-01", "2026-06-01", NO, "2027-01-01"]),
}
LEVELS = {"grade": ("1", "2", "3"), "device": ("resin", "glass")}


def table() -> AnalysisTable:
    variables = tuple(
        Variable(name=name, meaning="x", kind=kind, source="x", levels=LEVELS.get(name, ()))
        for name, (kind, _) in KINDS.items()
    )
    return AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=variables,
        columns={one.name: column_of(one, KINDS[one.name][1]) for one in variables},
        row_key=("patient",),
        population="four patients",
    )


@pytest.mark.parametrize(
    ("condition", "patients", "n_unknown"),
    [
        ("dose > 15", "BC", 1),
        ("15 < dose <= 20", "B", 1),
        ("dose == 10 or dose == 30", "AC", 1),
        ("grade <= 2", "AB", 1),
        ('grade in ["1", "3"]', "AD", 1),
        ('device == "resin"', "AC", 1),
        ('device != "resin"', "B", 1),
        ('not device == "resin"', "B", 1),
        ('device not in ("glass",)', "AC", 1),
        ("prior", "AD", 1),
        ("not prior", "B", 1),
        ('on >= "2026-06-01"', "BD", 1),
        ("missing(dose)", "D", 0),
        ("missing(dose) or missing(grade)", "CD", 0),
        ("dose > 15 and grade <= 2", "B", 1),  # D is out by its grade, C cannot be told
        ("dose > 15 or grade <= 2", "ABC", 1),  # C is in by its dose
        ('patient == "A"', "A", 0),
        ("dose > -5", "ABC", 1),
    ],
)
def test_a_condition_selects(condition: str, patients: str, n_unknown: int) -> None:
    found = select_rows(table(), condition)
    assert "".join(found.table["patient"].values.tolist()) == patients
    assert found.n_unknown == n_unknown
    assert condition in found.table.notes[-1]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("dose >", "the condition cannot be read"),
        ("", "the condition cannot be read"),
        ('dose > "high"', "dose is a number, compared with 'high'"),
        ('device > "resin"', "device has no order"),
        ('device == "holmium"', "device has no level 'holmium'; it has 'resin', 'glass'"),
        ('on > "spring"', "on is a date, compared with 'spring'"),
        ("dose", "dose is no flag; compare it, as in dose == 1"),
        ("1 < 2", "which is no column"),
        ('device in "resin"', "is no list; write column in"),
        ("dose is 1", "and no other comparison"),
        ("dose > 1 + 1", "is no number and no text"),
        ("__import__('os').system('true')", "is no function here; known: missing(column)"),
        ("missing(dose, grade)", "is no function here"),
        ("dose.real > 1", "is compared, which is no column"),
        ("(lambda: 1)()", "is no function here"),
        ("[x for x in dose]", "a condition cannot hold"),
        ("dose > 1" + " or dose > 1" * 1000, "at most 2000"),
    ],
)
def test_a_condition_that_is_none_is_refused(condition: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        select_rows(table(), condition)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown column 'doze'"):
        select_rows(table(), "doze > 1")


@given(st.text(max_size=60))
def test_no_text_does_anything_but_select_or_be_refused(condition: str) -> None:
    made = table()
    try:
        found = select_rows(made, condition)
    except InputError:
        return
    assert found.table.n_rows <= made.n_rows
    assert np.isin(found.table["patient"].values, made["patient"].values).all()


LITERAL = st.sampled_from(["dose > 15", "grade <= 2", 'device == "resin"', "prior"])


@given(LITERAL, LITERAL)
def test_the_laws_of_de_morgan_hold_with_unknowns(one: str, other: str) -> None:
    left = select_rows(table(), f"not ({one} and {other})")
    right = select_rows(table(), f"not {one} or not {other}")
    assert left.table["patient"].values.tolist() == right.table["patient"].values.tolist()
    assert left.n_unknown == right.n_unknown

"""The Python that the documentation shows runs as it stands."""

from collections.abc import Callable
from pathlib import Path

import pytest
from case_folder import write_case
from doc_pages import Block, blocks_in

from opensirt.domain.analysis_table import (
    AnalysisTable,
    Variable,
    VariableKind,
    column_of,
)
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis

Names = dict[str, object]
PYTHON = blocks_in("python")


def a_case(name: str) -> Callable[[Path], Names]:
    def made(folder: Path) -> Names:
        write_case(folder / name)
        return {}

    return made


def a_table(_: Path) -> Names:
    """Return what the page calls `table`: three patients, one without a dose."""
    named = (
        ("patient", VariableKind.IDENTIFIER, ""),
        ("tumour_gy", VariableKind.NUMBER, "Gy"),
        ("os_days", VariableKind.NUMBER, "d"),
    )
    variables = tuple(
        Variable(name=name, meaning=name, kind=kind, unit=unit, source="made by the test")
        for name, kind, unit in named
    )
    values = (("a", "b", "c"), (120.0, Missing.NOT_RECORDED, 90.0), (100.0, 200.0, 300.0))
    columns = {
        one.name: column_of(one, listed) for one, listed in zip(variables, values, strict=True)
    }
    table = AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        row_key=("patient",),
        variables=variables,
        columns=columns,
        population="three patients",
    )
    return {"table": table}


def nothing(_: Path) -> Names:
    return {}


BEFORE: dict[str, Callable[[Path], Names]] = {
    "docs/how-to/choose-activities.md": a_case("my-case"),
    "docs/how-to/design-a-trial.md": nothing,
    "docs/how-to/survival-of-a-cohort.md": nothing,
    "docs/reference/analysis-table.md": a_table,
    "docs/reference/python.md": a_case("patient-1"),
}


@pytest.mark.parametrize("block", PYTHON, ids=lambda one: one.name)
def test_each_example_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = BEFORE[block.page](tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(block.text, block.page, "exec"), names)  # noqa: S102 - our own pages
    if "kept" in names:
        assert isinstance(names["kept"], AnalysisTable)
        assert names["kept"].population == "three patients, 2 of 3 with a dose"
    if "one" in names and block.page.endswith("choose-activities.md"):
        assert names["one"].binding[0].price > 0  # type: ignore[attr-defined]
    if "size" in names:
        assert names["size"].n == 241  # type: ignore[attr-defined]


def test_every_page_with_examples_is_known() -> None:
    assert set(BEFORE) == {one.page for one in PYTHON}

"""Every figure of the reference room has a source and a status."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import opensirt
from opensirt.reference.constant import STATUSES

ROOT = Path(opensirt.__file__).parent
TABLES = sorted((ROOT / "reference").glob("*.toml"))

NO_FIGURES = {"clinical_facts": "what a fact can be at all: bounds of logic, out of no publication"}
BY_DEFINITION = {"_FRACTION_GY": "EQD2 is the dose in fractions of 2 Gy"}

Entry = dict[str, object]


def figures(entry: object, above: Entry, place: str) -> Iterator[tuple[str, Entry]]:
    """Yield every number with the tables it lies in, the nearest last."""
    if isinstance(entry, dict):
        inherited = {**above, **{key: entry[key] for key in ("source", "status") if key in entry}}
        for key, value in entry.items():
            yield from figures(value, inherited, f"{place}.{key}")
    elif isinstance(entry, list):
        for number, value in enumerate(entry):
            yield from figures(value, above, f"{place}[{number}]")
    elif isinstance(entry, int | float) and not isinstance(entry, bool):
        yield place, above


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_figure_has_a_source_and_a_status(path: Path) -> None:
    if path.stem in NO_FIGURES:
        pytest.skip(NO_FIGURES[path.stem])
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    if "sources" in tables:  # said once for the rows of a table, by version or by kind
        for name, one in tables["sources"].items():
            assert one.get("source"), name
            assert one.get("status") in STATUSES, name
        return
    for place, above in figures(tables, {}, path.stem):
        if place.endswith((".version", "_year", ".year")):
            continue
        assert above.get("source"), f"{place} has no source"
        assert above.get("status") in STATUSES, f"{place} has status {above.get('status')!r}"


def test_no_number_with_a_unit_stands_in_the_core() -> None:
    """A constant of a module whose name ends in a unit belongs into a table."""
    units = ("_gy", "_bq", "_mbq", "_gbq", "_kg", "_ml", "_mev", "_g_per_ml", "_kg_per_ml", "_h")
    rooms = ("physics", "workflow", "imaging", "clinical", "domain")
    for path in (path for room in rooms for path in (ROOT / room).rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
                continue
            if isinstance(node.value.value, int | float):
                names = [one.id for one in node.targets if isinstance(one, ast.Name)]
                names = [one for one in names if one not in BY_DEFINITION]
                assert not [one for one in names if one.lower().endswith(units)], (path, names)

"""Figures of the reference room carry their source or do not exist."""

from importlib.resources import files
from typing import Any

import pytest

from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.constant import STATUSES, Constant, constant, constant_of
from opensirt.reference.table import read_table

ENTRY = {"value": 2.0, "unit": "Gy", "source": "a book, page 3", "status": "verified"}


def test_an_entry_becomes_a_constant() -> None:
    made = constant_of({**ENTRY, "standard_uncertainty": 0.5}, where="here")
    assert made == Constant(
        value=2.0,
        unit="Gy",
        source="a book, page 3",
        status="verified",
        standard_uncertainty=0.5,
    )
    assert made.verified


@pytest.mark.parametrize("key", ["value", "unit", "source", "status"])
def test_an_entry_without_one_of_the_four_is_refused(key: str) -> None:
    entry = {name: value for name, value in ENTRY.items() if name != key}
    with pytest.raises(InputError, match=f"reference entry here has no {key}"):
        constant_of(entry, where="here")


@pytest.mark.parametrize("value", ["2", True, None])
def test_a_value_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="is no number"):
        constant_of({**ENTRY, "value": value}, where="here")


def test_an_empty_source_is_refused() -> None:
    with pytest.raises(InputError, match="has no source"):
        constant_of({**ENTRY, "source": "  "}, where="here")


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(InputError, match="wanted one of verified, computed, second-hand, memory"):
        constant_of({**ENTRY, "status": "sure"}, where="here")


@pytest.mark.parametrize(
    ("status", "verified"), [*zip(STATUSES, [True, True, False, False], strict=True)]
)
def test_what_is_not_read_shows_as_unverified(status: str, verified: bool) -> None:  # noqa: FBT001 - a case
    assert constant_of({**ENTRY, "status": status}, where="here").verified is verified


def test_an_unknown_key_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'spleen'; known: liver, tumour"):
        constant("radiobiology", "tissues", "spleen", "alpha_beta_ratio_gy")


def test_a_key_that_is_a_table_of_figures_is_refused() -> None:
    with pytest.raises(InputError, match="has no value"):
        constant("radiobiology", "tissues", "liver")


def test_a_key_that_is_a_bare_value_is_refused() -> None:
    with pytest.raises(InputError, match="not a figure with a source"):
        constant("radionuclides", "data_sets", "icrp107", "cite")


def values_of(entry: Any, path: str, around: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every entry with a value, together with what its enclosing tables say."""
    if not isinstance(entry, dict):
        return []
    here = {**around, **{key: entry[key] for key in ("source", "status") if key in entry}}
    found = [(path, {**here, **entry})] if "value" in entry else []
    for key, below in entry.items():
        found += values_of(below, f"{path}.{key}", here)
    return found


@pytest.mark.parametrize(
    "name",
    sorted(
        one.name.removesuffix(".toml")
        for one in files("opensirt.reference").iterdir()
        if one.name.endswith(".toml")
    ),
)
def test_every_value_in_every_table_has_a_source_and_a_status(name: str) -> None:
    for path, entry in values_of(read_table(name), name, {}):
        assert str(entry.get("source", "")).strip(), path
        assert entry.get("status") in STATUSES, path

"""Checks, changes and the signed file of commissioning."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.domain.acceptance import (
    Acceptance,
    Change,
    Check,
    Outcome,
    changes,
    require_unique,
)
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.files.acceptance_file import read_acceptance, write_acceptance
from opensirt.files.signing_key import new_signing_key, read_signing_key
from opensirt.phantom.commission import SUITE
from opensirt.phantom.commission.analytic import analytic_checks
from opensirt.phantom.commission.formulas import formula_checks
from opensirt.phantom.commission.kernels import kernel_checks
from opensirt.phantom.commission.phantom40 import phantom_checks
from opensirt.phantom.commission.slabs import slab_checks
from opensirt.physics.dose import ENGINES

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
finite = st.floats(-1e6, 1e6)


def check(name: str = "a", found: float = 1.0, **more: object) -> Check:
    return Check(name=name, group="g", quantity="q", unit="Gy", found=found, **more)  # type: ignore[arg-type]  # of a test


@given(finite, finite, st.floats(0, 1e3))
def test_a_check_passes_within_its_tolerance_alone(
    found: float, wanted: float, tolerance: float
) -> None:
    one = check(found=found, wanted=wanted, tolerance=tolerance)
    assert (one.outcome is Outcome.PASS) == (abs(found - wanted) <= tolerance)


def test_what_is_no_number_fails_and_what_has_no_reference_is_watched() -> None:
    assert check(found=float("nan"), wanted=1.0, tolerance=9.0).outcome is Outcome.FAIL
    assert check().outcome is Outcome.WATCHED
    with pytest.raises(InputError, match="belong together"):
        check(wanted=1.0)
    with pytest.raises(InputError, match="below zero"):
        check(wanted=1.0, tolerance=-1.0)
    with pytest.raises(InputError, match="two checks are called a"):
        require_unique([check(), check()])


@given(finite.filter(lambda one: abs(one) > 1e-3), st.floats(-1e-2, 1e-2))
def test_a_change_is_what_is_more_than_round_off(value: float, part: float) -> None:
    found = changes({"a": value}, [check(found=value * (1 + part))], relative_at_least=1e-6)
    if abs(part) > 2e-6:
        assert found[0].relative == pytest.approx(part * abs(value) / value, rel=1e-3)
    elif abs(part) < 5e-7:
        assert found == ()


def test_numbers_that_came_and_went_are_changes() -> None:
    found = changes(
        {"gone": 2.0, "a": 0.0}, [check("a", 0.0), check("new", 3.0)], relative_at_least=1e-6
    )
    assert found == (
        Change(name="new", earlier=Missing.NOT_RECORDED, now=3.0),
        Change(name="gone", earlier=2.0, now=Missing.NOT_RECORDED),
    )
    assert found[0].relative is Missing.NOT_EVALUABLE


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    new_signing_key(tmp_path / "key.pem")
    made = Acceptance(
        by="A. Physicist",
        made_at=AT,
        software={"opensirt": "0"},
        machine={"system": "x"},
        checks=(check("a", 0.1, wanted=0.1, tolerance=0.0, source="s"), check("b", 1e-300)),
        changes=(Change(name="b", earlier=Missing.NOT_RECORDED, now=1e-300),),
    )
    written = write_acceptance(
        tmp_path / "acceptance.json", made, read_signing_key(tmp_path / "key.pem")
    )
    read = read_acceptance(tmp_path / "acceptance.json")
    assert read.checks == made.checks
    assert read.changes == made.changes
    assert (read.by, read.made_at, read.sha256) == (made.by, made.made_at, written.sha256)
    return tmp_path / "acceptance.json"


def leaves(document: object) -> Iterator[tuple[dict[str, object], str]]:
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, dict | list):
                yield from leaves(value)
            else:
                yield document, key
    elif isinstance(document, list):
        for one in document:
            yield from leaves(one)


def test_a_report_that_was_changed_anywhere_is_refused(signed: Path) -> None:
    text = signed.read_text()
    n_leaves = len(list(leaves(json.loads(text))))
    assert n_leaves > 20
    for number in range(n_leaves):
        document = json.loads(text)
        owner, key = list(leaves(document))[number]
        if owner is document["signature"] and key in ("algorithm", "of", "sha256"):
            continue  # words about the signature, which is checked by what it signs
        old = owner[key]
        owner[key] = f"{old}0" if isinstance(old, str) else float(old) * 1.5 + 1  # type: ignore[arg-type]  # a number
        signed.write_text(json.dumps(document))
        with pytest.raises(InputError, match="acceptance"):
            read_acceptance(signed)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "acceptance.json"
    for text in ("", "[]", "{}", '{"schema": "opensirt/results/1"}'):
        path.write_text(text)
        with pytest.raises(InputError, match="acceptance.json cannot be read"):
            read_acceptance(path)


@pytest.mark.parametrize("group", [kernel_checks, analytic_checks, formula_checks])
def test_every_check_of_the_suite_passes(group: object) -> None:
    made = require_unique(group())  # type: ignore[operator]  # of SUITE
    assert len(made) >= 12
    assert [one.name for one in made if one.outcome is not Outcome.PASS] == []
    assert group in SUITE.values()


@pytest.mark.slow
def test_the_phantom_and_the_slabs_pass_for_the_engines_that_follow_density() -> None:
    made = require_unique([*phantom_checks(), *slab_checks()])
    assert [one.name for one in made if one.outcome is Outcome.FAIL] == []
    judged = {one.name.split("/")[1] for one in made if one.outcome is Outcome.PASS}
    assert judged == {"kernel", "superposition", "monte-carlo"}
    assert {one.name.split("/")[1] for one in made} == set(ENGINES)
    at_slabs = {one.name.split("/")[1]: one.outcome for one in made if one.name[:4] == "slab"}
    assert set(at_slabs) == set(ENGINES)
    judged = {engine for engine, outcome in at_slabs.items() if outcome is Outcome.PASS}
    assert judged == {"superposition", "monte-carlo"}

"""The flow of participants: every patient is counted once, from the register to the analysis."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from cohort_cases import case, follow_up, record, small_store

from opensirt.app.cohort_table import cohort_select, cohort_table
from opensirt.cli import main
from opensirt.cohort.deidentify import deidentified
from opensirt.domain.participants import FlowStep, require_flow
from opensirt.errors import InputError
from opensirt.files.analysis_table_file import read_analysis_table, write_analysis_table
from opensirt.outcomes.participants import participant_flow
from opensirt.outcomes.response_analysis import response_analysis
from opensirt.outcomes.survival_analysis import survival_analysis
from opensirt.outcomes.table_one import table_one
from opensirt.store.store import Store

BILIRUBIN = {"title": "Bilirubin above 34", "kind": "absolute", "result": "fail"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """P-1, P-2, P-4 treated; P-3 not; Q-1 not eligible; Q-2 overridden; Q-3, Q-4 lost."""
    with small_store(tmp_path) as made:
        untreated = {"schema": "opensirt/case/1"}
        backwards = {
            "treated_on": "2026-01-10",
            "vital_status": {"state": "alive", "on": "2026-01-02"},
        }
        overridden = {**BILIRUBIN, "override": {"reason": "obstruction, drained"}}
        for key, document, rules in (
            ("Q-1", {**untreated, "key": "Q-1"}, [BILIRUBIN]),
            ("Q-2", {**untreated, "key": "Q-2"}, [overridden, {**BILIRUBIN, "kind": "relative"}]),
            ("Q-3", case("Q-3", follow_up={"treated_on": "2026-01-10"}), [BILIRUBIN]),
            ("Q-4", case("Q-4", follow_up=backwards), []),
        ):
            made.add(
                record("case", key, document),
                record("select", key, {"selection": {"rules": rules}}),
            )
        yield made


def told(steps: tuple[FlowStep, ...]) -> list[tuple[str, int, dict[str, int]]]:
    return [(one.title, one.n, dict(one.lost)) for one in steps]


REGISTER = [
    ("registered", 8, {}),
    ("eligible", 7, {"not eligible: Bilirubin above 34": 1}),
    ("treated", 5, {"no day of treatment is stated": 2}),
    (
        "with follow-up",
        3,
        {
            "nothing is known after treatment": 1,
            "the last contact lies before the day of treatment": 1,
        },
    ),
]


def test_every_outcome_says_who_was_lost_and_why(store: Store, tmp_path: Path) -> None:
    table = cohort_table(store)
    assert told(table_one(table, ["age_years"]).participants) == REGISTER
    found = survival_analysis(table, "os").participants
    assert told(found) == [*REGISTER, ("analysed", 3, {})]
    found = survival_analysis(table, "os", landmark=90.0).participants
    assert told(found)[-1] == ("analysed", 2, {"not observed beyond the landmark 90": 1})
    found = response_analysis(table, ["best_response"]).participants
    assert told(found)[-1] == ("analysed", 2, {"no best_response: not done": 1})
    # The same from a file.
    write_analysis_table(tmp_path / "t.csv", table)
    again = survival_analysis(read_analysis_table(tmp_path / "t.csv"), "os").participants
    assert told(again) == [*REGISTER, ("analysed", 3, {})]


def test_a_selection_is_a_step_of_its_own(store: Store, tmp_path: Path) -> None:
    table = cohort_select(store, where='device == "resin"').table
    steps = told(survival_analysis(table, "os").participants)
    assert steps[:2] == [
        ("registered", 8, {}),
        (
            'selected: device == "resin"',
            4,
            {
                "the condition does not hold": 1,
                "it cannot be told, because a value is absent": 3,
            },
        ),
    ]
    assert steps[-2:] == [("with follow-up", 2, REGISTER[3][2]), ("analysed", 2, {})]
    write_analysis_table(tmp_path / "t.parquet", table)
    read = read_analysis_table(tmp_path / "t.parquet")
    assert told(survival_analysis(read, "os").participants) == steps


def test_lesions_are_counted_by_patient(store: Store) -> None:
    table = cohort_table(store, unit="lesion")
    assert told(table.flow) == [
        ("registered", 8, {}),
        ("with a drawn tumour that has a dose", 1, {"no dose after treatment": 7}),
    ]
    one_lesion = participant_flow(table, [("no response", np.array([False, True]))])
    assert told(one_lesion)[-1] == ("analysed", 1, {})
    both = participant_flow(table, [("a", np.array([True, False])), ("b", np.array([True, True]))])
    assert told(both)[-1] == ("analysed", 0, {"a": 1})


def test_a_table_that_leaves_tells_no_small_step(store: Store) -> None:
    for number in range(8):
        key = f"R-{number}"
        seen = follow_up(("2026-02-01", "SD"), best="SD")
        store.add(record("case", key, case(key)), record("follow-up", key, seen))
    table = cohort_select(store, where="os_days > 0").table
    left = deidentified(table, secret=b"s" * 32).table
    assert left.flow == ()
    assert told(participant_flow(left, []))[-1] == ("analysed", 11, {})


def test_the_commands_print_and_write_it(store: Store, tmp_path: Path) -> None:
    listed, data = tmp_path / "flow.csv", tmp_path / "flow.json"
    command = ["cohort", "survival", "--db", str(store.place.url.database), "--endpoint", "os"]
    done = CliRunner().invoke(main, [*command, "--participants", str(listed)])
    assert done.exit_code == 0, done.output
    assert "Flow of participants" in done.stdout
    rows = list(csv.reader(listed.read_text().splitlines()))
    assert rows[0] == ["step", "patients", "lost", "reason"]
    assert ["treated", "5", "2", ""] in rows
    assert ["treated", "", "2", "no day of treatment is stated"] in rows
    done = CliRunner().invoke(main, [*command, "--participants", str(data), "--json"])
    assert json.loads(done.stdout)["participants"] == json.loads(data.read_text())["participants"]
    wrong = CliRunner().invoke(main, [*command, "--participants", "x.txt"])
    assert ".csv or .json" in wrong.stderr


def test_a_flow_that_does_not_add_up_is_refused() -> None:
    start = FlowStep(title="registered", n=5, lost={})
    require_flow([start, FlowStep(title="treated", n=3, lost={"a": 2})])
    with pytest.raises(InputError, match="does not add up at treated"):
        require_flow([start, FlowStep(title="treated", n=3, lost={"a": 1})])
    with pytest.raises(InputError, match="impossible numbers"):
        FlowStep(title="treated", n=3, lost={"a": 0})

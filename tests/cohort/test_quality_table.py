"""Scored questionnaires out of a store: windows, changes, missing forms, summary by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from cohort_cases import case, record, small_store

from opensirt.app.cohort_quality import QualityRequest, quality_of_store
from opensirt.cli import main
from opensirt.cohort.planned_visit import parsed_visits, planned_visits, require_apart
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.files.analysis_table_file import read_analysis_table
from opensirt.outcomes.quality_summary import FormState, quality_summary
from opensirt.store.store import Store


def form(on: str, **answers: int) -> dict[str, Any]:
    """Return a form: global health by items 29 and 30, fatigue by 10, 12 and 18."""
    said = {name.removeprefix("q"): answer for name, answer in answers.items()}
    return {"questionnaire": "qlq_c30", "on": on, "answers": said}


TREATED = {"treated_on": "2026-01-10"}
BEFORE = form("2026-01-02", q29=4, q30=4, q10=2, q12=2, q18=2)  # QL 50, FA 33.3


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with small_store(tmp_path) as made:
        for key, state, last, forms in (
            (
                "Q-1",
                "alive",
                "2027-02-01",
                [
                    form("2025-12-20", q29=1, q30=1),
                    BEFORE,
                    form("2026-04-01", q29=6, q30=6),  # day 81: QL 83.3, no fatigue
                    form("2026-05-01", q29=7, q30=7),  # day 111: further from day 91
                    form("2026-07-10", q29=4, q30=4, q10=4, q12=4, q18=4),  # day 181
                    form("2026-02-01", q29=1, q30=1),  # day 22: between the visits
                ],
            ),
            ("Q-2", "dead", "2026-04-01", [BEFORE]),
            ("Q-3", "alive", "2026-06-20", [form("2026-04-11", q29=3, q30=2)]),
        ):
            said = {**TREATED, "vital_status": {"state": state, "on": last}}
            made.add(record("case", key, case(key, follow_up=said, quality_of_life=forms)))
        yield made


def told(store: Store, name: str, patient: str) -> list[object]:
    table = quality_of_store(store, QualityRequest(where="os_days >= 0"))
    return [
        table[name].at(row)
        for row in range(table.n_rows)
        if table["patient"].values[row] == patient
    ]


def test_scores_stand_at_the_visit_that_they_belong_to(store: Store) -> None:
    assert told(store, "day", "Q-1")[:3] == [-8.0, 81.0, 181.0]
    scores = told(store, "score_ql", "Q-1")
    assert scores[0] == 50.0
    assert scores[1] == pytest.approx(250 / 3)
    assert scores[3] is Missing.NOT_DONE
    changes = told(store, "score_ql_change", "Q-1")
    assert changes[0] is Missing.NOT_INCLUDED
    assert changes[1] == pytest.approx(100 / 3)
    assert told(store, "score_ql_meaning", "Q-1")[1:3] == ["improved", "no important difference"]
    # Fatigue rose to 100, which is worse; at 3 months its items were not answered.
    assert told(store, "score_fa_change", "Q-1")[2] == pytest.approx(200 / 3)
    assert told(store, "score_fa_meaning", "Q-1")[1:3] == [Missing.NOT_RECORDED, "deteriorated"]
    assert told(store, "score_ql_change", "Q-3")[1] is Missing.NEEDS_BASELINE


def test_a_visit_without_a_form_says_why(store: Store) -> None:
    filled, missing = FormState.FILLED.value, FormState.MISSING.value
    died, ended = FormState.DIED.value, FormState.ENDED.value
    assert told(store, "form", "Q-1") == [filled, filled, filled, missing, ended]
    assert told(store, "form", "Q-2") == [filled, died, died, died, died]
    assert told(store, "form", "Q-3") == [missing, filled, ended, ended, ended]
    notes = quality_of_store(store, QualityRequest()).notes
    assert any(one.startswith("1 patients have no day of treatment") for one in notes)  # P-3
    assert any(one.startswith("1 forms lie in no planned visit") for one in notes)
    assert any(one.startswith("2 forms lie in the visit of another one") for one in notes)
    assert any("10 points: an old rule" in one and "Musoro" in one for one in notes)


def test_the_summary_is_that_of_the_rows(store: Store) -> None:
    found = quality_summary(quality_of_store(store, QualityRequest()))
    visits = {one.visit: one for one in found.visits}
    # Of P-1, P-2, P-4, Q-1, Q-2, Q-3: two forms at baseline, two at 3 months.
    assert visits["baseline"].counts[FormState.FILLED.value] == 2
    assert visits["baseline"].completion == pytest.approx(2 / 6)
    assert visits["3 months"].due == 2 + 0
    at = {(one.scale, one.visit): one for one in found.scales}
    here = at["score_ql", "3 months"]
    values = np.array([250 / 3, 25.0])
    assert (here.n, here.n_change) == (2, 1)
    assert here.mean == pytest.approx(values.mean())
    assert here.standard_deviation == pytest.approx(values.std(ddof=1))
    assert here.change_interval is Missing.NOT_ESTIMATED
    assert here.judged == {"improved": 1, "no important difference": 0, "deteriorated": 0}
    assert at["score_summary", "3 months"].n == 0


def test_the_interval_of_a_change_is_students(tmp_path: Path) -> None:
    from scipy.stats import ttest_1samp

    with small_store(tmp_path) as store:
        after = [1, 3, 4, 7, 6]
        for number, answer in enumerate(after):
            said = {**TREATED, "vital_status": {"state": "alive", "on": "2027-06-01"}}
            forms = [BEFORE, form("2026-04-11", q29=answer, q30=answer)]
            key = f"Q-{number}"
            store.add(record("case", key, case(key, follow_up=said, quality_of_life=forms)))
        found = quality_summary(quality_of_store(store, QualityRequest()), level=0.9)
    (here,) = [one for one in found.scales if (one.scale, one.visit) == ("score_ql", "3 months")]
    wanted = ttest_1samp([100 * (one - 4) / 6 for one in after], 0.0).confidence_interval(0.9)
    assert here.change_interval == pytest.approx((wanted.low, wanted.high))


def test_the_command_writes_table_and_page(store: Store, tmp_path: Path) -> None:
    table, page = tmp_path / "scores.csv", tmp_path / "scores.html"
    command = ["cohort", "scores", "--db", str(store.place.url.database)]
    done = CliRunner().invoke(main, [*command, "--table", str(table), "--out", str(page)])
    assert done.exit_code == 0, done.output
    assert "Forms by visit" in done.stdout
    assert "Improved" in page.read_text()
    read = read_analysis_table(table)
    assert read.n_rows == 6 * 5
    assert read.variable("score_ql_meaning").later
    done = CliRunner().invoke(main, [*command, "--visit", "all=-100:0:500", "--json"])
    assert json.loads(done.stdout)["summary"]["visits"][0]["visit"] == "all"


def test_what_cannot_be_scored_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="questionnaire"):
        quality_of_store(store, QualityRequest(questionnaire="sf36"))
    with pytest.raises(InputError, match="overlap"):
        quality_of_store(store, QualityRequest(visits=("a=0:10:20", "b=20:30:40")))
    with pytest.raises(InputError, match="TITLE=FIRST:TARGET:LAST"):
        parsed_visits(["a=1:2"])
    with pytest.raises(InputError, match="first ≤ target ≤ last"):
        parsed_visits(["a=3:2:1"])
    with pytest.raises(InputError, match="no table of scored"):
        from opensirt.app.cohort_table import cohort_table

        quality_summary(cohort_table(store))
    empty = tmp_path / "empty"
    empty.mkdir()
    with small_store(empty) as other, pytest.raises(InputError, match="no case of the store holds"):
        quality_of_store(other, QualityRequest())


def test_the_visits_that_ship_do_not_overlap() -> None:
    assert next(one.title for one in require_apart(planned_visits())) == "baseline"

"""What became of the patient on the first page: known, unknown, and never none for unknown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from follow_up_case import tables, write

from opensirt.app.follow_up import follow_up_folder
from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.missing import Missing
from opensirt.report.content import KeyFigures
from opensirt.report.sections.follow_up_key import follow_up_figures

NOW = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> FollowUp:
    case = write(tmp_path_factory.mktemp("follow-up-key") / "case", tables())
    return follow_up_folder(case, on=NOW.date(), made_at=NOW).follow_up


def shown(made: KeyFigures) -> dict[str, tuple[str, str]]:
    return {one.name: (one.value, one.detail) for one in made.items}


def test_status_response_toxicity_and_liver_disease_are_told(course: FollowUp) -> None:
    made = follow_up_figures(course)
    assert made.title == "After treatment, day 223 (2026-09-01)"
    found = shown(made)
    assert found["Vital status"] == ("alive", "on 2026-07-22")
    first = course.response[0]
    assert first.best is not None
    assert found["Best overall response"][0] == first.best.category.value
    assert first.title in found["Best overall response"][1]


def test_the_worst_grade_is_the_highest_of_all_windows_and_terms(course: FollowUp) -> None:
    version = course.toxicity[0].version
    windows = [one for one in course.toxicity if one.version is version]
    highest = max(
        [term.at_least for one in windows for term in one.laboratory if term.n_values]
        + [event.grade for one in windows for event in one.events]
    )
    value, detail = shown(follow_up_figures(course))["Worst grade of toxicity"]
    assert value.removeprefix("at least ") == str(highest)
    assert f"CTCAE {version.value}" in detail


def test_a_grade_that_could_be_worse_is_a_lower_bound(course: FollowUp) -> None:
    sure = tuple(
        replace(
            one,
            laboratory=tuple(
                term for term in one.laboratory if not isinstance(term.grade, Missing)
            ),
        )
        for one in course.toxicity
    )
    known = shown(follow_up_figures(replace(course, toxicity=sure)))["Worst grade of toxicity"]
    assert not known[0].startswith("at least")
    open_ended = [
        replace(term, grade=Missing.NOT_RECORDED) for one in sure for term in one.laboratory
    ]
    unsure = (replace(sure[0], laboratory=tuple(open_ended)), *sure[1:])
    value, _ = shown(follow_up_figures(replace(course, toxicity=unsure)))["Worst grade of toxicity"]
    assert value.startswith("at least")


def test_nothing_known_is_not_known_and_not_zero(course: FollowUp) -> None:
    bare = replace(course, vital_status=Missing.NOT_RECORDED, response=(), toxicity=(), reild=())
    found = shown(follow_up_figures(bare))
    assert found["Vital status"][0] == Missing.NOT_RECORDED.value
    for name in (
        "Best overall response",
        "Worst grade of toxicity",
        "Liver disease after treatment",
    ):
        assert found[name][0] == "not known"


def test_liver_disease_names_the_definitions_that_are_met(course: FollowUp) -> None:
    met = replace(course.reild[0], met=True)
    rest = tuple(replace(one, met=Missing.NOT_RECORDED) for one in course.reild[1:])
    value, detail = shown(follow_up_figures(replace(course, reild=(met, *rest))))[
        "Liver disease after treatment"
    ]
    assert value == f"met by 1 of {len(course.reild)} definitions"
    assert met.title in detail
    assert f"{len(rest)} unknown" in detail

"""Which published rows are pooled, and what is refused."""

from dataclasses import replace

import pytest

from opensirt.domain.citation import Citation, Status
from opensirt.domain.evidence import EvidenceBase, Origin, Overlap, PublishedOutcome, Study
from opensirt.domain.evidence_table import COLUMNS, outcome_of, published_evidence, studies_of
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.evidence.comparison import compare_centre
from opensirt.outcomes.evidence.pooled_proportion import pool_proportion
from opensirt.outcomes.evidence.question import Question, select_outcomes

BASE = published_evidence()


def studies_pooled(question: Question) -> set[str]:
    return {one.study for one in select_outcomes(BASE, question).outcomes}


def study(key: str, **changes: object) -> Study:
    made = Study(
        key=key,
        citation=f"{key}, 2020",
        year=2020,
        device="resin",
        design="series",
        prior_prrt="not stated",
        concurrent="none",
        review=False,
        where=Citation("a paper", Status.VERIFIED),
        patients=50,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def row(key: str, of_study: str, events: int, of: int, **changes: object) -> PublishedOutcome:
    made = PublishedOutcome(
        key=key,
        study=of_study,
        endpoint="orr",
        criterion="RECIST 1.1",
        time_point="3 months",
        time_origin="radioembolization",
        unit=UnitOfAnalysis.PATIENT,
        origin=Origin.COUNTED,
        status=Status.VERIFIED,
        locator="table 2",
        events=events,
        of=of,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_rows_from_memory_are_left_out_and_shown_apart() -> None:
    found = select_outcomes(BASE, Question(endpoint="orr"))
    assert studies_pooled(Question(endpoint="orr")) == {
        "frilling_2019_uk",
        "paprottka_2012",
        "peker_2015",
    }
    memory = {one.outcome.study for one in found.left_out if one.from_memory}
    assert memory == {"braat_2019", "hepar_plus_2020", "kennedy_2008", "king_2008", "saxena_2010"}


def test_memory_and_combined_treatment_are_pooled_only_when_asked_for() -> None:
    more = studies_pooled(Question(endpoint="orr", with_memory=True, with_combined=True))
    assert more >= {"hepar_plus_2020", "captem_y90_2018"}
    assert "king_2008" not in more  # a percentage has no count


def test_egger_within_ngo_is_refused() -> None:
    with pytest.raises(InputError, match="egger_2020 and ngo_2021 share patients"):
        select_outcomes(
            BASE, Question(endpoint="overall_survival_median", studies=("egger_2020", "ngo_2021"))
        )


def test_the_subgroup_after_prrt_within_the_244_is_refused() -> None:
    named = ("braat_2019", "braat_2020_after_prrt")
    with pytest.raises(InputError, match="braat_2019 and braat_2020_after_prrt share patients"):
        select_outcomes(BASE, Question(endpoint="dcr", studies=named))


def test_overlap_is_refused_without_names_too_and_lifted_by_leaving_one_out() -> None:
    whole = study("whole", overlaps=(Overlap(other="part", contained=True, why="same patients"),))
    base = EvidenceBase(
        studies={"whole": whole, "part": study("part"), "other": study("other")},
        outcomes=(row("1", "whole", 10, 40), row("2", "part", 4, 20), row("3", "other", 5, 20)),
    )
    with pytest.raises(InputError, match="whole and part share patients"):
        select_outcomes(base, Question(endpoint="orr"))
    found = select_outcomes(base, Question(endpoint="orr", without=("part",)))
    assert [one.study for one in found.outcomes] == ["other", "whole"]


def test_possible_overlap_is_told_not_refused() -> None:
    may = study("may", overlaps=(Overlap(other="be", contained=False, why="one author"),))
    base = EvidenceBase(
        studies={"may": may, "be": study("be")},
        outcomes=(row("1", "may", 10, 40), row("2", "be", 4, 20)),
    )
    (said,) = select_outcomes(base, Question(endpoint="orr")).findings
    assert said.rule == "possible_overlap"
    assert "one author" in said.text


def test_lesions_and_patients_are_never_mixed() -> None:
    base = EvidenceBase(
        studies={"a": study("a"), "b": study("b"), "c": study("c")},
        outcomes=(
            row("1", "a", 10, 40),
            row("2", "b", 40, 83, unit=UnitOfAnalysis.LESION),
            row("3", "c", 5, 20),
        ),
    )
    by_patient = select_outcomes(base, Question(endpoint="orr"))
    assert [one.study for one in by_patient.outcomes] == ["a", "c"]
    by_lesion = select_outcomes(base, Question(endpoint="orr", unit=UnitOfAnalysis.LESION))
    assert [one.study for one in by_lesion.outcomes] == ["b"]


def test_two_criteria_of_one_study_are_refused_until_one_is_named() -> None:
    base = EvidenceBase(
        studies={"a": study("a")},
        outcomes=(row("1", "a", 10, 40), row("2", "a", 20, 40, criterion="mRECIST")),
    )
    with pytest.raises(InputError, match="study a has 2 rows.*RECIST 1.1.*mRECIST"):
        select_outcomes(base, Question(endpoint="orr"))
    found = select_outcomes(base, Question(endpoint="orr", criterion="mRECIST"))
    assert [one.key for one in found.outcomes] == ["2"]


def test_mixed_criteria_are_told() -> None:
    rules = {one.rule for one in select_outcomes(BASE, Question(endpoint="dcr")).findings}
    assert rules == {"mixed_criterion", "mixed_time_point", "counts_not_printed"}


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown endpoint 'drc'; known: .*dcr"):
        select_outcomes(BASE, Question(endpoint="drc"))
    with pytest.raises(UnknownNameError, match="unknown study 'frilling'"):
        select_outcomes(BASE, Question(endpoint="dcr", without=("frilling",)))


def test_one_study_cannot_be_pooled() -> None:
    found = select_outcomes(BASE, Question(endpoint="dcr", device="glass"))
    with pytest.raises(InputError, match="1 of 11 rows of dcr can be pooled; at least 2"):
        pool_proportion(BASE, found)


def test_no_event_anywhere_is_pooled_by_the_double_arcsine_alone() -> None:
    base = EvidenceBase(
        studies={name: study(name) for name in "abcdef"},
        outcomes=tuple(row(name, name, 0, 40) for name in "abcdef"),
    )
    found = pool_proportion(base, select_outcomes(base, Question(endpoint="orr")))
    (only,) = found.methods
    assert only.method.startswith("double arcsine")
    assert only.estimate == 0.0
    assert 0.0 < only.high < 0.05
    assert found.binomial is Missing.NOT_ESTIMATED


def test_our_centre_against_the_literature() -> None:
    pooled = pool_proportion(BASE, select_outcomes(BASE, Question(endpoint="dcr")))
    bad, good = compare_centre(20, 30, pooled), compare_centre(27, 30, pooled)
    assert bad.inside_prediction is False
    assert good.inside_prediction is True
    assert not isinstance(bad.p_value, Missing)
    assert not isinstance(good.p_value, Missing)
    assert bad.p_value < 0.02 < good.p_value
    assert "20 of 30 (67 %); 5 studies: 91 %" in bad.sentence
    assert "outside what is expected" in bad.sentence


def test_subgroups_and_leave_one_out_have_the_right_studies() -> None:
    pooled = pool_proportion(
        BASE, select_outcomes(BASE, Question(endpoint="dcr")), by=("device",), regress="year"
    )
    (devices,) = pooled.subgroups
    assert {name: labels for name, _, labels in devices.groups}["resin"] == (
        "paprottka_2012",
        "peker_2015",
        "frilling_2019_uk",
    )
    assert {name: fit for name, fit, _ in devices.groups}["glass"] is Missing.NOT_ESTIMATED
    assert set(pooled.leave_one_out) == {one.study for one in pooled.studies}
    assert pooled.regression is not None
    with pytest.raises(InputError, match="has no prior_prrt_fraction"):
        pool_proportion(
            BASE,
            select_outcomes(BASE, Question(endpoint="dcr")),
            regress="prior_prrt_fraction",
        )
    with pytest.raises(UnknownNameError, match="unknown moderator 'colour'"):
        pool_proportion(BASE, select_outcomes(BASE, Question(endpoint="dcr")), by=("colour",))


def test_rows_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(InputError, match="25 of 24 is no proportion"):
        row("1", "a", 25, 24)
    with pytest.raises(InputError, match="lacks events or of"):
        replace(row("1", "a", 20, 24), events=Missing.NOT_RECORDED)
    with pytest.raises(InputError, match="has no place in its source"):
        row("1", "a", 20, 24, locator="")


def test_tables_that_contradict_themselves_are_refused() -> None:
    cells = dict.fromkeys(COLUMNS, "") | {
        "id": "1",
        "study": "a",
        "endpoint": "orr",
        "unit": "patient",
        "events": "10",
        "of": "20",
        "origin": "counted",
        "status": "verified",
        "locator": "table 2",
    }
    assert outcome_of(cells, where="t").counts == (10, 20)
    with pytest.raises(UnknownNameError, match="unknown unit of t 'people'"):
        outcome_of(cells | {"unit": "people"}, where="t")
    with pytest.raises(InputError, match="events is 'ten'; a number or nothing"):
        outcome_of(cells | {"events": "ten"}, where="t")
    with pytest.raises(InputError, match="events is 9.5; a whole number"):
        outcome_of(cells | {"events": "9.5"}, where="t")
    with pytest.raises(InputError, match="t has no column note"):
        outcome_of({key: one for key, one in cells.items() if key != "note"}, where="t")
    with pytest.raises(InputError, match="studies.b has no device"):
        studies_of({"b": {"citation": "B", "year": 2000}}, where="studies")
    with pytest.raises(InputError, match="names the unknown study 'a'"):
        EvidenceBase(studies={}, outcomes=(row("1", "a", 1, 2),))
    with pytest.raises(InputError, match="two evidence rows have the key '1'"):
        EvidenceBase(studies={"a": study("a")}, outcomes=(row("1", "a", 1, 2),) * 2)
    with pytest.raises(InputError, match="overlaps with 'b', which is not there"):
        EvidenceBase(
            studies={"a": study("a", overlaps=(Overlap(other="b", contained=True, why="x"),))},
            outcomes=(),
        )
    with pytest.raises(InputError, match="both evidence bases have the study 'andrews_1994'"):
        BASE.joined(BASE)

"""Braat's liver grades: the table, every pattern of missing answers, REILD from grade 3."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensirt.clinical.braat_grade import (
    BraatGrade,
    BraatInput,
    GradeChange,
    braat_grade,
    braat_items,
)
from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.missing import Missing
from opensirt.errors import InputError

Answer = bool | Missing
ENZYMES = ("ast_increased", "alt_increased", "alp_increased", "ggt_increased")
UNCHANGED = {item: GradeChange(0, 0) for item in braat_items()}


def graded(
    changes: dict[str, GradeChange] | None = None,
    *,
    non_invasive: Answer = False,
    invasive: Answer = False,
    fatal: Answer = False,
    resolved: Answer = True,
    progression: Answer = False,
    obstruction: Answer = False,
) -> BraatGrade:
    return braat_grade(
        BraatInput(
            changes={**UNCHANGED, **(changes or {})},
            version=CtcaeVersion.V5,
            non_invasive_treatment=non_invasive,
            invasive_treatment=invasive,
            fatal=fatal,
            resolved=resolved,
            hepatic_progression=progression,
            biliary_obstruction=obstruction,
        )
    )


def test_no_change_is_grade_0() -> None:
    found = graded()
    assert (found.grade, found.reild, found.risen) == (0, False, ())


@pytest.mark.parametrize("item", braat_items())
@pytest.mark.parametrize(
    ("before", "after", "enzyme_grade", "other_grade"),
    [
        (0, 0, 0, 0),
        (2, 2, 0, 0),
        (3, 1, 0, 0),
        (0, 1, 1, 2),
        (0, 2, 2, 2),
        (1, 2, 2, 2),
        (2, 3, 2, 2),
    ],
)
def test_enzymes_up_to_a_new_grade_1_are_grade_1_and_any_other_rise_is_2(
    item: str, before: int, after: int, enzyme_grade: int, other_grade: int
) -> None:
    found = graded({item: GradeChange(before, after)})
    assert found.grade == (enzyme_grade if item in ENZYMES else other_grade)
    assert found.reild is False
    assert found.risen == ((item,) if after > before else ())


@pytest.mark.parametrize(
    ("answers", "grade"),
    [
        ({"non_invasive": True}, 3),
        ({"invasive": True}, 4),
        ({"non_invasive": True, "invasive": True}, 4),
        ({"fatal": True}, 5),
        ({"fatal": True, "invasive": True}, 5),
    ],
)
def test_treatment_and_death_make_grades_3_to_5_and_those_are_reild(
    answers: dict[str, bool], grade: int
) -> None:
    change = {"bilirubin_increased": GradeChange(0, 3)}
    found = graded(change, **answers)
    assert (found.grade, found.reild) == (grade, True)
    assert graded(change, **answers, progression=True).reild is False
    assert graded(change, **answers, obstruction=True).reild is False
    unsure = graded(change, **answers, obstruction=Missing.NOT_DONE)
    assert isinstance(unsure.reild, Missing)
    assert unsure.missing == ("biliary_obstruction",)


def test_grades_1_and_2_are_never_called_reild() -> None:
    assert graded({"ggt_increased": GradeChange(0, 1)}).reild is False
    assert graded({"ascites": GradeChange(0, 3)}).reild is False


def test_an_untreated_rise_that_has_not_resolved_is_open() -> None:
    change = {"bilirubin_increased": GradeChange(0, 2)}
    assert graded(change, resolved=True).open is False
    assert graded(change, resolved=False).open is True
    assert graded(change, resolved=Missing.LOST).open is Missing.LOST
    assert graded(change, resolved=False, non_invasive=True).open is False
    assert graded(resolved=False).open is False
    unsure = graded(change, resolved=False, non_invasive=Missing.LOST)
    assert isinstance(unsure.open, Missing)
    assert "not settled by the source" in graded(change).note


def test_an_item_that_nobody_assessed_leaves_the_grade_open() -> None:
    found = braat_grade(
        BraatInput(
            changes={item: GradeChange(0, 0) for item in ENZYMES},
            version=CtcaeVersion.V4_03,
            non_invasive_treatment=False,
            invasive_treatment=False,
            fatal=False,
            resolved=True,
            hepatic_progression=False,
            biliary_obstruction=False,
        )
    )
    assert isinstance(found.grade, Missing)
    assert (found.lowest, found.highest, found.reild) == (0, 2, False)
    assert set(found.missing) == set(braat_items()) - set(ENZYMES)


def plain_grade(
    changes: dict[str, tuple[int, int]], *, non_invasive: bool, invasive: bool, fatal: bool
) -> int:
    """The rule in the words of the source, for complete answers."""
    if fatal:
        return 5
    if invasive:
        return 4
    if non_invasive:
        return 3
    risen = {item: after for item, (before, after) in changes.items() if after > before}
    if not risen:
        return 0
    return 1 if all(item in ENZYMES and after <= 1 for item, after in risen.items()) else 2


def test_every_pattern_of_missing_answers_is_bounded_by_what_could_be_answered() -> None:
    answers: tuple[Answer, ...] = (False, True, Missing.LOST)
    levels: tuple[int | Missing, ...] = (0, 1, 2, Missing.LOST)
    for ggt, bili, non, inv, dead in product(levels, levels, answers, answers, answers):
        found = graded(
            {"ggt_increased": GradeChange(0, ggt), "bilirubin_increased": GradeChange(1, bili)},
            non_invasive=non,
            invasive=inv,
            fatal=dead,
        )
        possible = {
            plain_grade(
                {"ggt_increased": (0, one), "bilirubin_increased": (1, two)},
                non_invasive=a,
                invasive=b,
                fatal=c,
            )
            for one in (range(6) if isinstance(ggt, Missing) else [ggt])
            for two in (range(6) if isinstance(bili, Missing) else [bili])
            for a in ((False, True) if isinstance(non, Missing) else (non,))
            for b in ((False, True) if isinstance(inv, Missing) else (inv,))
            for c in ((False, True) if isinstance(dead, Missing) else (dead,))
        }
        assert (found.lowest, found.highest) == (min(possible), max(possible))
        assert isinstance(found.grade, Missing) is (len(possible) > 1)
        assert bool(found.missing) is (len(possible) > 1)
        reild = {one >= 3 for one in possible}
        assert found.reild is (reild.pop() if len(reild) == 1 else Missing.NOT_RECORDED)


@given(
    grades=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=9, max_size=9),
    worse=st.integers(0, 8),
)
def test_a_worse_grade_of_any_item_never_lowers_the_grade(
    grades: list[tuple[int, int]], worse: int
) -> None:
    changes = {item: GradeChange(*pair) for item, pair in zip(braat_items(), grades, strict=True)}
    here = graded(changes)
    item = braat_items()[worse]
    before, after = grades[worse]
    there = graded({**changes, item: GradeChange(before, min(after + 1, 5))})
    assert there.lowest >= here.lowest


def test_impossible_input_is_refused() -> None:
    with pytest.raises(InputError, match="a CTCAE grade is 6"):
        GradeChange(0, 6)
    with pytest.raises(InputError, match="no items of the Braat grade: hair"):
        graded({"hair": GradeChange(0, 1)})

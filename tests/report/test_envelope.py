"""What all documents have in common."""

from opensirt.report.content import Bullets, KeyFigure, KeyFigures, Picture, Section
from opensirt.report.envelope import cohort_document, drawn, software_words
from opensirt.report.number import decimals, signed
from opensirt.report.wording import RESEARCH_USE


def cohort(**changes: object):  # type: ignore[no-untyped-def] # noqa: ANN201 - as the function's
    given: dict[str, object] = {
        "answers": (KeyFigure("Median, d", "892 (696 to 1095)"),),
        "definitions": (("Unit of analysis", "patient, n = 81"),),
        "notes": ("Simulated.",),
        "estimates": (Section("Estimates", ()),),
        "made_at": "2026-01-01 00:00:00+00:00",
        "software": "opensirt 1.0",
    }
    return cohort_document("Overall survival", "a cohort", **(given | changes))  # type: ignore[arg-type]


def test_answers_and_what_to_read_with_them_come_first_and_definitions_last() -> None:
    made = cohort(picture=drawn("curve", b"png", "a curve", "a falling curve"))
    assert [one.title for one in made.sections] == ["Key results", "Estimates", "What was analysed"]
    figures, notes, picture = made.sections[0].blocks
    assert isinstance(figures, KeyFigures)
    assert figures.title == "A cohort"
    assert isinstance(notes, Bullets)
    assert isinstance(picture, Picture)
    assert picture.alternative == "a falling curve"


def test_a_cohort_without_answers_begins_with_its_estimates() -> None:
    made = cohort(answers=(), notes=(), picture=drawn("curve", None, "", ""))
    assert [one.title for one in made.sections] == ["Estimates", "What was analysed"]


def test_every_document_names_the_software_alike_and_says_what_it_is() -> None:
    made = cohort()
    assert (made.software, made.research_use) == ("OpenSIRT 1.0", RESEARCH_USE)
    assert software_words("1.0") == "OpenSIRT 1.0"
    assert software_words(None) == "OpenSIRT of unknown version"


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert [signed(one, 2) for one in (0.004, -0.004, 0.006, -0.006)] == [
        "0.00",
        "0.00",
        "+0.01",
        "−0.01",
    ]
    assert decimals(-0.0001, 2) == "0.00"
    assert decimals(-450.953, 2) == "−450.95"

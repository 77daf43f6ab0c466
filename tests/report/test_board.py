"""The tumour-board page: one A4 side, fails and unknowns first, sources and ⚠ beside them."""

import io
from dataclasses import replace

import pytest
import report_results as made
from clinical_cases import clinical_case, selection
from pypdf import PdfReader

from opensirt.clinical.liver_function import hepatobiliary_function
from opensirt.domain.case import Case
from opensirt.domain.eligibility import Outcome
from opensirt.domain.record import CaseResult
from opensirt.errors import InputError
from opensirt.report.board import board_document
from opensirt.report.content import Bullets, Document, Table
from opensirt.report.html import html_text
from opensirt.report.pdf import pdf_bytes
from opensirt.report.results import results_document, results_schema
from opensirt.report.sections.selection import scores_table, selection_section, tally
from opensirt.report.wording import RESEARCH_USE


@pytest.fixture(scope="module")
def result() -> CaseResult:
    case = clinical_case({"facts": {"ascites": "moderate"}}, device="resin")
    return replace(made.result(), selection=selection(case, workup=made.workup(), plan=made.plan()))


@pytest.fixture(scope="module")
def page(result: CaseResult) -> Document:
    return board_document(made.case(), result)


def test_the_page_is_one_a4_side(page: Document) -> None:
    reader = PdfReader(io.BytesIO(pdf_bytes(page, made.MADE_AT)))
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)
    text = " ".join(reader.pages[0].extract_text().split())
    for word in (
        "Eligibility",
        "Liver function",
        "Checklist",
        "Open questions",
        "research software",
    ):
        assert word in text


def test_html_says_what_it_is_and_for_what(page: Document) -> None:
    text = html_text(page)
    assert RESEARCH_USE in text
    assert "EXAMPLE" in text
    assert '<body class="board">' in text
    assert "⚠" in text


def test_every_rule_that_did_not_pass_is_listed_and_fails_come_first(
    result: CaseResult, page: Document
) -> None:
    assert result.selection is not None
    eligibility = next(one for one in page.sections if one.title == "Eligibility")
    [table] = [one for one in eligibility.blocks if isinstance(one, Table)]
    [unknown] = [one for one in eligibility.blocks if isinstance(one, Bullets)]
    results = {one.id: one.outcome for one in result.selection.eligibility.results}
    listed = [cells[0].text for cells in table.rows]
    assert {results[one] for one in listed} == {Outcome.FAIL}
    words = " ".join(unknown.items).split()
    for key, outcome in results.items():
        assert (key in words) is (outcome is Outcome.UNKNOWN), key
    n_failed = sum(one is Outcome.FAIL for one in results.values())
    assert n_failed == len(listed) > 0
    n_passed = sum(one is Outcome.PASS for one in results.values())
    assert f"{n_passed} passed" in tally(result.selection.eligibility)


def test_every_consideration_carries_its_source(page: Document) -> None:
    section = page.sections[-1]
    items = [item for one in section.blocks if isinstance(one, Bullets) for item in one.items]
    assert items
    assert all(item.endswith("]") for item in items)


def test_a_result_without_a_selection_has_no_page() -> None:
    with pytest.raises(InputError, match="has no selection"):
        board_document(made.case(), made.result())


def test_a_case_that_says_nothing_still_gets_a_page_of_questions() -> None:
    empty = replace(
        made.result(), workup=None, plan=None, verification=None, selection=selection(Case(key="x"))
    )
    page = board_document(Case(key="x"), empty)
    assert page.pictures() == {}
    assert len(PdfReader(io.BytesIO(pdf_bytes(page, made.MADE_AT))).pages) == 1


def test_results_hold_every_rule_and_fit_their_schema(result: CaseResult) -> None:
    import jsonschema

    document = results_document(made.case(), result)
    jsonschema.validate(document, results_schema())
    assert result.selection is not None
    rules = document["selection"]["rules"]
    assert [one["id"] for one in rules] == [one.id for one in result.selection.eligibility.results]
    for one in rules:
        assert one["result"] in ("pass", "fail", "unknown")
        assert one["source"]
        assert one["status"] in ("verified", "unverified")


def test_the_report_has_a_section_with_sources(result: CaseResult) -> None:
    assert result.selection is not None
    section = selection_section(result.selection)
    table = next(one for one in section.blocks if isinstance(one, Table))
    assert table.columns[-1].header == "Source"


def test_a_score_has_its_unit_and_the_cut_off_that_it_was_compared_with() -> None:
    scores = [
        hepatobiliary_function(
            function_percent_per_min=rate, body_surface_area_m2=2.0, remnant=remnant
        )
        for rate, remnant in ((12.0, False), (4.0, True))
    ]
    whole, rest = scores_table(scores).rows
    assert [one.text for one in whole][:3] == ["hepatobiliary function, %/min/m²", "6", ""]
    assert [one.text for one in rest][1:3] == ["2", "below 2.69 (surgical)"]

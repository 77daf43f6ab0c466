"""HTML and PDF say the same, hold everything they need, and repeat their bytes."""

import base64
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import report_results as made
from pypdf import PdfReader

from opensirt.domain.finding import Finding, Severity
from opensirt.report.breaks import ZERO_WIDTH_SPACE, breakable
from opensirt.report.content import (
    Bullets,
    Cell,
    Column,
    Document,
    Facts,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
    Table,
    as_data,
    row,
)
from opensirt.report.document import report_document
from opensirt.report.html import html_text
from opensirt.report.pdf import pdf_bytes

HOSTILE = '<script>alert("1")</script> & #let x = 1 $y$ *b* _i_ @ref \\ {{ 7*7 }} {% if %} `c` ]'


@pytest.fixture(scope="module")
def document() -> Document:
    return report_document(made.case(), made.result())


@pytest.fixture(scope="module")
def html(document: Document) -> str:
    return html_text(document)


@pytest.fixture(scope="module")
def pdf(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(pdf_bytes(document, made.MADE_AT)))


class Seen(HTMLParser):
    """What a browser would show, and which tags it met."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class names it
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data)


def words(text: str) -> str:
    """Return a text without white space, breaks and hyphenation."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


def pdf_words(reader: PdfReader) -> str:
    return words("".join(page.extract_text() for page in reader.pages))


def printed(value: Any, key: str = "") -> Iterator[str]:
    """Return every text of the document's data that a reader must see."""
    if isinstance(value, str):
        if key not in {"block", "alternative"}:
            yield value
    elif isinstance(value, dict):
        for inner, one in value.items():
            if not (inner == "name" and value.get("block") == "picture"):
                yield from printed(one, inner)
    elif isinstance(value, list):
        for one in value:
            yield from printed(one, key)


def small(*blocks: Any, wide: bool = False) -> Document:
    return Document(
        title="Title",
        case_key="case-1",
        research_use="Research only.",
        made_at="2026-03-02T12:00+00:00",
        software="OpenSIRT 0",
        sections=(Section("Section", tuple(blocks), wide=wide),),
    )


def test_every_text_of_the_content_stands_in_the_html(document: Document, html: str) -> None:
    shown = words("".join(Seen(html).text))
    missing = [one for one in printed(as_data(document)) if words(one) not in shown]
    assert missing == []


def test_every_text_of_the_content_stands_in_the_pdf(document: Document, pdf: PdfReader) -> None:
    shown = pdf_words(pdf)
    # A text that runs over the end of a page is cut by header and footer: compare its halves.
    missing = []
    for one in printed(as_data(document)):
        text = words(one)
        if text not in shown and not any(
            text[:at] in shown and text[at:] in shown for at in range(1, len(text))
        ):
            missing.append(one)
    assert missing == []


def test_every_picture_is_in_the_html_with_words_for_those_who_cannot_see_it(
    document: Document, html: str
) -> None:
    images = [attributes for tag, attributes in Seen(html).tags if tag == "img"]
    assert len(images) == len(document.pictures())
    for attributes, png in zip(images, document.pictures().values(), strict=True):
        source = attributes["src"] or ""
        assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == png
        assert len(attributes["alt"] or "") > 40


def test_every_picture_is_in_the_pdf(document: Document, pdf: PdfReader) -> None:
    assert sum(len(page.images) for page in pdf.pages) == len(document.pictures())


def test_the_html_needs_nothing_from_outside(html: str) -> None:
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|#)""", html)
    assert "@import" not in html
    assert "url(" not in html
    tags = {tag for tag, _ in Seen(html).tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base"}


def test_hostile_names_are_text_and_nothing_else() -> None:
    finding = Finding(Severity.WARN, "rule", HOSTILE, HOSTILE, None, HOSTILE)
    result = made.result(
        case_key=HOSTILE, findings=(finding,), verification=None, plan=None, truth=()
    )
    document = report_document(made.case(), result)
    html = html_text(document)
    assert "<script" not in html
    assert words(HOSTILE) in words("".join(Seen(html).text))
    reader = PdfReader(io.BytesIO(pdf_bytes(document, made.MADE_AT)))
    assert words(HOSTILE) in pdf_words(reader)


def test_the_same_content_and_instant_give_the_same_bytes(document: Document) -> None:
    again = report_document(made.case(), made.result())
    assert html_text(document) == html_text(again)
    assert pdf_bytes(document, made.MADE_AT) == pdf_bytes(again, made.MADE_AT)


def test_the_pdf_carries_the_date_of_the_result_and_no_other(pdf: PdfReader) -> None:
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date == made.MADE_AT
    later = made.MADE_AT + timedelta(days=1, microseconds=7)
    other = PdfReader(io.BytesIO(pdf_bytes(small(Paragraph("x")), later)))
    assert other.metadata is not None
    assert other.metadata.creation_date == made.MADE_AT + timedelta(days=1)


def test_the_pdf_is_a4_with_wide_tables_across_the_page(pdf: PdfReader) -> None:
    sizes = {
        (round(float(page.mediabox.width)), round(float(page.mediabox.height)))
        for page in pdf.pages
    }
    assert sizes == {(595, 842), (842, 595)}


def test_every_page_has_its_number_and_the_sentence_about_use(
    document: Document, pdf: PdfReader
) -> None:
    n = len(pdf.pages)
    for number, page in enumerate(pdf.pages, 1):
        text = words(page.extract_text())
        assert f"page{number}of{n}" in text
        assert words(document.research_use) in text
        assert words(document.case_key) in text


def test_the_pdf_has_an_outline_of_its_sections(document: Document, pdf: PdfReader) -> None:
    titles = [one.title for one in pdf.outline if not isinstance(one, list)]
    assert titles == [one.title for one in document.sections]


def test_all_fonts_are_inside_the_pdf(pdf: PdfReader) -> None:
    names = set()
    for page in pdf.pages:
        fonts: Any = page["/Resources"]
        for reference in fonts["/Font"].values():
            font = reference.get_object()
            names.add(font["/BaseFont"].split("+")[1])
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor
    assert names <= {"DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"}


def test_signs_of_the_trade_are_printed_in_the_pdf() -> None:
    signs = "⚠ × ≥ ≤ − · – — … ± ° α β γ λ µ Ē τ ⁹⁰Y D₇₀ ₅₀ 10⁻³ ¹⁶⁶Ho é ü ß ø ł ñ → Ω ∑ √ ‰"
    data = pdf_bytes(small(Paragraph(signs)), made.MADE_AT)
    reader = PdfReader(io.BytesIO(data))
    assert words(signs) in pdf_words(reader)
    assert data.count(b"LastResort") == 0


def test_names_in_another_script_do_not_stop_the_report() -> None:
    document = small(Paragraph("肝臓 печень ήπαρ כבד"))
    assert "肝臓" in html_text(document)
    assert pdf_bytes(document, made.MADE_AT).startswith(b"%PDF")


def test_levels_are_words_and_not_colours_alone(html: str) -> None:
    shown = Seen(html).text
    for word in ("Assumption", "Stop", "Warning", "Note"):
        assert word in shown


def test_tables_have_captions_and_headers_that_a_screen_reader_finds(html: str) -> None:
    assert html.count("<table") == html.count("<caption>")
    for tag, attributes in Seen(html).tags:
        if tag == "th":
            assert attributes.get("scope") in {"row", "col"}
    assert '<html lang="en">' in html


def test_headings_go_down_one_step_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Seen(html).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    for before, after in pairwise(levels):
        assert after <= before + 1


LONG = "Metastasis_of_segment_VII_seen_on_the_arterial_phase_2026"
UNBROKEN = "x" * 60


def test_long_words_get_places_to_break_and_short_ones_none() -> None:
    assert breakable("perfused normal liver 40 Gy") == "perfused normal liver 40 Gy"
    for text in (LONG, UNBROKEN, "0" * 64):
        broken = breakable(text)
        assert broken.replace(ZERO_WIDTH_SPACE, "") == text
        assert max(len(one) for one in broken.split(ZERO_WIDTH_SPACE)) <= 14


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) is not there")
def test_no_text_of_a_crowded_table_leaves_the_page_or_its_cell(tmp_path: Path) -> None:
    columns = (Column("Structure", numeric=False), *(Column(f"{LONG}{n}", "Gy") for n in range(8)))
    table = Table("Crowded", columns, (row(LONG, *["123456"] * 8), row(UNBROKEN, *["1.5"] * 8)))
    facts = Facts("Hashes", ((LONG, "0" * 64), (UNBROKEN, "f" * 64)), fixed_width=True)
    figures = KeyFigures("Key", (KeyFigure(LONG, UNBROKEN, LONG),) * 5)
    document = small(table, facts, figures, Bullets((LONG, UNBROKEN)), wide=True)
    path = tmp_path / "crowded.pdf"
    path.write_bytes(pdf_bytes(document, made.MADE_AT))
    made_by = subprocess.run(  # noqa: S603 - a fixed program on our own file
        [str(shutil.which("pdftotext")), "-bbox", str(path), "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    n_words = 0
    for width, page in re.findall(
        r'<page width="([\d.]+)"[^>]*>(.*?)</page>', made_by.stdout, re.DOTALL
    ):
        found = re.findall(
            r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)"', page
        )
        placed = [tuple(float(edge) for edge in one) for one in found]
        n_words += len(placed)
        for left, _, right, _ in placed:
            assert left >= 0
            assert right <= float(width)
        for one, other in combinations(placed, 2):
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert not (across > 1.0 and down > 3.0), (one, other)
    assert n_words > 60


def test_cells_over_several_columns_are_so_in_html_too() -> None:
    table = Table(
        "T", (Column("a"), Column("b"), Column("c")), ((Cell("x"), Cell("none", span=2)),)
    )
    assert 'colspan="2">none<' in html_text(small(table))


def test_a_report_of_each_step_alone_can_be_written() -> None:
    for changes in (
        {"verification": None, "plan": None, "truth": ()},
        {"verification": None, "truth": ()},
        {"plan": None, "workup": None, "truth": ()},
    ):
        result = replace(made.result(), **changes)  # type: ignore[arg-type]  # fields of the record
        document = report_document(made.case(), result)
        assert html_text(document).startswith("<!DOCTYPE html>")
        assert pdf_bytes(document, made.MADE_AT).startswith(b"%PDF")

"""The tumour-board page of both public patients: one side, marked as an example."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from opensirt.app.public_patients import KEYS, write_cases
from opensirt.app.select import select_folder

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> dict[str, Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENSIRT_DATA", str(shared_data / "data" / "sirt_patients"))
        made = write_cases(tmp_path_factory.mktemp("patients"), lambda _: None)
    return {one.name: one for one in made}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            "patient-1",
            (
                "G2; Ki-67 12.0 %",
                "bilobar; 228 of 1488 mL, 15.3 % (outlined)",
                "Measured after treatment, Y-90",
                "1 failed",
                "liver volume below 1.5 L",
                "Against: judged not amenable to resection",
            ),
        ),
        (
            "patient-2",
            (
                "unilobar; 241 of 1685 mL, 14.3 % (outlined)",
                "5.00 % assumed, not measured",
                "future remnant, right treated",
                "E17",
                "3 abscesses in 24 chemoembolizations",
                "anticoagulant or platelet inhibitor",
            ),
        ),
    ],
)
def test_the_page_holds_what_bears_on_the_decision(
    folders: dict[str, Path], tmp_path: Path, key: str, words: tuple[str, ...]
) -> None:
    made = select_folder(folders[key], made_at=NOW, page=tmp_path)
    assert set(folders) == set(KEYS)
    reader = PdfReader(tmp_path / "tumour-board.pdf")
    assert len(reader.pages) == 1
    width, height = (float(one) for one in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (595, 842)
    html = (tmp_path / "tumour-board.html").read_text(encoding="utf-8").replace("\u200b", "")
    for one in (
        "EXAMPLE: the clinical facts are invented, of no person.",
        "Liver function",
        "Open questions",
        "Checklist",
        "Options, in no order of preference",
        "Systemic treatment: somatostatin analogue",
        *words,
    ):
        assert one in html, one
    assert "<img" in html
    rules = {one.rule for one in made.result.findings}
    assert "example_clinical_facts" in rules
    record = json.loads(made.record.read_text())
    assert {one["result"] for one in record["selection"]["rules"]} <= {"pass", "fail", "unknown"}

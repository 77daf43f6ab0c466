"""Records of six catalogues are read whole; what cannot be read is kept with its reason."""

import json
from pathlib import Path

import pytest

from opensirt.domain.bibliography import (
    BibliographicRecord,
    Decision,
    ImportedRecords,
    Unreadable,
    find_duplicates,
    prisma_flow,
)
from opensirt.errors import InputError, UnknownNameError
from opensirt.files.bibliography import read_bibliography

RIS = """TY  - JOUR
AU  - Braat, A J A T
AU  - Lam, M G E H
TI  - Radioembolization after peptide receptor radionuclide therapy
JO  - Cardiovasc Intervent Radiol
PY  - 2020
DO  - 10.1007/S00270-019-02350-2
AN  - 31646375
DP  - PubMed
UR  - https://example.org/a
AB  - Forty-four patients.
ER  -

TY  - JOUR
AU  - Nobody
ER  -
"""
BIBTEX = """@article{braat2020,
  author = {Braat, Arthur and Lam, Marnix},
  title = {{Radioembolization} after peptide receptor radionuclide therapy},
  journal = {CVIR}, year = 2020, doi = {https://doi.org/10.1007/s00270-019-02350-2}
}
@article{braat2020,
  author = {Somebody Else}, title = {Another paper under the same key}, year = {2019}
}
@article{broken,
  title = {never closed
"""
MEDLINE = """
PMID- 31646375
TI  - Radioembolization after peptide receptor
      radionuclide therapy.
FAU - Braat, A J A T
FAU - Lam, M G E H
DP  - 2020 Feb
JT  - Cardiovascular and interventional radiology
LID - 10.1007/s00270-019-02350-2 [doi]
PT  - Journal Article
AB  - Forty-four
      patients.

PMID- 11111111
TI  - Second record.
DP  - 1999
"""
XML = """<?xml version="1.0"?>
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">31646375</PMID><Article>
<Journal><Title>CVIR</Title><JournalIssue><PubDate><Year>2020</Year></PubDate></JournalIssue></Journal>
<ArticleTitle>Radioembolization <i>after</i> peptide receptor radionuclide therapy</ArticleTitle>
<Abstract><AbstractText>Forty-four.</AbstractText><AbstractText>Patients.</AbstractText></Abstract>
<AuthorList><Author><LastName>Braat</LastName><ForeName>Arthur</ForeName></Author>
<Author><CollectiveName>HEPAR group</CollectiveName></Author></AuthorList>
<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList>
</Article></MedlineCitation><PubmedData><ArticleIdList>
<ArticleId IdType="doi">10.1007/s00270-019-02350-2</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle></PubmedArticleSet>"""
DOAJ = {
    "total": 2,
    "results": [
        {
            "bibjson": {
                "title": "Radioembolization after peptide receptor radionuclide therapy",
                "author": [{"name": "Arthur Braat"}, {"name": "Marnix Lam"}],
                "identifier": [{"type": "doi", "id": "10.1007/s00270-019-02350-2"}],
                "year": "2020",
                "journal": {"title": "CVIR"},
                "link": [{"url": "https://example.org/full"}],
                "abstract": "Forty-four patients.",
            }
        },
        {"admin": {}},
    ],
}
CATALOGUE = """Radioembolization after peptide receptor radionuclide therapy

Main Authors: A Braat, M Lam
Format: Article
_version_ 1
author A Braat
M Lam
author_facet A Braat
collection DOAJ
description Forty-four patients.
format Article
id doaj-art-1
publishDate 2020-02-01
series CVIR
spelling doaj-art-12020ZengCVIR2020-02-014310.1007/s00270-019-02350-21@TITLE@A Braat0M Lam1
title Radioembolization after peptide receptor radionuclide therapy
url https://example.org/full
"""
TITLE = "Radioembolization after peptide receptor radionuclide therapy"
FILES = {
    "a.ris": RIS,
    "b.bib": BIBTEX,
    "c.nbib": MEDLINE,
    "d.xml": XML,
    "e.json": json.dumps(DOAJ),
    "f.txt": CATALOGUE.replace("@TITLE@", TITLE),
}


def written(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(FILES[name], encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_catalogue_gives_the_same_paper(tmp_path: Path, name: str) -> None:
    first = read_bibliography(written(tmp_path, name)).records[0]
    assert first.title.rstrip(".") == TITLE
    assert first.year == 2020
    assert first.doi == "10.1007/s00270-019-02350-2"
    assert len(first.authors) == 2
    assert "Braat" in first.authors[0]
    assert first.source.startswith(f"{name}, ")
    if name in ("a.ris", "c.nbib", "d.xml"):
        assert first.pmid == "31646375"
    if name != "b.bib":
        assert first.abstract.startswith("Forty-four")


@pytest.mark.parametrize(
    ("name", "n_records", "reason"),
    [
        ("a.ris", 1, "no title, no DOI and no PMID"),
        ("b.bib", 2, "breaks the rules of BibTeX"),
        ("e.json", 1, "it has no bibjson"),
    ],
)
def test_what_cannot_be_taken_is_kept_with_its_reason(
    tmp_path: Path, name: str, n_records: int, reason: str
) -> None:
    found = read_bibliography(written(tmp_path, name))
    assert len(found.records) == n_records
    (bad,) = found.unreadable
    assert reason in bad.reason
    assert bad.source.startswith(name)


def test_the_second_record_of_a_medline_file_is_its_own(tmp_path: Path) -> None:
    _, second = read_bibliography(written(tmp_path, "c.nbib")).records
    assert (second.pmid, second.title, second.year) == ("11111111", "Second record.", 1999)


def test_six_files_hold_one_paper_five_times_over(tmp_path: Path) -> None:
    files = {name: read_bibliography(written(tmp_path, name)) for name in FILES}
    flow, included, duplicates = prisma_flow(
        files,
        [
            Decision(record="10.1007/s00270-019-02350-2", included=True),
            Decision(
                record="11111111", included=False, stage="full text", reason="not a tumour of ours"
            ),
        ],
    )
    assert flow.identified == {
        "a.ris": 2,
        "b.bib": 3,
        "c.nbib": 2,
        "d.xml": 1,
        "e.json": 2,
        "f.txt": 1,
    }
    assert (flow.unreadable, flow.duplicates, flow.screened) == (3, 5, 3)
    assert (flow.sought, flow.included, flow.undecided) == (2, 1, 1)
    assert flow.excluded_at_full_text == {"not a tumour of ours": 1}
    assert [one.source for one in included] == ["a.ris, record 1"]
    assert {one.by for one in duplicates} == {"DOI"}


def record(title: str, **changes: object) -> BibliographicRecord:
    return BibliographicRecord(source="t", title=title, **changes)  # type: ignore[arg-type]


def test_titles_that_differ_in_marks_and_case_are_one_paper() -> None:
    kept, duplicates = find_duplicates(
        [
            record("SIRT: a Review.", year=2019, doi="10.1000/a"),
            record("Sirt – a review", year=2020),
            record("Sirt – a review", year=2024),
            record("SIRT: a review", year=2019, doi="10.1000/b"),
        ]
    )
    assert [one.year for one in kept] == [2019, 2024, 2019]  # another DOI is another paper
    assert [one.by for one in duplicates] == ["title"]


def test_decisions_are_checked() -> None:
    files = {"a": ImportedRecords(records=(record("One", doi="10.1000/a"),))}
    with pytest.raises(InputError, match="excludes it without a reason"):
        Decision(record="10.1000/a", included=False)
    with pytest.raises(UnknownNameError, match="unknown stage of screening 'later'"):
        Decision(record="10.1000/a", included=True, stage="later")
    with pytest.raises(InputError, match="'10.1000/z', which is no DOI, PMID or title"):
        prisma_flow(files, [Decision(record="10.1000/z", included=True)])
    twice = [Decision(record="10.1000/a", included=True), Decision(record="one", included=True)]
    with pytest.raises(InputError, match="two decisions are on the record 'one'"):
        prisma_flow(files, twice)


def test_unreadable_records_stay_in_the_flow() -> None:
    files = {"a": ImportedRecords(records=(), unreadable=(Unreadable("a, record 1", "empty"),))}
    flow, _, _ = prisma_flow(files, [])
    assert (sum(flow.identified.values()), flow.unreadable, flow.screened) == (1, 1, 0)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.txt", "Dear colleague,", "shows no known format"),
        ("x.json", "{not json", "is no valid JSON"),
        ("x.json", "[1", "is no valid JSON"),
        ("x.xml", "<a><b></a>", "is no valid XML"),
        ("x.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares XML entities"),
        ("x.xml", "<a/>", "no record"),
    ],
)
def test_files_that_are_no_catalogue_are_refused(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_bibliography(path)


def test_a_format_can_be_named_and_a_missing_file_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "f.txt")
    assert read_bibliography(path, form="catalogue").records
    with pytest.raises(UnknownNameError, match="unknown format of bibliographic records 'endnote'"):
        read_bibliography(path, form="endnote")
    with pytest.raises(InputError, match="there is no file absent.ris"):
        read_bibliography(tmp_path / "absent.ris")
    (tmp_path / "latin.ris").write_bytes("TY  - JOUR\nTI  - Tum\xf6r\n".encode("latin-1"))
    with pytest.raises(InputError, match="is no UTF-8"):
        read_bibliography(tmp_path / "latin.ris")

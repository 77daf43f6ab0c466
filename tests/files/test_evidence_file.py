"""Evidence of a site's own is read from two files, or refused with the row."""

from pathlib import Path

import pytest

from opensirt.domain.evidence_table import COLUMNS
from opensirt.errors import InputError
from opensirt.files.evidence_file import read_evidence

HEAD = ",".join(COLUMNS)
ROW = "O1,our_series,dcr,RECIST,3 months,,patient,48,60,,,,,,counted,verified,table 1,"

HALF_OVERLAP = """[study.a]
citation = "c"
year = 2000
device = "resin"
design = "d"
prior_prrt = "all"
concurrent = "none"
source = "s"
status = "verified"
[[study.a.overlaps]]
with = "b"
"""


def how_to_block() -> str:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "living-evidence.md"
    return page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def written(folder: Path, studies: str, outcomes: str) -> tuple[Path, Path]:
    first, second = folder / "studies.toml", folder / "outcomes.csv"
    first.write_text(studies, encoding="utf-8")
    second.write_text(outcomes, encoding="utf-8")
    return first, second


def test_the_study_of_the_how_to_is_a_study(tmp_path: Path) -> None:
    studies = how_to_block() + how_to_block().replace("our_series", "frilling_2019_uk").replace(
        'with = "frilling_2019_uk"', 'with = "our_series"'
    )
    found = read_evidence(*written(tmp_path, studies, f"{HEAD}\n{ROW}\n"))
    study = found.study("our_series")
    assert study.moderators == {"prior_prrt_fraction": 0.4}
    assert [(one.other, one.contained) for one in study.overlaps] == [("frilling_2019_uk", False)]
    assert found.outcomes[0].counts == (48, 60)


@pytest.mark.parametrize(
    ("studies", "outcomes", "words"),
    [
        ("a = 1", HEAD, "has no \\[study.NAME\\] table"),
        ("[study]", f"{HEAD},colour\n", "the column 'colour'"),
        ("[study]", f"{HEAD}\n{ROW},more,cells\n", "row 2 has more cells than columns"),
        ("[study]", f"{HEAD}\n{ROW}\n", "names the unknown study 'our_series'"),
        (
            HALF_OVERLAP,
            HEAD,
            'an overlap needs kind "contained" or "possible", and why',
        ),
    ],
)
def test_files_that_contradict_themselves_are_refused(
    tmp_path: Path, studies: str, outcomes: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_evidence(*written(tmp_path, studies, outcomes))


def test_absent_and_unreadable_tables_are_told(tmp_path: Path) -> None:
    studies, outcomes = written(tmp_path, "[study]", HEAD)
    with pytest.raises(InputError, match="there is no table absent.csv"):
        read_evidence(studies, tmp_path / "absent.csv")
    outcomes.write_bytes(HEAD.encode() + b"\nTum\xf6r\n")
    with pytest.raises(InputError, match="is no UTF-8"):
        read_evidence(studies, outcomes)

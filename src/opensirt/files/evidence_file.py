"""Evidence of a site's own: studies in TOML, outcomes in CSV, as the published table has them."""

import csv
import io
from pathlib import Path

from opensirt.domain.evidence import EvidenceBase
from opensirt.domain.evidence_table import COLUMNS, outcomes_of, studies_of
from opensirt.errors import InputError
from opensirt.files.refusal import refusal
from opensirt.files.toml_document import read_toml


def read_evidence(studies: Path, outcomes: Path) -> EvidenceBase:
    """Return the evidence of two files.

    Raises
    ------
    InputError
        When a file is absent or unreadable, a row contradicts itself or lacks its source.
    """
    found = read_toml(studies)
    if not isinstance(found.get("study"), dict):
        raise InputError(f"{studies.name} has no [study.NAME] table; write one for each study")
    return EvidenceBase(
        studies=studies_of(found["study"], where=studies.name),
        outcomes=outcomes_of(_rows(outcomes), where=outcomes.name),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise InputError(f"there is no table {path.name}; check the name")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(
            path, f"byte {error.start} is no UTF-8", wanted="UTF-8 text", remedy="save it again"
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    unknown = [name for name in reader.fieldnames or () if name not in COLUMNS]
    if unknown:
        raise refusal(
            path,
            f"the column {unknown[0]!r}",
            wanted=", ".join(COLUMNS),
            remedy="rename or remove it",
        )
    rows = list(reader)
    for number, row in enumerate(rows, start=2):
        if "" in row:
            raise InputError(f"{path.name}, row {number} has more cells than columns; correct it")
    return rows

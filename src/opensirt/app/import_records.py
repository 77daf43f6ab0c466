"""A table of patients to case folders: one each, none ever overwritten."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from opensirt.app.imported_case import case_tables, case_text
from opensirt.errors import InputError
from opensirt.whole_file import whole_file

if TYPE_CHECKING:
    from opensirt.files.clinical_table import ImportResult

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCases:
    """What an import read, and the folders that it wrote; none in a dry run."""

    result: "ImportResult"
    texts: dict[str, str]
    """Key → case.toml of the patient."""
    written: tuple[Path, ...]


def import_records(
    table: Path, mapping: Path, *, out: Path | None, today: date, dry_run: bool = False
) -> ImportedCases:
    """Read a table through a mapping file and write one case folder for each patient.

    Nothing is written when one of the folders exists already, or in a dry run.

    Parameters
    ----------
    table
        CSV, Excel or REDCap export.
    mapping
        Mapping file, schema ``opensirt/import/1``.
    out
        Folder of the case folders; needed unless it is a dry run.
    today
        The day of the import: later dates in the table are refused.

    Raises
    ------
    InputError
        When the table or the mapping cannot be used, a pseudonym cannot name a folder, or a
        folder exists already.
    """
    from opensirt.files.case_file import CASE_FILE_NAME, CaseFile
    from opensirt.files.clinical_mapping import read_clinical_mapping
    from opensirt.files.clinical_table import read_clinical_table
    from opensirt.files.toml_document import validated

    result = read_clinical_table(Path(table), read_clinical_mapping(Path(mapping)), today=today)
    texts = {}
    for one in result.records:
        tables = case_tables(one, result.treated_on.get(one.key))
        validated(CaseFile, tables, Path(CASE_FILE_NAME))
        texts[one.key] = case_text(tables)
    if dry_run:
        return ImportedCases(result=result, texts=texts, written=())
    if out is None:
        raise InputError("no folder for the cases is named; add --out FOLDER, or --dry-run")
    folders = {key: _folder(out, key) for key in texts}
    if len({one.name.lower() for one in folders.values()}) < len(folders):
        raise InputError("two pseudonyms differ in capital letters only; give them other names")
    taken = [one.name for one in folders.values() if one.exists()]
    if taken:
        raise InputError(
            f"{len(taken)} case folders exist already in {out.name} (first: {taken[0]}); an "
            "import overwrites nothing: name another folder with --out"
        )
    for key, folder in folders.items():
        folder.mkdir(parents=True)
        with whole_file(folder / CASE_FILE_NAME) as part:
            part.write_text(texts[key], encoding="utf-8")
    return ImportedCases(result=result, texts=texts, written=tuple(folders.values()))


def _folder(out: Path, key: str) -> Path:
    if not _SAFE.fullmatch(key):
        raise InputError(
            "a pseudonym holds other characters than letters, digits, dot, hyphen and underscore, "
            "and cannot name a folder; rename it in the table"
        )
    return out / key

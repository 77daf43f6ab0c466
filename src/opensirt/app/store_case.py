"""Case folders into the store, and out of it byte for byte."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from opensirt import __version__
from opensirt.app.record import RECORDS_FOLDER
from opensirt.errors import InputError, StoreError
from opensirt.files.case_file import CASE_FILE_NAME, case_file_path, read_case_file
from opensirt.store.kinds import STEPS

if TYPE_CHECKING:
    from opensirt.store.rows import Record
    from opensirt.store.store import Store

_RECORD_NAME = re.compile(r"(?P<number>[0-9]{4,})-(?P<step>[a-z-]+)\.json")
_PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCase:
    """What became of one case folder."""

    key: str
    outcome: str
    """``added``, ``changed`` (a new version of the case), ``unchanged`` or ``archive taken``."""
    n_records: int
    """Records of steps that were new."""
    n_files: int
    """Files of the case beside case.toml and its records."""


def import_case(store: "Store", path: Path, *, author: str, at: datetime) -> StoredCase:
    """Take a case folder into the store: case.toml, records, and every other file by its hash.

    A folder that was taken before gives a new version of the case where something changed, and
    its new records; what is in the store is never changed. Files beside the folder that case.toml
    names come along.

    Raises
    ------
    InputError
        When the folder holds no usable case.toml, or names files by absolute path.
    StoreError
        When a record differs from the one of the same name in the store, or the store refuses.
    ConflictError
        When somebody else stores the same case at this moment.
    """
    from opensirt.store.images import keep_image
    from opensirt.store.rows import TOML, Record

    case_file = case_file_path(Path(path)).absolute()
    stated = read_case_file(case_file)
    named = [*(one.path for one in stated.images), *(one.path for one in stated.structures)]
    root = _root(case_file, named)
    records = sorted(_record_files(case_file.parent))
    files: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for one in sorted(_other_files(root, case_file, named, records)):
        sha256, size = keep_image(store.place.images, one)
        files[one.relative_to(root).as_posix()] = sha256
        sizes[sha256] = size
    before = store.latest("case", stated.key)
    case = Record(
        kind="case",
        case_key=stated.key,
        content=_text(case_file),
        media=TOML,
        author=author,
        made_at=at,
        software_version=__version__,
        supersedes=None if before is None else before.uid,
        file_name=case_file.relative_to(root).as_posix(),
        files=files,
    )
    same = before is not None and (
        (before.content, dict(before.files), before.file_name)
        == (case.content, dict(case.files), case.file_name)
    )
    new = [*_new_records(store, stated.key, records, author)]
    store.add_many([*([] if same else [case]), *new], sizes=sizes)
    outcome = "added" if before is None else "unchanged" if same else "changed"
    return StoredCase(key=stated.key, outcome=outcome, n_records=len(new), n_files=len(files))


def export_case(store: "Store", key: str, out: Path) -> Path:
    """Write the latest version of a case as a folder and return that of its case.toml.

    Every byte is as it was; a hash that does not fit is refused. The folder appears whole or not
    at all.

    Raises
    ------
    StoreError
        When the case, or one of its files, is not in the store.
    InputError
        When `out` exists already.
    """
    from opensirt.store.images import take_image

    case = store.latest("case", key)
    if case is None:
        raise StoreError(f"there is no case {key!r} in the store")
    out = Path(out)
    if out.exists():
        raise InputError(f"{out.name} exists already; nothing is overwritten: name another folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=out.parent))
    try:
        place = _inside(staging, case.file_name or CASE_FILE_NAME)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(case.content.encode())
        for name, sha256 in case.files.items():
            take_image(store.place.images, sha256, _inside(staging, name))
        for step in STEPS:
            for record in store.history(step, key):
                if record.file_name is not None:
                    target = _inside(place.parent, f"{RECORDS_FOLDER}/{record.file_name}")
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(record.content.encode())
        staging.chmod(0o755)
        staging.replace(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return (out / (case.file_name or CASE_FILE_NAME)).parent


def import_sources(
    store: "Store",
    paths: tuple[Path, ...],
    *,
    author: str,
    at: datetime,
    progress: Callable[[str], None],
) -> list[StoredCase]:
    """Take case folders, folders of them, and archives of cases into the store.

    Raises
    ------
    InputError
        When one of them is none of these.
    StoreError
        As `import_case` does; cases before that one have been taken.
    """
    from opensirt.store.archive import import_case_archive, is_archive

    made = []
    for path in case_folders(tuple(one for one in paths if not is_archive(one))):
        progress(f"importing {path.name}")
        made.append(import_case(store, path, author=author, at=at))
    for path in paths:
        if is_archive(path):
            progress(f"importing {path.name}")
            took = import_case_archive(store, path)
            made.append(
                StoredCase(
                    key=str(took.case_key),
                    outcome="archive taken" if took.n_new_records else "unchanged",
                    n_records=took.n_new_records,
                    n_files=took.n_images,
                )
            )
    return made


def case_folders(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the case folders that are named, or that lie in the folders that are named.

    Raises
    ------
    InputError
        When a folder neither is a case nor holds one.
    """
    found: list[Path] = []
    for path in paths:
        if (path / CASE_FILE_NAME).is_file() or path.is_file():
            found.append(path)
            continue
        inside = sorted(one.parent for one in path.glob(f"*/{CASE_FILE_NAME}"))
        if not inside:
            raise InputError(
                f"{path.name or path} neither holds a {CASE_FILE_NAME} nor folders that do"
            )
        found += inside
    return tuple(found)


def _root(case_file: Path, stated: list[str]) -> Path:
    """Return the folder that holds the case folder and all files that it names."""
    folder = case_file.parent
    absolute = [one for one in stated if Path(one).is_absolute()]
    if absolute:
        raise InputError(
            f"case.toml names {len(absolute)} files by absolute path, which mean nothing in a "
            "store; write them relative to case.toml"
        )
    places = [os.path.normpath(folder / one) for one in stated]
    return Path(os.path.commonpath([str(folder), *places]))


def _record_files(folder: Path) -> list[Path]:
    room = folder / RECORDS_FOLDER
    return [one for one in room.glob("*.json") if _step(one.name) is not None]


def _step(name: str) -> str | None:
    found = _RECORD_NAME.fullmatch(name)
    return found["step"] if found and found["step"] in STEPS else None


def _other_files(root: Path, case_file: Path, named: list[str], records: list[Path]) -> set[Path]:
    folder = case_file.parent
    places = [Path(os.path.normpath(folder / one)) for one in named]
    outside = [one for one in places if not one.is_relative_to(folder)]
    found: set[Path] = set()
    for place in (folder, *outside):
        found |= {place} if place.is_file() else {one for one in place.rglob("*") if one.is_file()}
    odd = {case_file, *records}
    return {
        one
        for one in found - odd
        if not any(part.startswith(_PARTIAL) for part in one.relative_to(root).parts)
    }


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is no UTF-8 text ({error.reason})") from None


def _new_records(store: "Store", key: str, paths: list[Path], author: str) -> "list[Record]":
    """Return the records of a folder that the store lacks.

    Raises
    ------
    StoreError
        When a record differs from that of the same name in the store.
    """
    from opensirt.store.rows import Record

    there = {
        one.file_name: one for step in STEPS for one in store.history(step, key) if one.file_name
    }
    made = []
    for path in paths:
        text = _text(path)
        known = there.get(path.name)
        if known is not None:
            if known.content != text:
                raise StoreError(
                    f"record {path.name} of case {key} differs from the one in the store: records "
                    "are added, never changed; give the changed one the next free number"
                )
            continue
        try:
            document = json.loads(text)
        except ValueError as error:
            raise InputError(f"record {path.name} of case {key} is no JSON ({error})") from None
        made.append(
            Record(
                kind=str(_step(path.name)),
                case_key=key,
                content=text,
                author=_by(document) or author,
                made_at=_made_at(document, path),
                software_version=_version(document),
                file_name=path.name,
            )
        )
    return made


def _at(document: Any, *keys: str) -> Any:  # noqa: ANN401 - any JSON value
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _by(document: Any) -> str | None:  # noqa: ANN401 - any JSON value
    found = _at(document, "approval", "by")
    return found if isinstance(found, str) else None


def _made_at(document: Any, path: Path) -> datetime:  # noqa: ANN401 - any JSON value
    """Return the instant that a record states, else that of its file."""
    for keys in (("provenance", "made_at"), ("approval", "approved_at")):
        found = _at(document, *keys)
        if isinstance(found, str):
            made = datetime.fromisoformat(found)
            if made.tzinfo is not None:
                return made
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _version(document: Any) -> str:  # noqa: ANN401 - any JSON value
    for keys in (("provenance", "software", "opensirt"), ("software", "opensirt")):
        found = _at(document, *keys)
        if isinstance(found, str):
            return found
    return "not stated"


def _inside(folder: Path, name: str) -> Path:
    """Return a place in a folder; refuse one that leaves it."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise StoreError(f"a case in the store names the file {name!r}, which leaves its folder")
    return folder.joinpath(*pure.parts)

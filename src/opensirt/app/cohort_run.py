"""Batch dosimetry over a store: only what is missing, every row kept as it comes."""

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensirt import __version__
from opensirt.app.cohort_case import dose_row
from opensirt.app.software import software_versions
from opensirt.errors import ConflictError, InputError, UnknownNameError
from opensirt.files.site_file import SITE_FILE_NAME
from opensirt.provenance import canonical_json, sha256_of_json

if TYPE_CHECKING:
    from opensirt.cohort.batch import BatchTask
    from opensirt.cohort.comparison import EngineDifference
    from opensirt.store.rows import Record
    from opensirt.store.store import Store

RETRIED = ("died",)
"""Outcomes that the next run tries again by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRun:
    """What one run did; `rows` are those of the cases and engines asked for, old and new."""

    n_tasks: int
    n_done: int
    """New rows with a dose."""
    n_failed: int
    """New rows without one."""
    n_there: int
    """Tasks whose row was in the store already."""
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a run over a cohort is asked to do."""

    engines: tuple[str, ...]
    author: str
    made_at: datetime
    case_keys: tuple[str, ...] | None = None
    """None for all cases."""
    site_path: Path | None = None
    """Profile for cases without one of their own; the user's, or the default, where None."""
    scheduler: str | None = None
    n_workers: int | None = None
    retry_failed: bool = False
    progress: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        if not self.engines or len(set(self.engines)) < len(self.engines):
            raise InputError("name at least one engine, and each of them once")


def run_cohort(store: "Store", request: RunRequest) -> CohortRun:
    """Compute the delivered dose of every case with every engine asked for.

    A task whose row is there (same case, files, engine, site profile and software) is not done
    again. A new row replaces the earlier one of its case and engine.

    Raises
    ------
    UnknownNameError
        When there is no such engine.
    StoreError
        When the scheduler goes away; the rows until then are kept.
    """
    from opensirt.cohort.batch import run_batch
    from opensirt.physics.dose import ENGINES

    for one in request.engines:
        if one not in ENGINES:
            raise UnknownNameError("dose engine", one, ENGINES)
    tasks = batch_tasks(store, request)
    keeper = _Keeper(store, request, len(tasks))
    there = [one for one in tasks if keeper.has(one)]
    left = [one for one in tasks if not keeper.has(one)]
    if left:
        run_batch(
            left,
            dose_row,
            keeper.keep,
            scheduler=request.scheduler,
            n_workers=request.n_workers,
        )
    wanted = {one.task for one in tasks}
    rows = tuple(
        one.document for one in keeper.latest.values() if one.document.get("task") in wanted
    )
    return CohortRun(
        n_tasks=len(tasks),
        n_done=keeper.n_done,
        n_failed=keeper.n_failed,
        n_there=len(there),
        rows=rows,
    )


def compare(rows: Iterable[dict[str, Any]], reference: str) -> "list[EngineDifference]":
    """Return how far the other engines are from the first one; see `compare_engines`."""
    from opensirt.cohort.comparison import compare_engines

    return compare_engines(rows, reference)


class _Keeper:
    """Puts rows into the store as they come, each replacing the one before it."""

    def __init__(self, store: "Store", request: RunRequest, n_tasks: int) -> None:
        self._store, self._request, self._n_tasks = store, request, n_tasks
        self.latest: dict[tuple[str, str], Record] = {
            (one.case_key, str(one.document.get("engine"))): one
            for one in store.all_latest("dosimetry")
        }
        self.n_done = self.n_failed = 0

    def has(self, task: "BatchTask") -> bool:
        """Whether there is a row of just this task that need not be made again."""
        found = self.latest.get((task.case_key, task.engine))
        if found is None or found.document.get("task") != task.task:
            return False
        outcome = found.document["outcome"]
        return outcome == "done" or (outcome not in RETRIED and not self._request.retry_failed)

    def keep(self, row: Any) -> None:  # noqa: ANN401 - a row of plain values
        """Add one row; when another run was first, its row stands."""
        from opensirt.store.rows import Record

        place = (row["case"], row["engine"])
        before = self.latest.get(place)
        record = Record(
            kind="dosimetry",
            case_key=row["case"],
            content=canonical_json(row),
            author=self._request.author,
            made_at=self._request.made_at,
            software_version=__version__,
            supersedes=None if before is None else before.uid,
        )
        try:
            self._store.add(record)
        except ConflictError:
            newer = [
                one
                for one in self._store.history("dosimetry", row["case"])
                if one.document.get("engine") == row["engine"]
            ]
            record = newer[-1]
        self.latest[place] = record
        if row["outcome"] == "done":
            self.n_done += 1
        else:
            self.n_failed += 1
        self._request.progress(f"{self.n_done + self.n_failed} done of {self._n_tasks}")


def batch_tasks(store: "Store", request: RunRequest) -> "list[BatchTask]":
    """Return the tasks of a request, one for each case and engine.

    Raises
    ------
    InputError
        When a case that is asked for is not in the store.
    """
    from opensirt.cohort.batch import BatchTask

    site = _site_text(request.site_path)
    versions = dict(software_versions())
    keys = store.case_keys() if request.case_keys is None else request.case_keys
    tasks = []
    for key in keys:
        case = store.latest("case", key)
        if case is None:
            raise InputError(f"there is no case {key!r} in the store")
        files = _files_of_dose(case)
        for engine in request.engines:
            said = {
                "case": case.sha256,
                "files": dict(files),
                "engine": engine,
                "site": site,
                "software": versions,
            }
            tasks.append(
                BatchTask(
                    task=sha256_of_json(said),
                    case_key=key,
                    case_uid=case.uid,
                    engine=engine,
                    content=case.content,
                    file_name=case.file_name or "case.toml",
                    files=files,
                    images=str(store.place.images.absolute()),
                    site=site,
                )
            )
    return tasks


def _files_of_dose(case: "Record") -> tuple[tuple[str, str], ...]:
    """Return the files that case.toml names, and its site profile: reports are no input."""
    folder = posixpath.dirname(case.file_name or "")
    named: Sequence[dict[str, Any]] = [
        *case.document.get("images", []),
        *case.document.get("structures", []),
    ]
    places = [posixpath.normpath(posixpath.join(folder, one["path"])) for one in named]
    places.append(posixpath.join(folder, SITE_FILE_NAME))
    return tuple(
        (path, sha256)
        for path, sha256 in sorted(case.files.items())
        if any(path == one or path.startswith(f"{one}/") or one == "." for one in places)
    )


def _site_text(given: Path | None) -> str | None:
    from opensirt.app.site import site_in_force

    site = site_in_force(given=given)
    return None if site.path is None else site.path.read_text(encoding="utf-8-sig")

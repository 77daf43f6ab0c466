"""Records of steps in the case folder: added, never changed."""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from opensirt.app.evaluate import ordered
from opensirt.domain.case import Case
from opensirt.domain.finding import Finding
from opensirt.domain.record import CaseResult
from opensirt.errors import InputError

RECORDS_FOLDER = "records"
_NUMBERED = "[0-9][0-9][0-9][0-9]-*.json"


def steps_of(case: Case, result: CaseResult) -> dict[str, CaseResult]:
    """Return the part of a result that each step made, by the step's name.

    Each holds what reading the case had to say (assumptions first) and the step's own findings.
    """
    bare = replace(result, workup=None, plan=None, verification=None, selection=None, truth=())
    steps: dict[str, CaseResult] = {}

    def add(name: str, part: CaseResult, found: Iterable[Finding]) -> None:
        steps[name] = replace(part, findings=ordered([*case.findings, *found]))

    if result.workup is not None:
        add("work-up", replace(bare, workup=result.workup), result.workup.findings)
    if result.plan is not None:
        add("plan", replace(bare, plan=result.plan), result.plan.findings)
    if result.verification is not None:
        add(
            "verify",
            replace(bare, verification=result.verification),
            result.verification.findings,
        )
    if result.selection is not None:
        add("select", replace(bare, selection=result.selection), result.selection.findings)
    return steps


def add_records(case: Case, result: CaseResult, case_folder: Path) -> tuple[Path, ...]:
    """Add one record for each step that was done and return their paths.

    Raises
    ------
    InputError
        When the case folder cannot be written to.
    """
    return tuple(
        add_record(case_folder, name, case, part) for name, part in steps_of(case, result).items()
    )


def add_record(case_folder: Path, step: str, case: Case, result: CaseResult) -> Path:
    """Add ``records/NNNN-<step>.json`` under the next free number and return its path.

    Raises
    ------
    InputError
        When the case folder cannot be written to.
    """
    from opensirt.report.results import results_document

    return add_document(case_folder, step, results_document(case, result))


def add_document(case_folder: Path, step: str, document: Mapping[str, object]) -> Path:
    """Add any document as ``records/NNNN-<step>.json`` under the next free number.

    Raises
    ------
    InputError
        When the case folder cannot be written to.
    """
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    room = case_folder / RECORDS_FOLDER
    try:
        room.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".partial-", dir=room)
    except OSError as error:
        raise InputError(
            f"the records of the case cannot be written ({error.strerror}); make the case folder "
            "writable, make room on its disk, or copy it"
        ) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o644)
        return _linked(part, room, step)
    finally:
        part.unlink(missing_ok=True)


def _linked(part: Path, room: Path, step: str) -> Path:
    """Give a file the next free number; a name that is taken is never replaced."""
    while True:
        taken = [int(one.name[:4]) for one in room.glob(_NUMBERED)]
        target = room / f"{max(taken, default=0) + 1:04d}-{step}.json"
        try:
            os.link(part, target)
        except FileExistsError:
            continue
        return target

"""The latest plan of a case folder and its approvals, read back from the records."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from opensirt.app.record import RECORDS_FOLDER
from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.domain.case import Case
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError, RuleError
from opensirt.files.case_file import planning_text
from opensirt.provenance import sha256_of_file

APPROVE = "approve"
PLAN = "plan"
ORDER = "order"
ADMINISTER = "administer"
VERIFY = "verify"


@dataclass(frozen=True, eq=False)
class Record:
    """One record as it was read: its path, the sha256 of its bytes, its content."""

    path: Path
    sha256: str
    content: Mapping[str, Any]


def records_of(case_folder: Path, step: str) -> Iterator[Record]:
    """Yield the records of one step, the oldest first.

    Raises
    ------
    InputError
        When one is no JSON document.
    """
    for path in sorted((case_folder / RECORDS_FOLDER).glob(f"[0-9][0-9][0-9][0-9]-{step}.json")):
        text = path.read_bytes()
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise InputError(
                f"the record {path.name} is damaged: it is no JSON document; take it from a backup"
            )
        yield Record(path, hashlib.sha256(text).hexdigest(), content)


def latest_plan(case_folder: Path) -> PlanOnRecord:
    """Return the latest plan record of a case folder.

    Raises
    ------
    RuleError
        When there is none.
    InputError
        When it is damaged.
    """
    found = latest_plan_if_any(case_folder)
    if found is None:
        raise RuleError(
            "the case has no plan record; make one with `opensirt plan CASE`, then let two people "
            "approve it"
        )
    return found


def latest_plan_if_any(case_folder: Path) -> PlanOnRecord | None:
    """Return the latest plan record of a case folder, or None.

    Raises
    ------
    InputError
        When it is damaged.
    """
    found = list(records_of(case_folder, PLAN))
    if not found:
        return None
    one = found[-1]
    try:
        return _plan_of(one)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"the record {one.path.name} is damaged ({error}); make a new one with "
            "`opensirt plan CASE`"
        ) from None


def _plan_of(one: Record) -> PlanOnRecord:
    content = one.content
    chosen = content["plan"].get("chosen")
    choice = content["plan"].get("choice", {})
    rows = []
    if chosen is not None:
        key = (chosen["device"], chosen["model"])
        rows = [row for row in content["plan"]["rows"] if (row["device"], row["model"]) == key]
        if len(rows) > 1:  # the row of all territories is their sum
            rows = [row for row in rows if row["territory"] != chosen["territory"]]
    return PlanOnRecord(
        record=one.path.name,
        sha256=one.sha256,
        inputs=content["provenance"]["inputs"],
        site=content["provenance"]["site"],
        stop_rules=tuple(
            found["rule"] for found in content["findings"] if found["severity"] == "stop"
        ),
        device="" if chosen is None else chosen["device"],
        model="" if chosen is None else chosen["model"],
        origin=choice.get("origin", ""),
        activities_bq={row["territory"]: _number(row["administered_activity_bq"]) for row in rows},
        verified=chosen is None or chosen["status"] == "verified",
    )


def _number(value: float | str) -> Number:
    return Missing(value) if isinstance(value, str) else float(value)


def approvals_of(case_folder: Path) -> tuple[Approval, ...]:
    """Return every approval of a case folder, the oldest first.

    Raises
    ------
    InputError
        When a record is damaged.
    """
    made = []
    for one in records_of(case_folder, APPROVE):
        try:
            stated = dict(one.content["approval"])
            stated["approved_at"] = datetime.fromisoformat(stated["approved_at"])
            made.append(Approval(**stated))
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the record {one.path.name} is damaged ({error}); take it from a backup"
            ) from None
    return tuple(made)


def state_of(case: Case, case_file: Path, site: SiteProfile) -> CaseState:
    """Return what a case folder holds now, to be compared with what a plan was made from."""
    planning = planning_text(case_file.read_text(encoding="utf-8"))
    return CaseState(
        case_key=case.key,
        case_file=case_file.name,
        inputs={**case.inputs, case_file.name: sha256_of_file(case_file)},
        site=f"{site.name} (sha256 {site.sha256 or 'not stated'})",
        planning_sha256=hashlib.sha256(planning.encode()).hexdigest(),
    )

"""The latest plan of a case folder and its approvals, read back from the records."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from opensirt.app.record import RECORDS_FOLDER
from opensirt.domain.approval import (
    APPROVALS_NEEDED,
    Approval,
    CaseState,
    PlanOnRecord,
    person_key,
)
from opensirt.domain.case import Case
from opensirt.domain.delivery import ComparedPlan, PlanStanding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError, RuleError
from opensirt.files.planning_text import planning_text
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
    return _whole(found[-1], _plan_of) if found else None


def plan_in_force(case_folder: Path) -> PlanOnRecord | None:
    """Return the plan that an administration is held against, or None.

    That of the latest order; without one the latest that two people approved; else the latest.

    Raises
    ------
    InputError
        When a record is damaged.
    RuleError
        When the plan was changed after an order named it.
    """
    named = _named_plan(case_folder, ORDER)
    if named is not None:
        return _whole(named[0], _plan_of)
    approved = _approved_plan(case_folder)
    return latest_plan_if_any(case_folder) if approved is None else _whole(approved, _plan_of)


def compared_plan(case_folder: Path, *, unapproved: bool) -> ComparedPlan | None:
    """Return the plan on record that a delivery is held against, or None.

    That of the latest administration; without one that of the latest order; then the latest that
    two people approved; last, where `unapproved` ones count, the latest.

    Raises
    ------
    InputError
        When a record is damaged.
    RuleError
        When the plan was changed after an order or an administration named it.
    """
    approved = _approved_plan(case_folder)
    for step, standing in ((ADMINISTER, PlanStanding.GIVEN), (ORDER, PlanStanding.ORDERED)):
        named = _named_plan(case_folder, step)
        if named is None:
            continue
        plan, by = named
        later = approved is not None and approved.path.name > plan.path.name
        return _compared(
            plan,
            standing,
            named_by=by,
            later=approved.path.name if approved is not None and later else "",
        )
    if approved is not None:
        return _compared(approved, PlanStanding.APPROVED)
    found = list(records_of(case_folder, PLAN))
    if not found or not unapproved:
        return None
    return _compared(found[-1], PlanStanding.NOT_APPROVED)


def _named_plan(case_folder: Path, step: str) -> tuple[Record, str] | None:
    """Return the plan that the latest record of a step names, and that record's name.

    None without such a record, or where it names no plan.
    """
    naming = list(records_of(case_folder, step))
    if not naming:
        return None
    latest = naming[-1]
    name = str(latest.content.get("plan_record", ""))
    inputs = latest.content.get("provenance", {}).get("inputs", {})
    if name not in inputs:
        return None
    plan = next((one for one in records_of(case_folder, PLAN) if one.path.name == name), None)
    if plan is None:
        raise RuleError(
            f"{latest.path.name} names the plan {name}, which the case folder does not hold; take "
            "it from a backup"
        )
    if plan.sha256 != inputs[name]:
        raise RuleError(
            f"the plan {name} was changed after {latest.path.name} named it (sha256 "
            f"{plan.sha256[:12]}… now, {str(inputs[name])[:12]}… then); take it from a backup"
        )
    return plan, latest.path.name


def _approved_plan(case_folder: Path) -> Record | None:
    """Return the latest plan record that two people approved, or None."""
    approvals = approvals_of(case_folder)
    approved = None
    for one in records_of(case_folder, PLAN):
        people = {person_key(given.by) for given in approvals if given.plan_sha256 == one.sha256}
        if len(people) >= APPROVALS_NEEDED:
            approved = one
    return approved


ReadT = TypeVar("ReadT")


def _whole(one: Record, read: Callable[[Record], ReadT]) -> ReadT:
    """Return what a record holds; refuse one in which something is missing."""
    try:
        return read(one)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"the record {one.path.name} is damaged ({error}); make a new one with "
            "`opensirt plan CASE`"
        ) from None


def _compared(
    one: Record, standing: PlanStanding, *, named_by: str = "", later: str = ""
) -> ComparedPlan | None:
    def read(record: Record) -> ComparedPlan | None:
        plan = record.content["plan"]
        chosen = plan.get("chosen")
        if chosen is None:
            return None
        rows = _rows(plan)
        key = (chosen["device"], chosen["model"])
        doses = [each for each in plan["doses"] if (each["device"], each["model"]) == key]
        if not doses:
            return None
        return ComparedPlan(
            device=chosen["device"],
            model=chosen["model"],
            radionuclide=doses[0]["radionuclide"],
            engine=doses[0]["engine"],
            administered_bq=_by_territory(rows, "administered_activity_bq"),
            reaching_bq=_by_territory(rows, "reaching_liver_bq"),
            means_gy={each["label"]: float(each["mean_gy"]) for each in doses[0]["structures"]},
            standing=standing,
            record=record.path.name,
            sha256=record.sha256,
            named_by=named_by,
            later=later,
        )

    return _whole(one, read)


def _rows(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the prescribed rows of single territories."""
    chosen = plan.get("chosen")
    if chosen is None:
        return []
    key = (chosen["device"], chosen["model"])
    rows = [row for row in plan["rows"] if (row["device"], row["model"]) == key]
    if len(rows) > 1:  # the row of all territories is their sum
        rows = [row for row in rows if row["territory"] != chosen["territory"]]
    return rows


def _by_territory(rows: Iterable[Mapping[str, Any]], key: str) -> dict[str, Number]:
    return {row["territory"]: _number(row[key]) for row in rows}


def _plan_of(one: Record) -> PlanOnRecord:
    content = one.content
    chosen = content["plan"].get("chosen")
    choice = content["plan"].get("choice", {})
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
        activities_bq=_by_territory(_rows(content["plan"]), "administered_activity_bq"),
        reaching_bq=_by_territory(_rows(content["plan"]), "reaching_liver_bq"),
        perfused_volumes_ml={
            name: _number(ml) for name, ml in choice.get("perfused_volume_ml", {}).items()
        },
        spheres_per_ml_at_most=_number(
            choice.get("spheres_per_ml_at_most", Missing.NOT_RECORDED.value)
        ),
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
    planning = planning_text(case_file.read_text(encoding="utf-8-sig"))
    return CaseState(
        case_key=case.key,
        case_file=case_file.name,
        inputs={**case.inputs, case_file.name: sha256_of_file(case_file)},
        site=f"{site.name} (sha256 {site.sha256 or 'not stated'})",
        planning_sha256=hashlib.sha256(planning.encode()).hexdigest(),
    )

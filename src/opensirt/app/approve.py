"""The approval of a case folder's latest plan, with its record."""

from datetime import datetime
from pathlib import Path

from opensirt.app.course_record import APPROVE, approvals_of, latest_plan, state_of
from opensirt.app.plain import plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document
from opensirt.app.site import site_in_force
from opensirt.app.software import software_versions
from opensirt.domain.approval import APPROVALS_NEEDED, Approval
from opensirt.files.case_file import case_file_path
from opensirt.workflow.approve import approve as approval_of
from opensirt.workflow.approve import approving_roles, valid_approvals

APPROVAL_SCHEMA = "opensirt/approval/1"


def approve(
    path: Path, *, by: str, made_at: datetime, site_path: Path | None = None
) -> dict[str, object]:
    """Approve the latest plan of a case folder and add the record.

    Parameters
    ----------
    path
        The folder, or its case.toml.
    by
        Name of the person who approves; two different people approve one plan.
    made_at
        Now, with its zone.
    site_path
        Site profile; otherwise that beside the case, the user's, or the default.

    Returns
    -------
    dict
        The record: schema, case, approval, how many are still needed, the record's name.

    Raises
    ------
    RuleError
        When there is no plan, or this person may not approve it; see `workflow.approve`.
    InputError
        When the case cannot be used.
    """
    case_file = case_file_path(Path(path))
    folder = case_file.parent
    site = site_in_force(given=site_path, case_folder=folder)
    plan = latest_plan(folder)
    case = read_case(case_file, zone=site.zone)
    state = state_of(case, case_file, site.profile)
    earlier = approvals_of(folder)
    made: Approval = approval_of(
        plan,
        state,
        by=by,
        approvals=earlier,
        staff=site.profile.staff,
        roles=approving_roles(site.profile),
        approved_at=made_at,
    )
    n_left = APPROVALS_NEEDED - len(valid_approvals(plan, (*earlier, made)))
    document = {
        "schema": APPROVAL_SCHEMA,
        "case": case.key,
        "approval": plain(made),
        "plan": {
            "device": plan.device,
            "model": plan.model,
            "origin": plan.origin or "not recorded",
            "administered_activity_bq": plain(plan.activities_bq),
        },
        "approvals_still_needed": n_left,
        "software": dict(software_versions()),
    }
    record = add_document(folder, APPROVE, document)
    return {**document, "record": str(record)}

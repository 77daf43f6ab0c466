"""The order for a case folder's approved plan, with its record and its sheet."""

from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from opensirt.app.course_record import ORDER, approvals_of, latest_plan, state_of
from opensirt.app.ledger import past_residuals_bq
from opensirt.app.plain import plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document
from opensirt.app.run import REPORT_FOLDER
from opensirt.app.selection import case_checklist
from opensirt.app.site import SiteInForce, site_in_force
from opensirt.app.software import software_versions
from opensirt.domain.missing import Missing
from opensirt.domain.order import Order, OrderFacts, instant_of
from opensirt.errors import InputError, MissingInputError
from opensirt.files.case_file import case_file_path
from opensirt.report.content import ASSUMED_RULE
from opensirt.workflow.order import order as order_for

ORDER_SCHEMA = "opensirt/order/1"


def order(
    path: Path, *, made_at: datetime, at: str | None = None, site_path: Path | None = None
) -> tuple[Order, Path]:
    """Order vials for the approved plan of a case folder; add the record and write the sheet.

    Parameters
    ----------
    path
        The folder, or its case.toml.
    made_at
        Now, with its zone.
    at
        Treatment slot in ISO 8601, in place of planned_at in ``[order]``.
    site_path
        Site profile; otherwise that beside the case, the user's, or the default.

    Returns
    -------
    tuple
        The order and the path of its record. The sheet, order.html and order.pdf, lies in the
        folder ``report`` of the case.

    Raises
    ------
    RuleError
        When the plan is not approved or stale, or no delivery fits the slot; nothing is written.
    InputError
        When the case or the slot cannot be used.
    """
    from opensirt.report.order_sheet import write_order_sheet

    case_file = case_file_path(Path(path))
    folder = case_file.parent
    site = site_in_force(given=site_path, case_folder=folder)
    plan = latest_plan(folder)
    case = read_case(case_file, zone=site.zone)
    treatment_at, zone = treatment_slot(case.order, at, site)
    made = order_for(
        plan,
        state_of(case, case_file, site.profile),
        approvals_of(folder),
        case.order,
        site.profile,
        treatment_at=treatment_at,
        zone=zone,
        made_at=made_at,
        software=software_versions(),
        assumed=[one for one in case.findings if one.rule == ASSUMED_RULE],
        past_residuals_bq=past_residuals_bq(site, plan.device),
    )
    items = case_checklist(case, site.profile, treatment_at.date())
    made = replace(made, checklist=items)
    record = add_document(folder, ORDER, order_document(made))
    write_order_sheet(folder / REPORT_FOLDER, made)
    return made, record


def order_document(made: Order) -> dict[str, object]:
    """Return an order as its record and ``--json`` show it."""
    from opensirt.report.selection_results import checklist_data

    content = plain(made)
    assert isinstance(content, dict)  # noqa: S101 - of a dataclass
    content["checklist"] = checklist_data(made.checklist)
    return {"schema": ORDER_SCHEMA, "case": content.pop("case_key"), **content}


def treatment_slot(facts: OrderFacts, at: str | None, site: SiteInForce) -> tuple[datetime, tzinfo]:
    """Return the treatment slot and the zone in which its times are shown.

    Raises
    ------
    MissingInputError
        When no slot is stated.
    InputError
        When it is no time, has no zone, or falls into an hour that the clocks skip or repeat.
    """
    stated: datetime | Missing = facts.planned_at
    where = "planned_at in [order]"
    if at is not None:
        where = "--at"
        try:
            stated = datetime.fromisoformat(at)
        except ValueError:
            raise InputError(
                f"--at: found {at!r}; a time such as 2026-03-04T10:00+01:00 is wanted"
            ) from None
    if isinstance(stated, Missing):
        raise MissingInputError(
            "treatment slot",
            where="[order] of case.toml",
            remedy="add planned_at = 2026-03-04T10:00:00+01:00, or give --at",
        )
    zone = site.zone if isinstance(facts.time_zone, Missing) else ZoneInfo(facts.time_zone)
    instant = instant_of(stated, zone, where=where)
    own = instant.tzinfo
    assert own is not None  # noqa: S101 - an instant has one
    return instant, zone or own

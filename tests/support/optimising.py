"""Optimised plans of a case, in one call."""

from datetime import UTC, datetime

from opensirt.domain.case import Case
from opensirt.domain.delivery_error import DeliveryErrors
from opensirt.domain.optimised_plan import OptimisedPlan, OptimiseRequest
from opensirt.domain.record import Plan
from opensirt.domain.site import SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.workflow.plan import plan
from opensirt.workflow.work_up import work_up

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SITE = default_site_profile()


def planned(
    case: Case,
    request: OptimiseRequest | None = None,
    site: SiteProfile = SITE,
    errors: dict[str, DeliveryErrors] | None = None,
) -> Plan:
    return plan(
        case,
        work_up(case, site),
        site,
        made_at=NOW,
        software={},
        optimise=request or OptimiseRequest(trade_off=False),
        errors=errors,
    )


def optimised(
    case: Case,
    request: OptimiseRequest | None = None,
    device: str = "resin",
    errors: dict[str, DeliveryErrors] | None = None,
) -> OptimisedPlan:
    made = planned(case, request, errors=errors)
    return next(one for one in made.optimised if one.device == device)


def number(value: float | object) -> float:
    assert isinstance(value, float), value
    return value

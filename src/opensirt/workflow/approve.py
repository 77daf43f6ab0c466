"""approve: two different named people sign one plan and what it was made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from opensirt.domain.approval import (
    APPROVALS_NEEDED,
    Approval,
    CaseState,
    PlanOnRecord,
    person_key,
)
from opensirt.domain.site import SiteProfile
from opensirt.errors import RuleError


def changed_since_plan(
    plan: PlanOnRecord, state: CaseState, approvals: Iterable[Approval]
) -> tuple[str, ...]:
    """Return what differs now from what the plan was made from, by name; nothing when it holds.

    case.toml may have got an order or an administration since somebody approved this very plan;
    any other change of it counts.
    """
    seen = {one.planning_sha256 for one in approvals if one.plan_sha256 == plan.sha256}
    changed = []
    for role in sorted({*plan.inputs, *state.inputs}):
        if plan.inputs.get(role) == state.inputs.get(role):
            continue
        if role == state.case_file and state.planning_sha256 in seen:
            continue
        changed.append(role)
    if plan.site != state.site:
        changed.append("site profile")
    return tuple(changed)


def require_fresh(plan: PlanOnRecord, state: CaseState, approvals: Iterable[Approval]) -> None:
    """Refuse a plan whose inputs have changed.

    Raises
    ------
    RuleError
        Naming what changed.
    """
    changed = changed_since_plan(plan, state, approvals)
    if changed:
        raise RuleError(
            f"the plan {plan.record} is stale: {', '.join(changed)} changed since it was made; "
            "plan again and have the new plan approved"
        )


def valid_approvals(plan: PlanOnRecord, approvals: Iterable[Approval]) -> tuple[Approval, ...]:
    """Return the first approval of this very plan by each person."""
    people: dict[str, Approval] = {}
    for one in approvals:
        if one.plan_sha256 == plan.sha256:
            people.setdefault(person_key(one.by), one)
    return tuple(people.values())


@dataclass(frozen=True, eq=False, kw_only=True)
class ApprovingRoles:
    """Whose approvals count at a site."""

    approve: tuple[str, ...]
    one_of_each: bool
    held: Mapping[str, str]
    """Name of a person → role."""

    def of(self, name: str) -> str:
        """Return the role of a person; empty for one without."""
        return {person_key(one): role for one, role in self.held.items()}.get(person_key(name), "")


def approving_roles(site: SiteProfile) -> ApprovingRoles | None:
    """Return whose approvals count at a site; None where it names no roles."""
    if not site.approving_roles:
        return None
    return ApprovingRoles(
        approve=site.approving_roles, one_of_each=site.one_of_each_role, held=site.staff_roles
    )


def _approving_role(name: str, roles: ApprovingRoles) -> str:
    role = roles.of(name)
    if role not in roles.approve:
        said = f"the role {role}" if role else "no role"
        raise RuleError(
            f"{name} has {said} in the site profile; a plan is approved by "
            f"{', '.join(roles.approve)}"
        )
    return role


def approve(
    plan: PlanOnRecord,
    state: CaseState,
    *,
    by: str,
    approvals: Sequence[Approval] = (),
    staff: Sequence[str] = (),
    roles: ApprovingRoles | None = None,
    approved_at: datetime,
) -> Approval:
    """Return one person's approval of the latest plan.

    Parameters
    ----------
    plan
        The latest plan record.
    state
        What the case folder holds now.
    by
        Name of the person.
    approvals
        Those given before, of any plan of this case.
    staff
        People whom the site profile names; anybody may approve where it names none.
    roles
        Whose approvals count; None for everybody's.
    approved_at
        Now, with its zone.

    Raises
    ------
    RuleError
        When the plan has no prescription or a stop finding, is stale, was approved by the same
        person or by two people before, or the person is not of the site's staff or has not the
        role.
    InputError
        When nobody is named, or the instant has no zone.
    """
    made = Approval(
        by=" ".join(by.split()),
        approved_at=approved_at,
        plan_record=plan.record,
        plan_sha256=plan.sha256,
        inputs=state.inputs,
        site=state.site,
        planning_sha256=state.planning_sha256,
    )
    if staff and person_key(by) not in {person_key(one) for one in staff}:
        raise RuleError(
            f"{made.by} is not of the staff in the site profile ({', '.join(staff)}); add the "
            "person to [[staff]] of site.toml, or let one of them approve"
        )
    role = "" if roles is None else _approving_role(made.by, roles)
    if not plan.device:
        raise RuleError(
            f"the plan {plan.record} prescribes nothing; add [prescription] to case.toml, plan "
            "again and approve that plan"
        )
    if plan.stop_rules:
        raise RuleError(
            f"the plan {plan.record} has stop findings ({', '.join(plan.stop_rules)}); resolve "
            "them and plan again"
        )
    require_fresh(plan, state, approvals)
    earlier = valid_approvals(plan, approvals)
    if person_key(by) in {person_key(one.by) for one in earlier}:
        raise RuleError(
            f"{made.by} has approved the plan {plan.record} before; the second approval is by "
            "another person"
        )
    if roles is not None and roles.one_of_each and earlier:
        taken = roles.of(earlier[0].by)
        if taken == role:
            raise RuleError(
                f"{made.by} has the role {role}, as has {earlier[0].by}, who approved the plan "
                f"{plan.record}; the second approval is by another of the roles "
                f"{', '.join(roles.approve)}"
            )
    if len(earlier) >= APPROVALS_NEEDED:
        names = " and ".join(one.by for one in earlier)
        raise RuleError(f"the plan {plan.record} is approved already, by {names}")
    return made


def require_approved(
    plan: PlanOnRecord, state: CaseState, approvals: Sequence[Approval]
) -> tuple[Approval, ...]:
    """Return the two approvals of a plan that still holds.

    Raises
    ------
    RuleError
        When the plan is stale, or fewer than two people have approved it.
    """
    require_fresh(plan, state, approvals)
    signed = valid_approvals(plan, approvals)
    if len(signed) < APPROVALS_NEEDED:
        who = f"by {signed[0].by} only" if signed else "by nobody"
        raise RuleError(
            f"the plan {plan.record} is approved {who}; two different people have to approve it: "
            "opensirt approve CASE --by NAME"
        )
    return signed

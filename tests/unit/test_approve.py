"""Two different people approve one plan, and nothing but that plan."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.errors import InputError, RuleError
from opensirt.workflow.approve import ApprovingRoles, approve, require_approved

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INPUTS = {"case.toml": "a1", "images.maa": "b2"}
PLAN = PlanOnRecord(
    record="0002-plan.json",
    sha256="p1",
    inputs=INPUTS,
    site="published (sha256 s1)",
    device="resin",
    model="partition",
    activities_bq={"whole": 1.5e9},
)
STATE = CaseState(
    case_key="phantom",
    case_file="case.toml",
    inputs=INPUTS,
    site="published (sha256 s1)",
    planning_sha256="t1",
)


def by(
    name: str,
    *,
    plan: PlanOnRecord = PLAN,
    state: CaseState = STATE,
    after: tuple[Approval, ...] = (),
) -> Approval:
    return approve(plan, state, by=name, approvals=after, approved_at=NOON)


def test_two_people_approve_and_the_plan_is_approved() -> None:
    first = by("Ada Lovelace")
    second = by("Marie Curie", after=(first,))
    assert require_approved(PLAN, STATE, (first, second)) == (first, second)
    assert (second.plan_sha256, dict(second.inputs)) == ("p1", INPUTS)


@pytest.mark.parametrize("name", ["Ada Lovelace", "ada  lovelace", " ADA LOVELACE "])
def test_the_same_person_is_refused_in_every_spelling(name: str) -> None:
    with pytest.raises(RuleError, match="has approved the plan 0002-plan.json before"):
        by(name, after=(by("Ada Lovelace"),))


def test_one_approval_is_not_enough_and_neither_is_none() -> None:
    first = by("Ada")
    with pytest.raises(RuleError, match="approved by Ada only; two different people"):
        require_approved(PLAN, STATE, (first,))
    with pytest.raises(RuleError, match="approved by nobody"):
        require_approved(PLAN, STATE, ())
    with pytest.raises(RuleError, match="approved by Ada only"):
        require_approved(PLAN, STATE, (first, replace(first, by=" ada")))


def test_a_third_person_has_nothing_to_approve() -> None:
    two = (by("Ada"), by("Marie"))
    with pytest.raises(RuleError, match="approved already, by Ada and Marie"):
        by("Lise", after=two)


def test_approvals_of_another_plan_do_not_count() -> None:
    old = (by("Ada"), by("Marie"))
    new = replace(PLAN, sha256="p2", record="0005-plan.json")
    with pytest.raises(RuleError, match="0005-plan.json is approved by nobody"):
        require_approved(new, STATE, old)
    assert by("Ada", plan=new, after=old).plan_sha256 == "p2"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (replace(STATE, inputs={**INPUTS, "images.maa": "b3"}), "stale: images.maa changed"),
        (replace(STATE, inputs={"case.toml": "a1"}), "stale: images.maa changed"),
        (replace(STATE, inputs={**INPUTS, "images.pet": "c1"}), "stale: images.pet changed"),
        (replace(STATE, site="published (sha256 s2)"), "stale: site profile changed"),
        (
            replace(STATE, inputs={**INPUTS, "case.toml": "a2"}, planning_sha256="t2"),
            "stale: case.toml changed",
        ),
    ],
)
def test_a_changed_input_makes_the_plan_stale(now: CaseState, said: str) -> None:
    two = (by("Ada"), by("Marie"))
    with pytest.raises(RuleError, match=said):
        require_approved(PLAN, now, two)
    with pytest.raises(RuleError, match=said):
        by("Lise", state=now)


def test_an_order_may_be_added_to_an_approved_case() -> None:
    added = replace(STATE, inputs={**INPUTS, "case.toml": "a2"})
    first = by("Ada")
    second = by("Marie", state=added, after=(first,))
    assert len(require_approved(PLAN, added, (first, second))) == 2
    with pytest.raises(RuleError, match="stale: case.toml"):
        by("Ada", state=added)


def test_only_staff_may_approve_where_the_site_names_any() -> None:
    with pytest.raises(RuleError, match=r"Eve is not of the staff .*\(Ada, Marie\)"):
        approve(PLAN, STATE, by="Eve", staff=("Ada", "Marie"), approved_at=NOON)
    assert approve(PLAN, STATE, by="ada", staff=("Ada", "Marie"), approved_at=NOON).by == "ada"


def test_a_plan_with_a_stop_or_without_a_prescription_is_refused() -> None:
    with pytest.raises(RuleError, match=r"stop findings \(limit_exceeded\)"):
        by("Ada", plan=replace(PLAN, stop_rules=("limit_exceeded",)))
    with pytest.raises(RuleError, match="prescribes nothing"):
        by("Ada", plan=replace(PLAN, device=""))


def test_an_approval_has_a_name_and_a_zone() -> None:
    with pytest.raises(InputError, match="name of a person"):
        by("  ")
    with pytest.raises(InputError, match="no time zone"):
        approve(PLAN, STATE, by="Ada", approved_at=datetime(2026, 3, 2))  # noqa: DTZ001 - the point


ROLES = ApprovingRoles(
    approve=("physicist", "physician"),
    one_of_each=True,
    held={"Ada": "physicist", "Lise": "physicist", "Marie": "physician", "Otto": "technologist"},
)


def with_role(name: str, *earlier: Approval) -> Approval:
    return approve(PLAN, STATE, by=name, approvals=earlier, roles=ROLES, approved_at=NOON)


def test_approvals_come_from_the_roles_of_the_site() -> None:
    first = with_role("ada")
    assert with_role("Marie", first).by == "Marie"
    with pytest.raises(RuleError, match="Lise has the role physicist, as has ada"):
        with_role("Lise", first)
    with pytest.raises(RuleError, match="Otto has the role technologist"):
        with_role("Otto")
    with pytest.raises(RuleError, match="Eve has no role in the site profile"):
        with_role("Eve")

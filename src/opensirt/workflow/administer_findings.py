"""What a delivery has to say: deviations, poor readings, stasis, what was not approved."""

from collections.abc import Sequence

from opensirt.domain.administration import DeliveredVial, TerritoryDelivery, Verdict
from opensirt.domain.approval import APPROVALS_NEEDED, Approval, CaseState, PlanOnRecord
from opensirt.domain.case import AdministrationFacts
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.reference.constant import constant
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.approve import valid_approvals
from opensirt.workflow.deviation import TOLERANCE, deviation_limit


def administer_findings(
    facts: AdministrationFacts,
    vials: Sequence[DeliveredVial],
    territories: Sequence[TerritoryDelivery],
    net_bq: Number,
    plan: PlanOnRecord | None,
    state: CaseState,
    approvals: Sequence[Approval],
) -> tuple[Finding, ...]:
    """Return everything that a delivery has to say."""
    return (
        *_about_plan(facts, plan, approvals),
        *(found for one in territories for found in _about_deviation(one)),
        *_about_readings(vials),
        *_about_flow(facts),
        *_about_stated(facts, net_bq, state),
    )


def _about_plan(
    facts: AdministrationFacts, plan: PlanOnRecord | None, approvals: Sequence[Approval]
) -> list[Finding]:
    if plan is None:
        text = "the case has no plan record: deliveries are judged by the directives stated alone"
        return [Finding(Severity.WARN, "no_plan", text)]
    found = []
    if plan.device and plan.device != facts.device:
        text = f"{facts.device} was given, the plan {plan.record} prescribes {plan.device}"
        found.append(Finding(Severity.STOP, "device_mismatch", text))
    if len(valid_approvals(plan, approvals)) < APPROVALS_NEEDED:
        text = f"the plan {plan.record} was not approved by two people"
        found.append(Finding(Severity.WARN, "plan_not_approved", text))
    return found


def _about_deviation(one: TerritoryDelivery) -> list[Finding]:
    judged = one.deviation
    if isinstance(judged, Missing):
        missing = "no directive" if isinstance(one.prescribed_bq, Missing) else "no net activity"
        text = f"{one.territory}: the delivery is not judged, there is {missing}"
        return [Finding(Severity.WARN, "delivery_not_judged", text)]
    if judged.verdict is Verdict.WITHIN:
        return []
    limit = deviation_limit("level_1" if judged.verdict is Verdict.BEYOND_LEVEL_1 else "event")
    between = ""
    if not isinstance(judged.low_fraction, Missing) and not isinstance(
        judged.high_fraction, Missing
    ):
        between = f" (from {judged.low_fraction:+.1%} to {judged.high_fraction:+.1%})"
    text = (
        f"{one.territory}: {judged.fraction:+.1%}{between} against the directive: "
        f"{judged.verdict.value}"
    )
    severe = judged.verdict in (Verdict.EVENT, Verdict.PERHAPS_EVENT)
    if severe:
        text += "; check with the rules that hold at your site whether and when to report it"
    return [
        Finding(
            Severity.WARN,
            "delivery_deviation",
            text,
            judged.fraction,
            limit.value,
            limit.source,
            verified=limit.verified,
        )
    ]


def _about_readings(vials: Sequence[DeliveredVial]) -> list[Finding]:
    found = []
    poor = read_table(TOLERANCE)["survey_meter"]
    high = constant(TOLERANCE, "residual", "high_fraction")
    for one in vials:
        if one.method == "survey meter":
            text = (
                f"{one.territory}: the residual is from a survey meter, evidence of "
                f"{poor['quality']} quality; measure vial and waste in an activimeter or by PET"
            )
            found.append(Finding(Severity.WARN, "survey_residual", text, source=poor["source"]))
        if isinstance(one.residual_fraction, Missing):
            text = f"{one.territory}: no residual was measured, so no net activity is known"
            found.append(Finding(Severity.WARN, "residual_not_measured", text))
        elif one.residual_fraction > high.value:
            text = f"{one.territory}: {one.residual_fraction:.1%} of the vial stayed behind"
            found.append(
                Finding(
                    Severity.WARN,
                    "high_residual",
                    text,
                    one.residual_fraction,
                    high.value,
                    high.source,
                )
            )
    return found


def _about_flow(facts: AdministrationFacts) -> list[Finding]:
    found = []
    for one in facts.vials:
        if one.stasis:
            text = (
                f"{one.territory}: stasis ended the injection; what the US medical-event rule says "
                "of stasis was not read, the deviation is judged by its size"
            )
            found.append(Finding(Severity.WARN, "stasis", text, verified=False))
        if one.reflux:
            text = f"{one.territory}: reflux was seen; look for activity outside the target"
            found.append(Finding(Severity.WARN, "reflux", text))
    return found


def _about_stated(facts: AdministrationFacts, net_bq: Number, state: CaseState) -> list[Finding]:
    stated = facts.administered_activity_bq
    if isinstance(stated, Missing) or isinstance(net_bq, Missing):
        return []
    apart = read_table("plausible_ranges")["agreement"]["administered_activity_fraction"]
    if abs(stated - net_bq) <= apart * net_bq:
        return []
    text = (
        f"administered_activity_mbq in {state.case_file} is {stated / BQ_PER_MBQ:.4g}, the vials "
        f"give {net_bq / BQ_PER_MBQ:.4g} MBq; verify uses the stated one"
    )
    return [Finding(Severity.WARN, "administered_activity", text, stated, net_bq)]

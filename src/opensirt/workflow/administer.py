"""administer: from readings before and after injection to the activity in the patient."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import hypot

from opensirt.domain.administration import (
    Administration,
    DeliveredVial,
    Deviation,
    DirectiveFacts,
    TerritoryDelivery,
    VialFacts,
)
from opensirt.domain.approval import Approval, CaseState, PlanOnRecord
from opensirt.domain.case import AdministrationFacts
from opensirt.domain.device import device
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.domain.site import SiteProfile
from opensirt.errors import MissingInputError
from opensirt.physics.administered import dispensed_and_residual_bq, net_standard_uncertainty_bq
from opensirt.physics.decay import decayed_activity_bq
from opensirt.provenance import Provenance
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import DEFAULT_DATA_SET, Radionuclide, radionuclide
from opensirt.workflow.administer_findings import administer_findings
from opensirt.workflow.deviation import deviation, revised_directive
from opensirt.workflow.radiation_safety import safety_guidance, safety_instants, safety_values

SURVEY, ACTIVIMETER, NOT_MEASURED = "survey meter", "activimeter", "not measured"


def administer(
    facts: AdministrationFacts | None,
    state: CaseState,
    site: SiteProfile,
    *,
    plan: PlanOnRecord | None,
    approvals: Sequence[Approval],
    made_at: datetime,
    software: Mapping[str, str],
    assumed: Sequence[Finding] = (),
) -> Administration:
    """Reckon the net activity of each vial and site, and judge it against the directive.

    Dispensed and residual activities are decay-corrected to the injection of their vial. The
    directive of a site is what the case states, else the activity of the latest plan.

    Raises
    ------
    MissingInputError
        When the case states no vials.
    RuleError
        When the device is ``unknown``.
    InputError
        When more stayed behind than was dispensed, or readings contradict each other.
    """
    if facts is None or not facts.vials:
        raise MissingInputError(
            "vial that was given",
            where=f"case {state.case_key}, [administration]",
            remedy="add [[administration.vials]] with territory, dispensed_mbq, dispensed_at, "
            "injected_at, residual_mbq and residual_at",
        )
    product = device(facts.device)
    product.require_known(step="administration")
    assert not isinstance(product.radionuclide, Missing)  # noqa: S101 - a product has one
    nuclide = radionuclide(product.radionuclide, site.data_set)
    vials = tuple(delivered_vial(one, nuclide) for one in facts.vials)
    prescribed = {} if plan is None or plan.device != product.name else plan.activities_bq
    names = dict.fromkeys([*prescribed, *(one.territory for one in vials)])
    territories = tuple(
        _territory(
            name,
            [one for one in vials if one.territory == name],
            prescribed.get(name, Missing.NOT_RECORDED),
            {one.territory: one for one in facts.directives}.get(name),
        )
        for name in names
    )
    net_at = max(one.injected_at for one in vials)
    net_bq = net_at_last_injection(vials, nuclide)
    return Administration(
        case_key=state.case_key,
        device=product.name,
        radionuclide=nuclide.name,
        plan_record=Missing.NOT_DONE if plan is None else plan.record,
        vials=vials,
        territories=territories,
        net_bq=net_bq,
        net_at=net_at,
        safety=safety_values(product.name, net_bq),
        safety_instants=safety_instants(product.name, net_bq, nuclide),
        guidance=safety_guidance(product.name),
        findings=(
            *assumed,
            *administer_findings(facts, vials, territories, net_bq, plan, state, approvals),
        ),
        provenance=Provenance(
            method="administer",
            made_at=made_at,
            inputs={**state.inputs, **({} if plan is None else {plan.record: plan.sha256})},
            parameters={"half_life_s": nuclide.half_life_s.value},
            reference_data={"radionuclides": nuclide.data_set, "site profile": state.site},
            software=software,
        ),
    )


def delivered_vial(vial: VialFacts, nuclide: Radionuclide) -> DeliveredVial:
    """Return a vial with everything brought to its injection."""
    dispensed_bq, residual_bq = dispensed_and_residual_bq(vial, nuclide)
    known = not isinstance(residual_bq, Missing)
    method = SURVEY if vial.survey is not None else ACTIVIMETER
    return DeliveredVial(
        territory=vial.territory,
        lot=vial.lot,
        injected_at=vial.injected_at,
        dispensed_bq=dispensed_bq,
        residual_bq=residual_bq,
        residual_fraction=(
            residual_bq if isinstance(residual_bq, Missing) else residual_bq / dispensed_bq
        ),
        net_bq=residual_bq if isinstance(residual_bq, Missing) else dispensed_bq - residual_bq,
        net_standard_uncertainty_bq=net_standard_uncertainty_bq(vial, nuclide),
        method=method if known else NOT_MEASURED,
    )


def net_at_last_injection(vials: Sequence[DeliveredVial], nuclide: Radionuclide) -> Number:
    """Return the sum of net activities at the last injection, or why there is none."""
    last = max(one.injected_at for one in vials)
    total = 0.0
    for one in vials:
        if isinstance(one.net_bq, Missing):
            return one.net_bq
        total += decayed_activity_bq(one.net_bq, nuclide, from_at=one.injected_at, to_at=last)
    return total


def administered_by_vials(
    device_name: str, vials: Sequence[VialFacts], *, at: datetime | None = None
) -> Number:
    """Return the net activity of vials at the administration (their last injection where None).

    Needed before a site profile is known: half-life of the default data set.
    """
    product = device(device_name)
    if isinstance(product.radionuclide, Missing):
        return product.radionuclide
    nuclide = radionuclide(product.radionuclide, DEFAULT_DATA_SET)
    delivered = [delivered_vial(one, nuclide) for one in vials]
    net_bq = net_at_last_injection(delivered, nuclide)
    if isinstance(net_bq, Missing) or at is None:
        return net_bq
    last = max(one.injected_at for one in vials)
    return decayed_activity_bq(net_bq, nuclide, from_at=last, to_at=at)


def _territory(
    name: str,
    vials: Sequence[DeliveredVial],
    planned_bq: Number,
    directive: DirectiveFacts | None,
) -> TerritoryDelivery:
    prescribed: Number = planned_bq
    if directive is not None and not isinstance(directive.prescribed_bq, Missing):
        prescribed = directive.prescribed_bq
    net: Number = 0.0 if vials else Missing.NOT_DONE
    spread: Number = 0.0 if vials else Missing.NOT_DONE
    for one in vials:
        net = _sum(net, one.net_bq)
        of_one = one.net_standard_uncertainty_bq
        if isinstance(spread, Missing) or isinstance(of_one, Missing):
            spread = Missing.NOT_ESTIMATED
        else:
            spread = hypot(spread, of_one)
    judged: Deviation | Missing = Missing.NOT_EVALUABLE
    if not isinstance(net, Missing) and not isinstance(prescribed, Missing):
        between = None
        if not isinstance(spread, Missing):
            wide = constant("delivery_tolerance", "coverage", "factor").value * spread
            between = (net - wide, net + wide)
        stopped_at = max(one.injected_at.astimezone(UTC) for one in vials)
        judged = deviation(
            prescribed, net, between=between, revised=revised_directive(directive, stopped_at)
        )
    return TerritoryDelivery(
        territory=name,
        prescribed_bq=prescribed,
        net_bq=net,
        net_standard_uncertainty_bq=spread,
        deviation=judged,
    )


def _sum(one: Number, other: Number) -> Number:
    if isinstance(one, Missing):
        return one
    return other if isinstance(other, Missing) else one + other

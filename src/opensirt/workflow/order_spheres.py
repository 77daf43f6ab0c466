"""A limit of spheres per mL that a plan was chosen under, held against the vials of an order."""

from collections.abc import Mapping

from opensirt.domain.approval import PlanOnRecord
from opensirt.domain.delivery_rules import WHOLE, DeliveryRules
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.order import OrderLine, OrderOption
from opensirt.domain.record import Number

_SLACK = 1e-6
"""Relative: a limit that was planned for is not exceeded by round-off."""


class SphereLimit:
    """The limit of one plan, and how the vials of a device are given."""

    def __init__(self, plan: PlanOnRecord, rules: DeliveryRules) -> None:
        self._plan = plan
        self._rules = rules

    def per_ml(self, option: OrderOption, line: OrderLine) -> Mapping[str, Number]:
        """Return territory → spheres per mL of perfused volume that vials bring at the slot.

        Spheres carry what the vials hold at the slot, over all their spheres; where sources
        disagree on a sphere, the most there can be. Vials that are given whole bring what they hold
        less the residual. What passes to the lungs is not counted.
        """
        each = self._per_sphere_bq(option, line)
        return {name: self._of(name, each, option, line) for name in line.territories}

    def _per_sphere_bq(self, option: OrderOption, line: OrderLine) -> Number:
        if not isinstance(option.sphere_count_range, Missing):
            return line.dispensed_bq / max(option.sphere_count_range)
        counts = 0.0
        for one in option.vials:
            if isinstance(one.sphere_count, Missing):
                return one.sphere_count
            counts += one.sphere_count
        return option.available_bq / counts

    def _of(self, name: str, each: Number, option: OrderOption, line: OrderLine) -> Number:
        planned = self._plan.activities_bq[name]
        reaching = self._plan.reaching_bq.get(name, Missing.NOT_RECORDED)
        volume_ml = self._plan.perfused_volumes_ml.get(name, Missing.NOT_RECORDED)
        if isinstance(each, Missing):
            return each
        if isinstance(planned, Missing):
            return planned
        if isinstance(reaching, Missing):
            return reaching
        if isinstance(volume_ml, Missing):
            return volume_ml
        given_bq = planned
        if self._rules.dispensing == WHOLE:
            given_bq *= (option.available_bq - line.residual_allowance_bq) / line.prescribed_bq
        return given_bq * (reaching / planned) / each / volume_ml

    def exceeded(self, option: OrderOption, line: OrderLine) -> bool:
        """Whether vials bring more spheres than the plan was chosen for."""
        most = self._plan.spheres_per_ml_at_most
        if isinstance(most, Missing):
            return False
        found = self.per_ml(option, line).values()
        return any(not isinstance(one, Missing) and one > most * (1 + _SLACK) for one in found)

    def findings(self, line: OrderLine) -> list[Finding]:
        """Say of each territory whether the chosen vials keep the limit: unknown is no pass."""
        most = self._plan.spheres_per_ml_at_most
        if isinstance(most, Missing):
            return []
        found = []
        for name, per_ml in self.per_ml(line.chosen, line).items():
            wanted = f"the plan {self._plan.record} was chosen for {most:.0f} at most"
            if isinstance(per_ml, Missing):
                text = f"{name}: spheres per mL are not known ({per_ml.value}); {wanted}"
                found.append(Finding(Severity.STOP, "spheres_per_ml", text, None, most))
                continue
            over = per_ml > most * (1 + _SLACK)
            hint = "; take an earlier slot after calibration, or plan for these" if over else ""
            text = f"{name}: {per_ml:.0f} spheres per mL at the slot; {wanted}{hint}"
            severity = Severity.STOP if over else Severity.NOTE
            found.append(Finding(severity, "spheres_per_ml", text, per_ml, most))
        return found

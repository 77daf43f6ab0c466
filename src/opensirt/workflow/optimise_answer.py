"""An optimum in the words of a plan: limits with their prices, vials, trade-off, refusals."""

from dataclasses import dataclass, replace

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import (
    LimitAtOptimum,
    Objective,
    OptimisedPlan,
    Relaxation,
    RobustResult,
    TradeOffPoint,
    VialStep,
)
from opensirt.physics.optimise import (
    ActivityProgram,
    LinearLimit,
    Optimum,
    VialOptimum,
    VialRule,
    kept_chance,
    least_relaxations,
    next_vials,
    optimum,
    reached,
)
from opensirt.physics.optimise.program import Vector
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.limit_in_force import NORMAL, PERFUSED_NORMAL
from opensirt.workflow.optimise_program import Setting
from opensirt.workflow.optimise_robust import ChanceChoice
from opensirt.workflow.scenario_doses import ScenarioDoses

_NOTHING = 1e-6
"""GBq: the least that counts as an activity when limits are relaxed."""
_TRADE_OFF = np.linspace(0.1, 1.7, 17)
"""Parts of the normal-liver limit at which the trade-off is reckoned."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """What an answer is made from."""

    setting: Setting
    model: str
    program: ActivityProgram
    doses: ScenarioDoses
    """Of the one scenario in which all is as planned."""
    notes: tuple[str, ...] = ()

    def refused(self, words: str, relaxations: tuple[Relaxation, ...] = ()) -> OptimisedPlan:
        """Return the answer that no activity could be chosen."""
        return refused(
            self.setting.device.name,
            self.model,
            self.setting.request.objective,
            words,
            self.notes,
            relaxations,
        )

    def plan(
        self,
        best: Optimum,
        activity_gbq: Vector,
        chosen: VialOptimum | None,
        rule: VialRule | None,
        *,
        robust: RobustResult | None = None,
        by_chance: ChanceChoice | None = None,
    ) -> OptimisedPlan:
        """Return the plan of activities, with what the continuous optimum says of the limits.

        Where activities were chosen by chance, the limits whose chance is used up bind.
        """
        setting, program = self.setting, self.program
        limits = tuple(
            self._limit(one, number, best, activity_gbq, by_chance)
            for number, one in enumerate(program.limits)
        )
        binding = [one for one in limits if one.binding]
        control = setting.request.control
        with_control = setting.request.objective is Objective.CONTROL and control is not None
        sources = [one.source for one in binding] + [setting.constant.source]
        verified = all(one.verified for one in binding) and setting.constant.verified
        if with_control and control is not None:
            sources.append(control.source)
            verified = verified and control.verified
        notes = self.notes
        if isinstance(setting.workup.lung_mass_kg, Missing):
            notes += ("the lung mass is not known: no lung limit is kept",)
        bq = BQ_PER_GBQ
        return OptimisedPlan(
            device=setting.device.name,
            model=self.model,
            objective=setting.request.objective,
            objective_value=program.objective(activity_gbq),
            territories=setting.territories,
            administered_bq=tuple(float(one) * bq for one in activity_gbq),
            reaching_bq=tuple(
                float(one) * bq * (1.0 - setting.lung_shunt_fraction) for one in activity_gbq
            ),
            vials_gbq=() if chosen is None else chosen.vials_gbq,
            tumour_doses_gy={
                label: float(per_gbq[0] @ activity_gbq)
                for label, per_gbq in self.doses.tumours.items()
            },
            perfused_normal_doses_gy={
                name: float(per_gbq[0] @ activity_gbq)
                for name, per_gbq in self.doses.perfused_normal.items()
            },
            normal_liver_gy=float(self.doses.normal[0] @ activity_gbq),
            perfused_normal_liver_gy=self._perfused_normal_gy(activity_gbq),
            lung_gy=self.doses.lung
            if isinstance(self.doses.lung, Missing)
            else float(self.doses.lung[0] @ activity_gbq),
            limits=limits,
            continuous_objective=best.objective,
            next_vials=self._vial_steps(rule, chosen, by_chance),
            trade_off=self._trade_off() if setting.request.trade_off else (),
            robust=robust,
            dose_constant_gy_kg_per_gbq=setting.constant.value,
            sources=tuple(dict.fromkeys(filter(None, sources))),
            verified=verified,
            notes=notes,
        )

    def _limit(
        self,
        one: LinearLimit,
        number: int,
        best: Optimum,
        activity_gbq: Vector,
        by_chance: ChanceChoice | None,
    ) -> LimitAtOptimum:
        at = reached(self.program, activity_gbq)[number]
        return LimitAtOptimum(
            key=one.key,
            words=one.words,
            territory=one.territory,
            value=one.value(activity_gbq),
            at_most=one.at_most,
            unit=one.unit,
            binding=best.binding(number) if by_chance is None else by_chance.used_up[number],
            reached=at,
            price=float(best.prices[number]),
            source=one.source,
            verified=one.verified,
        )

    def _perfused_normal_gy(self, activity_gbq: Vector) -> float:
        """Mean over the perfused normal liver of all territories, as the plan table has it."""
        masses = np.array([one.normal_mass_kg for one in self.setting.liver.territories])
        each = np.array(
            [float(one[0] @ activity_gbq) for one in self.doses.perfused_normal.values()]
        )
        return float(masses @ each / masses.sum())

    def _vial_steps(
        self, rule: VialRule | None, chosen: VialOptimum | None, by_chance: ChanceChoice | None
    ) -> tuple[VialStep, ...]:
        if rule is None or chosen is None:
            return ()
        steps = []
        for one in next_vials(self.program, rule, chosen):
            exceeded = [
                (limit.words, value, limit.at_most, limit.unit) for limit, value in one.exceeded
            ]
            more = one.with_activity(chosen.activity_gbq)
            for row in () if by_chance is None else by_chance.rows:
                kept = kept_chance(row, more)
                if kept < row.chance and len(row.per_gbq) > 1:
                    words = f"{row.words}: chance of keeping it, at least {row.chance:.0%},"
                    exceeded.append((words, 100.0 * kept, 100.0 * row.chance, "%"))
            steps.append(
                VialStep(
                    territory=one.territory,
                    vial_gbq=one.vials_gbq,
                    administered_bq=one.activity_gbq * BQ_PER_GBQ,
                    objective=one.objective,
                    exceeded=tuple(exceeded),
                )
            )
        return tuple(steps)

    def _trade_off(self) -> tuple[TradeOffPoint, ...]:
        """Return the continuous optimum for a range of normal-liver limits, the others as set."""
        keys = {one.key for one in self.program.limits}
        key = NORMAL if NORMAL in keys else PERFUSED_NORMAL
        if key not in keys:
            return ()
        points = []
        for part in _TRADE_OFF:
            limits = tuple(
                replace(one, at_most=one.at_most * float(part)) if one.key == key else one
                for one in self.program.limits
            )
            program = self.program.with_limits(limits)
            best = optimum(program)
            if best is None:
                continue
            at = best.activity_gbq
            tumours = [float(one[0] @ at) for one in self.doses.tumours.values()]
            points.append(
                TradeOffPoint(
                    limit_gy=next(one.at_most for one in limits if one.key == key),
                    normal_liver_gy=float(self.doses.normal[0] @ at),
                    perfused_normal_liver_gy=self._perfused_normal_gy(at),
                    least_tumour_gy=min(tumours),
                    mean_tumour_gy=float(self.doses.mean_tumour[0] @ at),
                    objective=best.objective,
                    administered_bq=float(at.sum()) * BQ_PER_GBQ,
                    liver_binds=any(
                        best.binding(number) for number, one in enumerate(limits) if one.key == key
                    ),
                )
            )
        return tuple(points)


def refused(
    device: str,
    model: str,
    objective: Objective,
    words: str,
    notes: tuple[str, ...] = (),
    relaxations: tuple[Relaxation, ...] = (),
) -> OptimisedPlan:
    """Return the answer that no activity could be chosen, and why."""
    nothing = Missing.NOT_EVALUABLE
    return OptimisedPlan(
        device=device,
        model=model,
        objective=objective,
        objective_value=nothing,
        territories=(),
        administered_bq=(),
        reaching_bq=(),
        vials_gbq=(),
        tumour_doses_gy={},
        perfused_normal_doses_gy={},
        normal_liver_gy=nothing,
        perfused_normal_liver_gy=nothing,
        lung_gy=nothing,
        limits=(),
        continuous_objective=nothing,
        refusal=words,
        relaxations=relaxations,
        notes=notes,
    )


def excluded(answer: Answer) -> OptimisedPlan:
    """Return the refusal when limits leave no activity, or not enough for required targets."""
    program = answer.program
    found = tuple(
        Relaxation(
            words=program.limits[number].words,
            at_most=program.limits[number].at_most,
            needed=needed,
            unit=program.limits[number].unit,
        )
        for number, needed in least_relaxations(program, _NOTHING)
        if needed > program.limits[number].at_most * (1 + 1e-9)
    )
    what = (
        "the limits in force and the tumour target exclude every activity"
        if program.targets
        else "the limits in force exclude every activity"
    )
    if found:
        said = " or ".join(f"{one.words} to {one.needed:.4g} {one.unit} at least" for one in found)
        words = f"{what}; raise {said}"
    else:
        full = [one for one in program.limits if one.room <= 0]
        named = full or program.limits
        said = ", ".join(
            f"{one.words} ({one.already:.4g} {one.unit} of it used)" if one.already else one.words
            for one in named
        )
        words = f"{what}; no single one is enough to raise: {said}"
    return answer.refused(words, found)


def no_vial(answer: Answer, rule: VialRule) -> OptimisedPlan:
    """Return the refusal when no vials fit, with what the smallest ones would exceed.

    In every territory at once where each tumour is to have a dose, else in the one where they
    exceed least.
    """
    program = answer.program
    given, sizes = next(one for one in rule.attainable() if one[0] > 0)
    n = len(program.territories)
    if program.weights is None:
        tries = [("every territory", np.full(n, given))]
    else:
        tries = [(name, np.eye(n)[index] * given) for index, name in enumerate(program.territories)]
    found = []
    for name, activity in tries:
        over = tuple(
            Relaxation(
                words=one.words, at_most=one.at_most, needed=one.value(activity), unit=one.unit
            )
            for one in program.exceeded(activity)
        )
        worst = max(
            (one.needed / one.at_most if one.at_most else np.inf for one in over), default=0.0
        )
        found.append((worst, name, over))
    _, name, over = min(found, key=lambda one: one[0])
    said = " and ".join(f"{one.words} to {one.needed:.4g} {one.unit}" for one in over)
    words = (
        f"no whole vials fit: the smallest ({sizes[0]:g} GBq at calibration, {given:.3g} GBq in "
        f"the patient) in {name} would need {said or 'other limits'}; let it decay longer"
    )
    return answer.refused(words, over)

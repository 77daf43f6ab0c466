"""A result in tables for people."""

from collections.abc import Sequence

from opensirt.cli.answer import UNVERIFIED, number, table
from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import OptimisedPlan
from opensirt.domain.record import (
    CaseResult,
    DoseResult,
    Number,
    Plan,
    PlanRow,
    Workup,
)
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG


def say_tables(result: CaseResult, *, every_dose: bool = False) -> None:
    """Write the tables of every step that was done to standard output.

    Of the doses of a verification the first one, unless every engine and calibration is wanted.
    """
    if result.workup is not None:
        _work_up(result.workup)
    if result.plan is not None:
        _plan(result.plan)
    if result.verification is not None:
        doses = result.verification.results
        for one in doses if every_dose else doses[:1]:
            _dose(one)
    if result.truth:
        table(
            "Estimated against true",
            ("quantity", "true", "estimated", "unit", "tolerance"),
            [
                (one.quantity, number(one.true), number(one.estimated), one.unit, one.tolerance)
                for one in result.truth
            ],
        )


def _mbq(value: Number) -> str:
    return number(value) if isinstance(value, Missing) else number(value / BQ_PER_MBQ)


def _work_up(workup: Workup) -> None:
    shunt = workup.lung_shunt
    table(
        f"Work-up: lung shunt fraction {number(shunt.fraction)} ({shunt.method or 'no method'})",
        ("structure", "kind", "mL", "g", f"mean {workup.unit}", "part of the counts"),
        [
            (
                one.label,
                one.kind.value,
                number(one.volume_ml),
                number(one.mass_kg * GRAMS_PER_KG),
                number(one.mean),
                f"{one.uptake_fraction:.1%}",
            )
            for one in workup.uptakes
        ],
    )


def _plan(plan: Plan) -> None:
    table(
        "Plan: activity and doses (* prescribed)",
        (
            "device",
            "model",
            "territory",
            "MBq given",
            "MBq in liver",
            "tumour Gy",
            "normal liver Gy",
            "perfused normal Gy",
            "lung Gy",
            "bound by",
        ),
        [_plan_row(one, chosen=one is plan.chosen) for one in plan.rows],
    )
    if plan.choice is not None:
        table(
            f"Chosen: {plan.choice.origin}",
            ("device", "territory", "MBq to administer", "doses by"),
            [
                (plan.choice.device, name, _mbq(bq), plan.choice.model.replace("_", " "))
                for name, bq in plan.choice.activities_bq.items()
            ],
        )
    if plan.optimised:
        _optimised(plan.optimised)
    differences = [
        abs(part)
        for one in plan.second_checks
        if not isinstance(part := one.difference_fraction, Missing)
    ]
    if differences:
        table(
            "Second check by an independent path",
            ("activities", "largest difference"),
            [(str(len(differences)), f"{max(differences):.2%}")],
        )


def _optimised(plans: Sequence[OptimisedPlan]) -> None:
    """Say the best activities, what binds and what it costs, and how likely goals are met."""
    from opensirt.report.wording import objective_words

    rows = []
    for one in plans:
        if one.refused:
            rows.append((one.device, "—", "—", "—", "—", "—", f"refused: {one.refusal}"))
            continue
        binding = "; ".join(
            f"{limit.words} (price {number(limit.price)} per {limit.unit})" for limit in one.binding
        )
        for index, name in enumerate(one.territories):
            sizes = one.vials_gbq[index] if one.vials_gbq else ()
            rows.append(
                (
                    one.device + ("" if one.verified else f" {UNVERIFIED}"),
                    name,
                    _mbq(one.administered_bq[index]),
                    " + ".join(f"{size:g}" for size in sizes) or "—",
                    number(one.normal_liver_gy),
                    number(one.objective_value),
                    binding,
                )
            )
    objective = plans[0].objective.value
    table(
        f"Optimised: largest {objective_words(plans[0].objective)} "
        f"({plans[0].model.replace('_', ' ')})",
        ("device", "territory", "MBq given", "vials GBq", "normal liver Gy", objective, "bound by"),
        rows,
    )
    steps = [(plan.device, step) for plan in plans for step in plan.next_vials]
    if steps:
        table(
            "The next vial",
            ("device", "territory", "vials GBq", "MBq given", objective, "would exceed"),
            [
                (
                    device,
                    step.territory,
                    " + ".join(f"{size:g}" for size in step.vial_gbq),
                    _mbq(step.administered_bq),
                    number(step.objective),
                    "; ".join(
                        f"{words} with {number(value)} {unit}"
                        for words, value, _, unit in step.exceeded
                    )
                    or "no limit",
                )
                for device, step in steps
            ],
        )
    goals = [
        (plan.device, goal, plan.robust.verified)
        for plan in plans
        if plan.robust is not None
        for goal in plan.robust.goals
    ]
    if goals:
        table(
            "How likely each goal is met",
            ("device", "goal", "planned", "5 to 95 %", "chance", "interval"),
            [
                (
                    device + ("" if verified else f" {UNVERIFIED}"),
                    goal.words,
                    number(goal.planned),
                    f"{number(goal.percentile_5)} to {number(goal.percentile_95)}",
                    f"{goal.chance:.1%}",
                    f"{goal.low:.1%} to {goal.high:.1%}",
                )
                for device, goal, verified in goals
            ],
        )


def _plan_row(one: PlanRow, *, chosen: bool) -> tuple[str, ...]:
    """Return the cells of a row; a reason that holds for all of them is said once, at the end."""
    figures: tuple[str, ...] = (
        _mbq(one.administered_activity_bq),
        _mbq(one.reaching_liver_bq),
        number(one.tumour_gy),
        number(one.normal_liver_gy),
        number(one.perfused_normal_liver_gy),
        number(one.lung_gy),
    )
    binding = one.binding
    if isinstance(one.reaching_liver_bq, Missing) and len(set(figures)) == 1:
        binding, figures = figures[0], ("—",) * len(figures)
    return (
        one.device + (" *" if chosen else ""),
        one.model.replace("_", " ") + ("" if one.verified else f" {UNVERIFIED}"),
        one.territory,
        *figures,
        binding,
    )


def _dose(result: DoseResult) -> None:
    table(
        f"Dose: {result.engine}, {result.calibration}, {result.radionuclide}",
        ("structure", "mL", "g", "MBq", "mean Gy", "D95", "D70", "D50", "D5", "BED Gy"),
        [
            (
                one.label,
                number(one.volume_ml),
                number(one.mass_kg * GRAMS_PER_KG),
                _mbq(one.activity_bq),
                number(one.mean_gy),
                number(one.d95_gy),
                number(one.d70_gy),
                number(one.d50_gy),
                number(one.d5_gy),
                number(one.bed_gy),
            )
            for one in result.structures
        ],
    )

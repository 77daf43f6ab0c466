"""Optimised activities: what was chosen, what each limit costs, and how likely goals are met."""

from collections.abc import Sequence

from opensirt.domain.delivery_error import ErrorOrigin
from opensirt.domain.optimised_plan import Objective, OptimisedPlan, RobustResult
from opensirt.reference.table import read_table
from opensirt.report.content import (
    Block,
    Bullets,
    Column,
    Paragraph,
    Picture,
    Section,
    Table,
    marked,
    row,
)
from opensirt.report.figures.trade_off import trade_off_png
from opensirt.report.number import as_gbq, as_gy, as_percent, rounded
from opensirt.report.wording import UNVERIFIED_LEGEND, device_words, model_words, objective_words

_ABSENT = "—"


def optimise_section(plans: Sequence[OptimisedPlan]) -> Section:
    """Return what the optimiser found for every device."""
    first = plans[0]
    blocks: list[Block] = [
        Paragraph(
            f"Largest {objective_words(first.objective)} under every limit in force, by the model "
            f"“{model_words(first.model)}”; a linear or mixed-integer program solved by HiGHS. The "
            "price of a limit is what the objective gains when the limit rises by one, without "
            "rounding to vials; it says nothing about whether that would be safe."
        ),
        _activities(plans),
    ]
    refused = [f"{device_words(one.device)}: {one.refusal}" for one in plans if one.refused]
    if refused:
        blocks.append(Bullets(tuple(refused), "Refused"))
    made = [one for one in plans if not one.refused]
    blocks += [_limits(made)] if made else []
    blocks += [_next_vials(made)] if any(one.next_vials for one in made) else []
    if any(one.trade_off for one in made):
        blocks.append(
            Picture(
                "trade_off",
                trade_off_png(made),
                "Tumour dose against dose to the whole normal liver, as the limit of the normal "
                "liver changes and all others stay; the plan is marked.",
                "One panel for each device: curves of the least-dosed tumour and of all tumours "
                "against the dose to the whole normal liver.",
            )
        )
    robust = [(one, one.robust) for one in made if one.robust is not None]
    if robust:
        blocks += [_chances(robust), _quantiles(robust)]
        blocks += _errors([result for _, result in robust], [plan.device for plan, _ in robust])
    notes = dict.fromkeys(f"{device_words(one.device)}: {n}" for one in plans for n in one.notes)
    if notes:
        blocks.append(Bullets(tuple(notes), "Notes"))
    return Section("Optimised activities", tuple(blocks), wide=True)


def _value(plan: OptimisedPlan, value: object) -> str:
    """Return an objective with its unit."""
    if not isinstance(value, float):
        return _ABSENT
    return f"{as_percent(value)} %" if plan.objective is Objective.CONTROL else f"{as_gy(value)} Gy"


def _activities(plans: Sequence[OptimisedPlan]) -> Table:
    rows = []
    for one in plans:
        if one.refused:
            rows.append(row(device_words(one.device), "refused", *(_ABSENT,) * 8))
            continue
        name = marked(device_words(one.device), verified=one.verified)
        for index, territory in enumerate(one.territories):
            head = index == 0
            vials = (
                " + ".join(f"{size:g}" for size in one.vials_gbq[index]) if one.vials_gbq else ""
            )
            rows.append(
                row(
                    name if head else "",
                    territory,
                    as_gbq(one.administered_bq[index]),
                    vials or _ABSENT,
                    as_gy(one.perfused_normal_doses_gy[territory]),
                    as_gy(one.normal_liver_gy) if head else "",
                    as_gy(one.lung_gy) if head else "",
                    as_gy(min(one.tumour_doses_gy.values())) if head else "",
                    _value(one, one.objective_value) if head else "",
                    "; ".join(limit.words for limit in one.binding) or _ABSENT if head else "",
                )
            )
    notes = ["Doses are means over the named tissue; vials are sizes at calibration."]
    if not all(one.verified for one in plans):
        notes.append(UNVERIFIED_LEGEND)
    notes += [
        f"{device_words(one.device)}: {'; '.join(one.sources)}" for one in plans if one.sources
    ]
    return Table(
        "Best activities of every device",
        (
            Column("Device", numeric=False),
            Column("Territory", numeric=False),
            Column("Activity to administer", "GBq"),
            Column("Vials", "GBq", share=0.8),
            Column("Perfused normal liver", "Gy"),
            Column("Normal liver", "Gy", share=0.8),
            Column("Lungs", "Gy", share=0.8),
            Column("Least-dosed tumour", "Gy"),
            Column("Objective"),
            Column("Binding limit", numeric=False, share=2.0),
        ),
        tuple(rows),
        tuple(notes),
    )


def _limits(plans: Sequence[OptimisedPlan]) -> Table:
    control = plans[0].objective is Objective.CONTROL

    def price(value: float) -> str:
        return rounded(100.0 * value if control else value) if value > 0 else "0"

    return Table(
        "Limits and their prices",
        (
            Column("Device", numeric=False),
            Column("Limit", numeric=False, share=2.4),
            Column("Value"),
            Column("At most"),
            Column("Unit", numeric=False, share=0.8),
            Column("Binds", numeric=False, share=0.8),
            Column("Price", "points per unit" if control else "Gy of the objective per unit"),
        ),
        tuple(
            row(
                device_words(plan.device),
                marked(one.words, verified=one.verified),
                rounded(one.value),
                rounded(one.at_most),
                one.unit,
                "yes" if one.binding else "no",
                price(one.price),
                strong=one.binding,
            )
            for plan in plans
            for one in plan.limits
        ),
        tuple(
            dict.fromkeys(
                f"{device_words(plan.device)}, {one.words}: {one.source}"
                for plan in plans
                for one in plan.limits
                if one.source
            )
        ),
    )


def _next_vials(plans: Sequence[OptimisedPlan]) -> Table:
    stepped = [one for one in plans if one.next_vials]
    return Table(
        "The next vial",
        (
            Column("Device", numeric=False),
            Column("Territory", numeric=False),
            Column("Vials", "GBq", numeric=False),
            Column("Activity", "GBq"),
            Column("Objective"),
            Column("Would exceed", numeric=False, share=3.0),
        ),
        tuple(
            row(
                device_words(plan.device),
                one.territory,
                " + ".join(f"{size:g}" for size in one.vial_gbq),
                as_gbq(one.administered_bq),
                _value(plan, one.objective),
                "; ".join(
                    f"{words} with {rounded(value)} {unit}"
                    for words, value, _, unit in one.exceeded
                )
                or "no limit",
            )
            for plan in stepped
            for one in plan.next_vials
        ),
        tuple(
            f"{device_words(plan.device)}: objective {_value(plan, plan.objective_value)} in this "
            f"plan, {_value(plan, plan.continuous_objective)} without rounding to vials."
            for plan in stepped
        ),
    )


def _chances(robust: Sequence[tuple[OptimisedPlan, RobustResult]]) -> Table:
    _, first = robust[0]
    asked = ", ".join(
        f"{key.replace('_', ' ')} {p:.0%}" for key, p in first.chosen_by_chance.items()
    )
    words = (
        f"{first.n_scenarios} scenarios, seed {first.seed}; the interval is that of the Monte "
        "Carlo estimate (Wilson, 95 %), not of the distributions behind it."
    )
    notes = [words]
    if asked:
        notes.append(
            "Activities are the largest that keep their limits with the chance asked for "
            f"({asked}), found on scenarios of their own."
        )
    if not all(result.verified for _, result in robust):
        notes.append(UNVERIFIED_LEGEND)
    return Table(
        "How likely each goal is met",
        (
            Column("Device", numeric=False),
            Column("Goal", numeric=False, share=3.0),
            Column("Planned"),
            Column("Median"),
            Column("5 to 95 %", numeric=False, share=1.4),
            Column("Chance", "%"),
            Column("Interval", "%", numeric=False, share=1.2),
        ),
        tuple(
            row(
                marked(device_words(plan.device), verified=result.verified),
                one.words,
                rounded(one.planned),
                rounded(one.median),
                f"{rounded(one.percentile_5)} to {rounded(one.percentile_95)}",
                f"{100 * one.chance:.1f}",
                f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            )
            for plan, result in robust
            for one in result.goals
        ),
        tuple(notes),
    )


def _quantiles(robust: Sequence[tuple[OptimisedPlan, RobustResult]]) -> Table:
    return Table(
        "Doses over the scenarios",
        (
            Column("Device", numeric=False),
            Column("Tissue", numeric=False, share=2.0),
            Column("Planned", "Gy"),
            Column("Median", "Gy"),
            Column("5 %", "Gy"),
            Column("95 %", "Gy"),
        ),
        tuple(
            row(
                device_words(plan.device),
                one.words,
                as_gy(one.planned),
                as_gy(one.median),
                as_gy(one.percentile_5),
                as_gy(one.percentile_95),
            )
            for plan, result in robust
            for one in result.doses
        ),
    )


def _errors(results: Sequence[RobustResult], devices: Sequence[str]) -> list[Block]:
    """Return what scenarios were drawn from, and how well that fits the site's own cases."""
    rows, notes = [], []
    for device, result in zip(devices, results, strict=True):
        for one in result.errors:
            rows.append(
                row(
                    device_words(device),
                    marked(one.quantity.value.replace("_", " "), verified=one.verified),
                    one.origin.value,
                    str(one.n_cases) if one.n_cases else _ABSENT,
                    f"{100 * one.log_standard_deviation:.0f}",
                )
            )
            words = f"{one.quantity.value.replace('_', ' ')}: {one.source}"
            notes.append(f"{words} ({one.note})" if one.note else words)
        for quantity, why in result.not_varied.items():
            rows.append(
                row(
                    device_words(device),
                    quantity.value.replace("_", " "),
                    f"not varied: {why.value}",
                    _ABSENT,
                    _ABSENT,
                )
            )
    blocks: list[Block] = [
        Table(
            "Errors of delivery that the scenarios are drawn from",
            (
                Column("Device", numeric=False),
                Column("Quantity", numeric=False, share=2.0),
                Column("From", numeric=False, share=2.0),
                Column("Cases"),
                Column("Spread of one value", "%"),
            ),
            tuple(rows),
            tuple(dict.fromkeys(notes)),
        )
    ]
    checked = [
        row(
            device_words(device),
            one.quantity.value.replace("_", " "),
            str(one.n_cases),
            as_percent(one.inside_50),
            as_percent(one.inside_80),
            as_percent(one.inside_95),
        )
        for device, result in zip(devices, results, strict=True)
        for one in result.calibration
    ]
    if checked:
        blocks.append(
            Table(
                "The site's own cases inside the stated intervals",
                (
                    Column("Device", numeric=False),
                    Column("Quantity", numeric=False, share=2.0),
                    Column("Cases"),
                    Column("Inside 50 %", "%"),
                    Column("Inside 80 %", "%"),
                    Column("Inside 95 %", "%"),
                ),
                tuple(checked),
            )
        )
    blocks.append(Paragraph(_calibration_words(results)))
    return blocks


def _calibration_words(results: Sequence[RobustResult]) -> str:
    found = read_table("robust_calibration")
    error = found["expected_calibration_error"]
    own = any(one.origin is ErrorOrigin.SITE for result in results for one in result.errors)
    words = (
        f"Calibration of the method: {found['source']}; expected calibration error "
        f"{error['published_prior']:.1f} to {error['two_noisy_views']:.1f} points where the errors "
        "are those of the prior"
    )
    if own:
        return f"{words}, {error['wider_site_by_own_cases']:.1f} with a site's own cases."
    return (
        f"{words}; {error['wider_site_by_prior']:.1f} points at a site whose errors are half as "
        "wide again and biased. The site's own errors take the place of the prior from twenty "
        "cases on."
    )

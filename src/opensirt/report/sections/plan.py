"""The plan table: every device and model side by side."""

from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, Plan, PlanRow
from opensirt.report.content import (
    Block,
    Cell,
    Column,
    Paragraph,
    Section,
    Table,
    marked,
    merged,
    row,
)
from opensirt.report.number import as_gbq, as_gy, as_percent, scaled
from opensirt.report.wording import UNVERIFIED_LEGEND, device_words, model_words

_PER_MILLION = 1e-6


def plan_section(plan: Plan) -> Section:
    """Return the plan table, the dose of each tumour and of extrahepatic deposits."""
    blocks: list[Block] = []
    if any(isinstance(one.administered_activity_bq, Missing) for one in plan.rows):
        blocks.append(
            Paragraph(
                "Activity reaching the liver is what the models give; the activity to administer "
                "is more by what goes to the lungs. Where the lung shunt fraction (LSF) is not "
                "known it is never taken as zero."
            )
        )
    tables = (
        _plan_table(plan),
        _by_structure(plan, "Mean dose of each tumour in each plan", tumours=True),
        _by_structure(plan, "Mean dose of extrahepatic deposits in each plan", tumours=False),
    )
    blocks += [one for one in tables if one is not None]
    return Section("Plan", tuple(blocks), wide=True)


def row_words(plan: Plan, one: PlanRow) -> tuple[str, str]:
    """Return device and model of a row; the chosen one says so."""
    model = marked(model_words(one.model), verified=one.verified)
    return device_words(one.device), f"{model} (chosen)" if one is plan.chosen else model


def _plan_table(plan: Plan) -> Table:
    several = len({one.territory for one in plan.rows}) > 1
    binds = any(not isinstance(one.lung_limit_binds_at_fraction, Missing) for one in plan.rows)
    columns = [
        Column("Device", numeric=False, share=0.9),
        Column("Model", numeric=False, share=1.7),
        Column("Activity to administer", "GBq"),
        Column("Activity reaching the liver", "GBq"),
        Column("Tumour", "Gy", share=0.8),
        Column("Perfused volume", "Gy", share=0.9),
        Column("Perfused normal liver", "Gy", share=0.9),
        Column("Normal liver", "Gy", share=0.8),
        Column("Lungs", "Gy", share=0.8),
        Column("Spheres", "million", share=0.9),
        Column("Fixed by", numeric=False, share=2.2),
    ]
    if binds:
        columns.insert(-1, Column("LSF from which the lung limit binds", "%", share=1.1))
    if several:
        columns.insert(0, Column("Territory", numeric=False))
    territories = {one.territory for one in plan.rows}
    where = "" if several or not plan.rows else f", territory {next(iter(territories))}"
    notes = [
        "Doses are means over the named tissue.",
        *(f"{' '.join(row_words(plan, one))}: {one.note}" for one in plan.rows if one.note),
    ]
    if not all(one.verified for one in plan.rows):
        notes.append(UNVERIFIED_LEGEND)
    return Table(
        f"Devices and models{where}",
        tuple(columns),
        tuple(_plan_row(plan, one, several=several, binds=binds) for one in plan.rows),
        tuple(dict.fromkeys(notes)),
    )


def _plan_row(plan: Plan, one: PlanRow, *, several: bool, binds: bool) -> tuple[Cell, ...]:
    chosen = one is plan.chosen
    values = [
        as_gbq(one.administered_activity_bq),
        as_gbq(one.reaching_liver_bq),
        *(
            as_gy(value)
            for value in (
                one.tumour_gy,
                one.perfused_volume_gy,
                one.perfused_normal_liver_gy,
                one.normal_liver_gy,
                one.lung_gy,
            )
        ),
        scaled(one.sphere_count, _PER_MILLION),
    ]
    if binds:
        values.append(as_percent(one.lung_limit_binds_at_fraction))
    device, model = row_words(plan, one)
    head = [one.territory] if several else []
    return (
        *row(*head, device, model, strong=chosen),
        *merged([Cell(text, strong=chosen) for text in values]),
        Cell(one.binding or "—", strong=chosen),
    )


def _by_structure(plan: Plan, caption: str, *, tumours: bool) -> Table | None:
    """Return doses per structure, one row for each plan that has any."""
    listed = [
        (one, one.tumour_doses_gy if tumours else one.extrahepatic_doses_gy) for one in plan.rows
    ]
    labels = list(dict.fromkeys(label for _, doses in listed for label in doses))
    if not labels:
        return None
    return Table(
        caption,
        (
            Column("Device", numeric=False),
            Column("Model", numeric=False, share=1.6),
            Column("Territory", numeric=False),
            *(Column(label, "Gy") for label in labels),
        ),
        tuple(
            row(
                *row_words(plan, one),
                one.territory,
                *(as_gy(_dose(doses.get(label))) for label in labels),
            )
            for one, doses in listed
            if doses
        ),
    )


def _dose(value: float | None) -> Number:
    return Missing.NOT_ESTIMATED if value is None else value

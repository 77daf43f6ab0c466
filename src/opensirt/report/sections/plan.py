"""The plan tables: every device and model side by side, one table for each territory."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.record import ChosenActivities, Plan, PlanRow
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
from opensirt.report.number import as_gbq, as_gy, as_percent, rounded, scaled
from opensirt.report.wording import UNVERIFIED_LEGEND, device_words, model_words

_PER_MILLION = 1e-6
_ABSENT = "—"


def chosen_section(plan: Plan) -> Section | None:
    """Return which activity is chosen for each territory, or None where none is."""
    if plan.choice is None:
        return None
    return Section("Plan", (_choice_table(plan, plan.choice),))


def plan_section(plan: Plan, title: str = "Plan") -> Section:
    """Return every device and model, the dose of each tumour and of extrahepatic deposits."""
    blocks: list[Block] = []
    if any(isinstance(one.administered_activity_bq, Missing) for one in plan.rows):
        blocks.append(
            Paragraph(
                "Activity reaching the liver is what the models give; the activity to administer "
                "is more by what goes to the lungs. Where the lung shunt fraction (LSF) is not "
                "known it is never taken as zero."
            )
        )
    for territory in dict.fromkeys(one.territory for one in plan.rows):
        rows = [one for one in plan.rows if one.territory == territory]
        tables = (
            _plan_table(plan, rows, territory),
            _by_structure(plan, rows, f"Mean dose of each tumour, {territory}", tumours=True),
            _by_structure(
                plan, rows, f"Mean dose of extrahepatic deposits, {territory}", tumours=False
            ),
        )
        blocks += [one for one in tables if one is not None]
    return Section(title, tuple(blocks), wide=True)


def _choice_table(plan: Plan, choice: ChosenActivities) -> Table:
    """Return which activity is chosen for each territory, and why."""
    assert plan.chosen is not None  # noqa: S101 - what is chosen has a row
    key = (plan.chosen.device, plan.chosen.model)
    rows = [one for one in plan.rows if (one.device, one.model) == key]
    sure = all(one.verified for one in rows)
    caption = (
        f"Chosen activities: {device_words(choice.device)}, doses by "
        f"{model_words(choice.model).lower()}"
    )
    return Table(
        marked(caption, verified=sure),
        (
            Column("Territory", numeric=False),
            Column("Activity to administer", "GBq"),
            Column("Tumour", "Gy"),
            Column("Perfused normal liver", "Gy"),
            Column("Lungs", "Gy"),
        ),
        tuple(
            row(
                one.territory,
                as_gbq(one.administered_activity_bq),
                as_gy(one.tumour_gy),
                as_gy(one.perfused_normal_liver_gy),
                as_gy(one.lung_gy),
            )
            for one in rows
        ),
        (f"Origin: {choice.origin}.", *(() if sure else (UNVERIFIED_LEGEND,))),
    )


def row_words(plan: Plan, one: PlanRow) -> tuple[str, str]:
    """Return device and model of a row; the chosen one says so."""
    model = marked(model_words(one.model), verified=one.verified)
    return device_words(one.device), f"{model} (chosen)" if one is plan.chosen else model


def _clauses(one: PlanRow) -> list[str]:
    return [clause for clause in one.note.split("; ") if clause]


def _plan_table(plan: Plan, rows: Sequence[PlanRow], territory: str) -> Table:
    binds = any(not isinstance(one.lung_limit_binds_at_fraction, Missing) for one in rows)
    columns = [
        Column("Device", numeric=False, share=0.9),
        Column("Model", numeric=False, share=2.2),
        Column("Activity to administer", "GBq"),
        Column("Activity reaching the liver", "GBq"),
        Column("Tumour", "Gy", share=0.8),
        Column("Perfused volume", "Gy", share=0.9),
        Column("Perfused normal liver", "Gy", share=0.9),
        Column("Normal liver", "Gy", share=0.8),
        Column("Lungs", "Gy", share=0.8),
        Column("Spheres", "million", share=1.0),
        Column("Fixed by", numeric=False, share=2.2),
        Column("Notes", numeric=False, share=1.0),
    ]
    if binds:
        columns.insert(-2, Column("LSF from which the lung limit binds", "%", share=1.1))
    clauses = list(dict.fromkeys(clause for one in rows for clause in _clauses(one)))
    notes = ["Doses are means over the named tissue."]
    if clauses:
        numbered = (f"[{number}] {clause}" for number, clause in enumerate(clauses, 1))
        notes.append("; ".join(numbered))
    notes += _origins(rows)
    if not all(one.verified for one in rows):
        notes.append(UNVERIFIED_LEGEND)
    notes += [
        f"{' '.join(row_words(plan, one))}: unverified; {', '.join(one.sources)}".removesuffix("; ")
        for one in rows
        if not one.verified
    ]
    return Table(
        f"Devices and models, territory {territory}",
        tuple(columns),
        tuple(_plan_row(plan, one, clauses, binds=binds) for one in rows),
        tuple(notes),
    )


def _origins(rows: Sequence[PlanRow]) -> list[str]:
    """Return, for each device, its dose constant and the sources behind its rows."""
    notes = []
    for device in dict.fromkeys(one.device for one in rows):
        of_device = [
            one
            for one in rows
            if one.device == device and not isinstance(one.reaching_liver_bq, Missing)
        ]
        constants = dict.fromkeys(
            f"{rounded(one.dose_constant_gy_kg_per_gbq, 4)} Gy kg/GBq"
            for one in of_device
            if not isinstance(one.dose_constant_gy_kg_per_gbq, Missing)
        )
        sources = dict.fromkeys(source for one in of_device for source in one.sources if source)
        if constants:
            notes.append(
                f"{device_words(device)}: dose constant {', '.join(constants)}; constants, limits "
                f"and targets from: {'; '.join(sources)}"
            )
    return notes


def _plan_row(plan: Plan, one: PlanRow, clauses: Sequence[str], *, binds: bool) -> tuple[Cell, ...]:
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
    undefined = len(set(values)) == 1
    if binds:
        share = one.lung_limit_binds_at_fraction
        # A row without any number has no lung limit either; the same words then span it.
        values.append(values[0] if undefined and isinstance(share, Missing) else as_percent(share))
    device, model = row_words(plan, one)
    numbers = [f"{clauses.index(clause) + 1}" for clause in _clauses(one)]
    return (
        *row(device, model, strong=chosen),
        *merged([Cell(text, strong=chosen) for text in values]),
        Cell(one.binding or _ABSENT, strong=chosen),
        Cell(f"[{', '.join(numbers)}]" if numbers else "", strong=chosen),
    )


def _by_structure(
    plan: Plan, rows: Sequence[PlanRow], caption: str, *, tumours: bool
) -> Table | None:
    """Return doses per structure, one row for each plan that has any."""
    listed = [(one, one.tumour_doses_gy if tumours else one.extrahepatic_doses_gy) for one in rows]
    labels = list(dict.fromkeys(label for _, doses in listed for label in doses))
    if not labels:
        return None
    return Table(
        caption,
        (
            Column("Device", numeric=False),
            Column("Model", numeric=False, share=2.2),
            *(Column(label, "Gy") for label in labels),
        ),
        tuple(
            row(
                *row_words(plan, one),
                *(as_gy(doses[label]) if label in doses else _ABSENT for label in labels),
            )
            for one, doses in listed
            if doses
        ),
    )

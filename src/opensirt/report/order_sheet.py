"""The sheet that goes with an order: what to deliver, when, and what it rests on."""

from datetime import datetime
from pathlib import Path

from opensirt.domain.missing import Missing
from opensirt.domain.order import Order, OrderLine, OrderOption
from opensirt.report.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Document,
    Facts,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
    Table,
    marked,
    row,
)
from opensirt.report.envelope import case_document, provenance_facts
from opensirt.report.number import as_mbq, as_percent, rounded, scaled
from opensirt.report.pages import write_pages
from opensirt.report.sections.findings import findings_section
from opensirt.report.sections.selection import checklist_words
from opensirt.report.wording import UNVERIFIED_LEGEND
from opensirt.units import BQ_PER_GBQ

NAME = "order"
"""Of both files, without their suffixes."""

_PER_MILLION = 1e-6


def write_order_sheet(folder: Path, order: Order) -> tuple[Path, Path]:
    """Write order.html and order.pdf to a folder, each there whole or not at all."""
    return write_pages(folder, NAME, order_sheet(order), order.provenance.made_at)


def order_sheet(order: Order) -> Document:
    """Return the sheet of an order, with the checklist of the patient where there is one."""
    reminders = checklist_words(order.checklist)
    provenance = order.provenance
    return case_document(
        "Radioembolization: order",
        order.case_key,
        provenance,
        (
            Section("Key results", (KeyFigures(order.product, _answers(order)),)),
            findings_section(order.findings),
            _order_section(order),
            *((Section("Checklist", (Bullets(reminders),)),) if reminders else ()),
            Section(
                "Provenance",
                (
                    Facts(
                        "Approvals",
                        tuple((one.by, one.approved_at.isoformat()) for one in order.approvals),
                    ),
                    *provenance_facts(provenance),
                ),
            ),
        ),
    )


def _answers(order: Order) -> tuple[KeyFigure, ...]:
    """Return when, how much and which vials, and how long they are enough."""
    figures = [
        KeyFigure(
            "Treatment",
            shown_instant(order.treatment_at),
            f"plan {order.plan_record}, approved by {_both(order)}",
        )
    ]
    for line in order.lines:
        name = ", ".join(line.territories)
        chosen = line.chosen
        figures += [
            KeyFigure(
                f"{name}: to dispense",
                f"{as_mbq(line.dispensed_bq)} MBq",
                f"prescribed {as_mbq(line.prescribed_bq)} MBq",
            ),
            KeyFigure(
                f"{name}: order",
                marked(vials_words(chosen), verified=order.verified),
                f"{as_mbq(chosen.available_bq)} MBq at the treatment, "
                f"{as_mbq(chosen.waste_bq)} MBq waste",
            ),
            KeyFigure(f"{name}: enough until", shown_instant(chosen.enough_until)),
        ]
    return tuple(figures)


def _both(order: Order) -> str:
    return " and ".join(one.by for one in order.approvals) or "nobody"


def shown_instant(instant: datetime) -> str:
    """Return an instant with day of the week, to the minute, with its offset from UTC."""
    return f"{instant:%a} {instant.isoformat(sep=' ', timespec='minutes')}"


def _order_section(order: Order) -> Section:
    blocks: list[Block] = [
        Facts(
            "Order",
            (
                ("Device", order.product),
                ("Treatment", shown_instant(order.treatment_at)),
                ("Plan", f"{order.plan_record}, approved by two people"),
                ("Activities", order.activities_origin or "origin not recorded"),
                (
                    "An hour of delay costs",
                    f"{as_percent(order.lost_per_hour_fraction)} % of the activity",
                ),
            ),
        )
    ]
    for line in order.lines:
        blocks += _line_tables(order, line)
    if not order.verified:
        blocks.append(Paragraph(UNVERIFIED_LEGEND))
    return Section("Order", tuple(blocks))


def _line_tables(order: Order, line: OrderLine) -> tuple[Table, ...]:
    name = ", ".join(line.territories)
    vials = Table(
        f"Vials for {name}",
        (
            Column("Vial", "GBq at calibration"),
            Column("Calibrated", numeric=False, share=2.0),
            Column("Good until", numeric=False, share=2.0),
            Column("At treatment", "MBq"),
            Column("Spheres", "million"),
            Column("One sphere at treatment", "Bq"),
        ),
        tuple(
            row(
                rounded(one.calibrated_activity_bq / BQ_PER_GBQ, 3),
                shown_instant(one.calibration_at),
                one.expires_at.value
                if isinstance(one.expires_at, Missing)
                else shown_instant(one.expires_at),
                as_mbq(one.activity_bq),
                scaled(one.sphere_count, _PER_MILLION),
                rounded(one.activity_per_sphere_bq),
            )
            for one in line.chosen.vials
        ),
        (_amounts(line),),
    )
    options = Table(
        f"Delivery options for {name}",
        (
            Column("Vials", numeric=False, share=3.0),
            Column("At treatment", "MBq"),
            Column("Waste", "MBq"),
            Column("Spheres", "million"),
            Column("Enough until", numeric=False, share=2.0),
        ),
        tuple(_option_row(one, first=one is line.chosen) for one in line.options),
    )
    caption = marked(options.caption, verified=order.verified)
    return vials, Table(caption, options.columns, options.rows)


def _amounts(line: OrderLine) -> str:
    return (
        f"Prescribed {as_mbq(line.prescribed_bq)} MBq; allowed for what stays behind "
        f"{as_mbq(line.residual_allowance_bq)} MBq; to dispense {as_mbq(line.dispensed_bq)} MBq at "
        "the treatment."
    )


def _option_row(one: OrderOption, *, first: bool) -> tuple[Cell, ...]:
    return row(
        vials_words(one),
        as_mbq(one.available_bq),
        as_mbq(one.waste_bq),
        spheres_words(one),
        shown_instant(one.enough_until),
        strong=first,
    )


def vials_words(one: OrderOption) -> str:
    """Return the vials of an option in words: size and calibration of each."""
    return "; ".join(
        f"{vial.calibrated_activity_bq / BQ_PER_GBQ:.4g} GBq calibrated "
        f"{shown_instant(vial.calibration_at)}"
        for vial in one.vials
    )


def spheres_words(one: OrderOption) -> str:
    """Return the spheres given in million: one number, a range, or why there is none."""
    if isinstance(one.sphere_count, Missing) and not isinstance(one.sphere_count_range, Missing):
        low, high = one.sphere_count_range
        return f"{rounded(low * _PER_MILLION)}–{rounded(high * _PER_MILLION)}"
    return scaled(one.sphere_count, _PER_MILLION)

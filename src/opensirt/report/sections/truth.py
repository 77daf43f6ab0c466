"""Estimated against true, for a digital patient."""

from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, TruthRow
from opensirt.report.content import Column, Paragraph, Section, Table, row
from opensirt.report.number import as_percent, rounded


def truth_section(rows: tuple[TruthRow, ...]) -> Section:
    """Return what was estimated from the images of a digital patient beside what is true."""
    corrected = any(not isinstance(one.uncorrected, Missing) for one in rows)
    columns = [
        Column("Quantity", numeric=False, share=2.6),
        Column("Unit", numeric=False, share=0.6),
        Column("True"),
        Column("Estimated", share=1.2),
        Column("Difference", share=1.25),
        Column("Difference", "%", share=1.25),
        Column("Stated tolerance", numeric=False, share=1.4),
    ]
    if corrected:
        columns.insert(4, Column("Estimated without recovery correction", share=1.35))
    return Section(
        "Estimated against true",
        (
            Paragraph(
                "This patient is made by a program, so the truth is known. The estimates come from "
                "the simulated images alone."
            ),
            Table(
                "Digital patient",
                tuple(columns),
                tuple(
                    row(
                        one.quantity,
                        one.unit,
                        rounded(one.true),
                        rounded(one.estimated),
                        *((_uncorrected(one),) if corrected else ()),
                        rounded(_difference(one)),
                        as_percent(_relative(one)),
                        one.tolerance or "—",
                    )
                    for one in rows
                ),
            ),
        ),
    )


def _uncorrected(one: TruthRow) -> str:
    """Return the estimate without correction; a dash where nothing was corrected."""
    return "—" if one.uncorrected is Missing.NOT_ESTIMATED else rounded(one.uncorrected)


def _difference(one: TruthRow) -> Number:
    return one.estimated if isinstance(one.estimated, Missing) else one.estimated - one.true


def _relative(one: TruthRow) -> Number:
    if isinstance(one.estimated, Missing):
        return one.estimated
    if one.true == 0:
        return Missing.NOT_EVALUABLE
    return one.estimated / one.true - 1

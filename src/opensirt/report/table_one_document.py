"""Table 1 of a cohort as a document: who was analysed, with the missing counted."""

from opensirt.outcomes.table_one import Described, TableOne, TableOneRow
from opensirt.report.content import Column, Document, Section, Table, row
from opensirt.report.envelope import cohort_document
from opensirt.report.number import rounded, signed

_PORTRAIT = 6
"""Columns that fit an upright page."""


def table_one_document(found: TableOne, *, made_at: str, software: str) -> Document:
    """Return the table for people; one column for each group, the missing beside each value."""
    columns = [Column("Variable", numeric=False, share=1.8)]
    columns += [Column(f"{name} (n = {count})", share=1.8) for name, count in found.groups.items()]
    columns.append(Column("Missing", share=0.8))
    compared = len(found.groups) == 2  # noqa: PLR2004 - a difference is between two
    if compared:
        columns.append(Column("Standardised difference"))
    rows = []
    for one in found.rows:
        cells = [_name(one), *(_described(value) for value in one.by_group.values())]
        cells.append(str(sum(value.missing for value in one.by_group.values())))
        if compared:
            cells.append("—" if one.difference is None else signed(one.difference, 2))
        rows.append(row(*cells))
    notes = [
        "Numbers: median (quartiles). Flags and levels: count (percent of those with a value).",
        "A missing value is in no denominator.",
    ]
    if compared:
        notes.append("Standardised difference: of means or shares, over their pooled deviation.")
    table = Table("Baseline", tuple(columns), tuple(rows), tuple(notes))
    return cohort_document(
        "Who was analysed",
        found.population,
        answers=(),
        definitions=(
            ("Cohort", found.population),
            ("Unit of analysis", f"{found.unit_of_analysis}, n = {sum(found.groups.values())}"),
            *((f"n of {name}", str(count)) for name, count in found.groups.items()),
        ),
        notes=(),
        estimates=(Section("Baseline", (table,), wide=len(columns) > _PORTRAIT),),
        made_at=made_at,
        software=software,
    )


def _name(one: TableOneRow) -> str:
    unit = f" ({one.unit})" if one.unit else ""
    return f"{one.variable}{unit}" + (f": {one.level}" if one.level else "")


def _described(one: Described) -> str:
    if one.quartiles is not None:
        low, middle, high = (rounded(value) for value in one.quartiles)
        return f"{middle} ({low} to {high})"
    if one.fraction is None:
        return "no value"
    return f"{one.count} ({100.0 * one.fraction:.1f} %)"

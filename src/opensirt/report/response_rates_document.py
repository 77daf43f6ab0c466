"""Response rates as a document: ORR and DCR with every denominator and both intervals."""

from opensirt.domain.response import ResponseCategory
from opensirt.outcomes.proportion import Proportion
from opensirt.outcomes.response_analysis import GroupRates, ResponseAnalysis
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn


def response_rates_document(
    found: ResponseAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the rates for people; the picture is a PNG of their figure."""
    return cohort_document(
        "Response",
        found.population,
        answers=_answers(found),
        definitions=_definitions(found),
        notes=found.notes,
        estimates=(Section("Estimates", (_rates(found), _counts(found)), wide=True),),
        made_at=made_at,
        software=software,
        picture=drawn(
            "response",
            picture,
            f"Objective response and disease control of {found.unit_of_analysis}s.",
            "Rates of objective response and disease control with intervals",
        ),
    )


def _answers(found: ResponseAnalysis) -> list[KeyFigure]:
    """Return the objective response of each group among those evaluable, with its interval."""
    several = len({one.column for one in found.rates}) > 1
    items = []
    for one in found.rates:
        for name, of, value, limits in _lines(one)[:1]:
            between = value.wilson if limits is None else limits
            group = f"{one.column}, {one.group}" if several else one.group
            method = "Wilson" if limits is None else "by patient"
            items.append(
                KeyFigure(
                    f"{group}: {name} of {of}",
                    f"{100 * value.fraction:.1f} % ({_interval(between)})",
                    f"{value.count}/{value.of}, {method}",
                )
            )
    return items


def _definitions(found: ResponseAnalysis) -> list[tuple[str, str]]:
    unit = f"{found.unit_of_analysis}, n = {found.n}"
    if found.n_patients != found.n or found.unit_of_analysis != "patient":
        unit += f", of {found.n_patients} patients"
    columns = list(dict.fromkeys(one.column for one in found.rates))
    words = {one.column: one.rates for one in found.rates}
    rows = [
        ("Cohort", found.population),
        ("Unit of analysis", unit),
        ("Objective response (ORR)", "CR or PR"),
        ("Disease control (DCR)", "CR, PR, SD or non-CR/non-PD"),
        ("Evaluable", "has one of these or PD; NE and absent count among all rows only"),
        ("All rows", "everybody in the table, as the cohort above says who that is"),
        ("Time origin", found.origin),
    ]
    for name in columns:
        rows.append((f"{name}: time point", words[name].time_point))
        rows.append((f"{name}: criterion", words[name].criterion))
    if found.group_column:
        rows.append(("Groups", f"{found.group_column}; {found.left_out} rows without one left out"))
    return rows


def _interval(one: tuple[float, float]) -> str:
    return f"{100 * one[0]:.1f} to {100 * one[1]:.1f}"


def _rates(found: ResponseAnalysis) -> Table:
    clustered = found.unit_of_analysis != "patient"
    columns = [
        Column("Column", numeric=False, share=1.5),
        Column("Group", numeric=False, share=1.2),
        Column("Rate", numeric=False, share=0.8),
        Column("Of", numeric=False, share=1.1),
        Column("Count / n"),
        Column("Rate", "%", share=0.8),
        Column("Exact", "%", share=1.3),
        Column("Wilson", "%", share=1.3),
    ]
    if clustered:
        columns.append(Column("By patient", "%", share=1.3))
    rows = []
    for one in found.rates:
        for name, of, value, limits in _lines(one):
            cells = [one.column, one.group, name, of, f"{value.count}/{value.of}"]
            cells += [
                f"{100 * value.fraction:.1f}",
                _interval(value.exact),
                _interval(value.wilson),
            ]
            if clustered:
                cells.append("—" if limits is None else _interval(limits))
            rows.append(row(*cells))
    notes = [f"{found.level:.0%} intervals: exact by Clopper and Pearson, and Wilson's score."]
    if clustered:
        notes.append(
            f"Exact and Wilson's take {found.unit_of_analysis}s as independent and are too narrow "
            f"where those of one patient are alike; by patient: effective n by the design effect."
        )
    return Table("Response rates", tuple(columns), tuple(rows), tuple(notes))


def _lines(
    one: GroupRates,
) -> tuple[tuple[str, str, Proportion, tuple[float, float] | None], ...]:
    rates = one.rates
    values = (
        ("ORR", "evaluable", rates.objective_response),
        ("DCR", "evaluable", rates.disease_control),
        ("ORR", "all rows", rates.objective_response_of_treated),
        ("DCR", "all rows", rates.disease_control_of_treated),
    )
    return tuple((*line, limits) for line, limits in zip(values, one.clustered, strict=True))


def _counts(found: ResponseAnalysis) -> Table:
    shown = [
        one for one in ResponseCategory if any(one in each.rates.counts for each in found.rates)
    ]
    columns = (
        Column("Column", numeric=False, share=1.5),
        Column("Group", numeric=False, share=1.2),
        Column("All rows"),
        Column("Evaluable"),
        *(Column(one.value) for one in shown),
        Column("Without a response", numeric=False, share=2.0),
    )
    rows = tuple(
        row(
            one.column,
            one.group,
            str(one.rates.treated),
            str(one.rates.evaluable),
            *(str(one.rates.counts.get(category, 0)) for category in shown),
            "; ".join(f"{count} {reason}" for reason, count in one.absent.items()) or "0",
        )
        for one in found.rates
    )
    return Table("Denominators", columns, rows)

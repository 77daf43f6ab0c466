"""A survival analysis as a document: what was asked, the figure, the tables, the assumptions."""

from opensirt.domain.missing import Missing
from opensirt.outcomes.cumulative_incidence import CumulativeIncidence
from opensirt.outcomes.survival_analysis import SurvivalAnalysis
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn, left_out
from opensirt.report.number import rounded
from opensirt.report.outcome_words import p_value, percent_interval, ratio_interval, time_interval

_FEW_EVENTS = 10
_DOUBT = 0.05


def survival_document(
    found: SurvivalAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the analysis for people; the picture is a PNG of its figure."""
    tables = [_groups(found)]
    if found.groups[0].incidence:
        tables.append(_incidences(found))
    sections = [Section("Estimates", tuple(tables))]
    if found.cox is not None:
        sections.append(Section("Model", _models(found)))
    title = found.endpoint.title
    return cohort_document(
        title,
        found.endpoint.source,
        answers=_answers(found),
        definitions=_definitions(found),
        notes=_remarks(found),
        estimates=sections,
        made_at=made_at,
        software=software,
        picture=drawn(
            "survival",
            picture,
            f"{title}: {found.n_events} events among {found.n}.",
            f"Curves of {title} over time with numbers at risk",
        ),
    )


def _answers(found: SurvivalAnalysis) -> list[KeyFigure]:
    """Return median, or incidence at the horizon, of each group, and whether they differ."""
    rivals = bool(found.groups[0].incidence)
    unit = found.endpoint.unit
    items = []
    for group in found.groups:
        counted = f"{group.n_events} events among {group.n}"
        if rivals:
            name = f"{group.name}: {group.incidence[0].name} by {rounded(found.horizon)} {unit}"
            chance = group.incidence[0].at(_within(found.horizon, group.incidence[0]))
            items.append(KeyFigure(name, f"{percent_interval(chance)} %", counted))
        else:
            value = time_interval(group.median)
            items.append(KeyFigure(f"{group.name}: median, {unit}", value, counted))
    if found.comparison is not None:
        test = found.comparison
        items.append(
            KeyFigure(f"{test.name.capitalize()} test", f"p {p_value(test.p)}", found.group_column)
        )
    return items


def _within(horizon: float, one: CumulativeIncidence) -> float:
    return min(horizon, float(one.table.time[-1]))


def _definitions(found: SurvivalAnalysis) -> list[tuple[str, str]]:
    endpoint = found.endpoint
    rows = [
        ("Cohort", endpoint.source),
        ("Unit of analysis", f"{found.unit_of_analysis}, n = {found.n}"),
        ("Event", f"{endpoint.event}: {found.n_events}"),
        *(("Competing event", f"{name}: {count}") for name, count in found.n_competing.items()),
        ("Time origin", endpoint.origin),
        ("Censoring", endpoint.censoring),
        ("Criterion", endpoint.criterion),
        ("Unit of time", endpoint.unit),
        left_out(found.left_out, found.missing),
    ]
    if found.landmark is not None:
        gone = ", ".join(f"{count} {name}" for name, count in found.before_landmark.items())
        rows.append(("Landmark", f"{found.landmark:g} {endpoint.unit}; before it {gone}"))
    if found.strata_column:
        rows.append(("Stratified by", found.strata_column))
    return rows


def _remarks(found: SurvivalAnalysis) -> list[str]:
    items = list(found.notes)
    if found.cox is not None and found.proportionality is not None:
        per_column = found.n_events / len(found.cox.coefficients.names)
        if per_column < _FEW_EVENTS:
            items.append(
                f"{per_column:.1f} events for each column of the model: fewer than "
                f"{_FEW_EVENTS}; its ratios are unstable."
            )
        if found.proportionality.overall.p < _DOUBT:
            items.append(
                f"Hazards are not proportional (score test p "
                f"{p_value(found.proportionality.overall.p)}): one ratio for the whole time hides "
                f"that; stratify, or compare restricted means."
            )
    return items


def _groups(found: SurvivalAnalysis) -> Table:
    unit = found.endpoint.unit
    rivals = bool(found.groups[0].incidence)
    moments = tuple(found.groups[0].at)
    word = "Incidence" if rivals else "Survival"
    columns = (
        Column("Group", numeric=False, share=1.6),
        Column("n"),
        Column("Events"),
        Column("Median until any event" if rivals else "Median", unit, share=1.8),
        Column(f"Restricted mean to {rounded(found.horizon)}", unit, share=1.6),
        *(Column(f"{word} at {one:g} {unit}", "%", share=1.8) for one in moments),
    )
    notes = [f"In brackets the {found.level:.0%} interval, log(−log); restricted mean plain."]
    if found.comparison is not None:
        one = found.comparison
        how = f", stratified by {found.strata_column}" if found.strata_column else ""
        how = "" if one.name == "Gray" else how
        notes.append(
            f"{one.name.capitalize()} test of {found.group_column}{how}: χ² = {one.statistic:.3f}, "
            f"{one.degrees} df, p {p_value(one.p)}."
        )
    return Table(
        found.endpoint.title,
        columns,
        tuple(
            row(
                group.name,
                str(group.n),
                str(group.n_events),
                time_interval(group.median),
                _mean(group.mean, found.level),
                *(percent_interval(group.at[one]) for one in moments),
            )
            for group in found.groups
        ),
        tuple(notes),
    )


def _mean(mean: object, level: float) -> str:
    from opensirt.outcomes.restricted_mean import RestrictedMean

    if not isinstance(mean, RestrictedMean):
        return Missing.NOT_EVALUABLE.value
    low, high = mean.interval(level)
    return f"{rounded(mean.estimate)} ({rounded(low)} to {rounded(high)})"


def _incidences(found: SurvivalAnalysis) -> Table:
    rows = []
    for group in found.groups:
        for one in group.incidence:
            chance = one.at(_within(found.horizon, one))
            rows.append(row(group.name, one.name, percent_interval(chance)))
    return Table(
        "Cumulative incidence of every event",
        (
            Column("Group", numeric=False),
            Column("Event", numeric=False, share=1.6),
            Column(f"At {rounded(found.horizon)} {found.endpoint.unit}", "%", share=1.6),
        ),
        tuple(rows),
        ("Aalen–Johansen; one minus Kaplan–Meier would overstate it where events compete.",),
    )


def _models(found: SurvivalAnalysis) -> tuple[Table, ...]:
    cox, checked = found.cox, found.proportionality
    assert cox is not None  # noqa: S101 - asked for only where there is a model
    assert checked is not None  # noqa: S101 - made with the model
    bounds = cox.hazard_ratio_interval(found.level)
    rows = [
        row(
            name,
            ratio_interval(float(ratio), float(low), float(high)),
            p_value(float(p)),
            p_value(test.p),
        )
        for name, ratio, (low, high), p, test in zip(
            cox.coefficients.names,
            cox.hazard_ratio,
            bounds,
            cox.coefficients.p,
            checked.tests,
            strict=True,
        )
    ]
    kind = "Cause-specific hazard ratios" if found.groups[0].incidence else "Hazard ratios"
    made = [
        Table(
            f"{kind} (Cox, ties by Efron{', robust errors' if cox.robust else ''})",
            (
                Column("Column", numeric=False, share=1.6),
                Column("Hazard ratio", share=1.8),
                Column("p"),
                Column("p of proportionality", share=1.2),
            ),
            tuple(rows),
            (
                (
                    f"n = {cox.n}, {cox.n_events} events. Likelihood ratio χ² = "
                    f"{cox.likelihood_ratio_test.statistic:.2f}, {len(rows)} df, "
                    f"p {p_value(cox.likelihood_ratio_test.p)}. Proportionality of all: p "
                    f"{p_value(checked.overall.p)} (time as 1 − Kaplan–Meier)."
                ),
            ),
        )
    ]
    fine_gray = found.fine_gray
    if fine_gray is not None:
        limits = fine_gray.hazard_ratio_interval(found.level)
        made.append(
            Table(
                "Subdistribution hazard ratios (Fine–Gray)",
                (
                    Column("Column", numeric=False, share=1.6),
                    Column("Hazard ratio", share=1.8),
                    Column("p"),
                ),
                tuple(
                    row(
                        name,
                        ratio_interval(float(ratio), float(low), float(high)),
                        p_value(float(p)),
                    )
                    for name, ratio, (low, high), p in zip(
                        fine_gray.coefficients.names,
                        fine_gray.hazard_ratio,
                        limits,
                        fine_gray.coefficients.p,
                        strict=True,
                    )
                ),
                ("They speak of the cumulative incidence; the ratios above of the rate.",),
            )
        )
    return tuple(made)

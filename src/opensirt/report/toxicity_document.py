"""Incidence of a toxicity as a document: who had it by when, with death competing."""

from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn, left_out
from opensirt.report.outcome_words import p_value, percent_interval, proportion_words


def toxicity_document(
    found: ToxicityAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the incidence for people; the picture is a PNG of its curves."""
    words = next(iter(found.groups.values())).times.endpoint
    events = sum(one.ever.count for one in found.groups.values())
    return cohort_document(
        f"Toxicity: {words.title}",
        found.population,
        answers=_answers(found),
        definitions=(
            ("Cohort", found.population),
            ("Unit of analysis", f"patient, n = {found.n}"),
            ("Event", f"{words.event} (column {found.asked.event}: {found.meaning})"),
            ("Competing event", "death without it"),
            ("Criterion", words.criterion),
            ("Time origin", words.origin),
            ("Censoring", words.censoring),
            ("Last day known", f"that of the endpoint {found.asked.survival}"),
            ("Unit of time", words.unit),
            left_out(found.left_out, found.missing),
        ),
        notes=(
            *found.notes,
            (
                "Term, grade and CTCAE version are as named by the one who asked; the flag holds "
                "what the dictionary says below."
            ),
        ),
        estimates=(Section("Estimates", (_table(found),)),),
        made_at=made_at,
        software=software,
        picture=drawn(
            "toxicity",
            picture,
            f"{words.title}: {events} events among {found.n} patients.",
            f"Cumulative incidence of {words.title} over time",
        ),
    )


def _answers(found: ToxicityAnalysis) -> list[KeyFigure]:
    """Return the incidence of each group by the last day asked for, and whether they differ."""
    items = []
    for name, one in found.groups.items():
        last = max(one.at, default=None)
        counted = f"ever seen {proportion_words(one.ever)}"
        if last is None:
            items.append(KeyFigure(f"{name}: ever seen", proportion_words(one.ever)))
        else:
            items.append(
                KeyFigure(
                    f"{name}: by day {last:g}", f"{percent_interval(one.at[last])} %", counted
                )
            )
    if found.comparison is not None:
        p = p_value(found.comparison.p)
        items.append(KeyFigure("Gray test", f"p {p}", found.group_column))
    return items


def _table(found: ToxicityAnalysis) -> Table:
    days = tuple(next(iter(found.groups.values())).at)
    notes = [
        (
            f"In brackets {found.level:.0%} intervals: Aalen–Johansen log(−log), ever seen Wilson. "
            "Ever seen is of all patients whatever their follow-up: a lower bound."
        )
    ]
    if found.comparison is not None:
        one = found.comparison
        notes.append(
            f"Gray test of {found.group_column}: χ² = {one.statistic:.3f}, {one.degrees} df, "
            f"p {p_value(one.p)}."
        )
    return Table(
        "Cumulative incidence",
        (
            Column("Group", numeric=False, share=1.4),
            Column("n", share=0.5),
            Column("Ever seen", share=2.7),
            Column("Died without it"),
            Column("Censored", share=1.15),
            *(Column(f"At {day:g} days", "%", share=1.7) for day in days),
        ),
        tuple(
            row(
                name,
                str(one.times.n),
                proportion_words(one.ever),
                str(one.n_deaths_before),
                str(one.n_lost_before),
                *(percent_interval(one.at[day]) for day in days),
            )
            for name, one in found.groups.items()
        ),
        tuple(notes),
    )

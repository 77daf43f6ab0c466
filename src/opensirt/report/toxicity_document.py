"""Incidence of a toxicity as a document: who had it by when, with death competing."""

from opensirt.outcomes.toxicity_analysis import ToxicityAnalysis
from opensirt.report.content import (
    Bullets,
    Column,
    Document,
    Facts,
    Picture,
    Section,
    Table,
    row,
)
from opensirt.report.outcome_words import p_value, percent_interval, proportion_words
from opensirt.report.wording import RESEARCH_USE


def toxicity_document(
    found: ToxicityAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the incidence for people; the picture is a PNG of its curves."""
    words = next(iter(found.groups.values())).times.endpoint
    gone = "".join(f"; {name} lacks {count}" for name, count in found.missing.items())
    facts = Facts(
        "Definitions",
        (
            ("Cohort", found.population),
            ("Unit of analysis", f"patient, n = {found.n}"),
            ("Event", f"{words.event} (column {found.asked.event}: {found.meaning})"),
            ("Competing event", "death without it"),
            ("Criterion", words.criterion),
            ("Time origin", words.origin),
            ("Censoring", words.censoring),
            ("Last day known", f"that of the endpoint {found.asked.survival}"),
            ("Unit of time", words.unit),
            ("Left out for missing values", f"{found.left_out}{gone}"),
        ),
    )
    notes = (
        *found.notes,
        (
            "Term, grade and CTCAE version are as named by the one who asked; the flag holds what "
            "the dictionary says above."
        ),
    )
    sections = [Section("What was counted", (facts, Bullets(notes, "To be read with it")))]
    if picture is not None:
        events = sum(one.ever.count for one in found.groups.values())
        sections.append(
            Section(
                "Curves",
                (
                    Picture(
                        "toxicity",
                        picture,
                        f"{words.title}: {events} among {found.n} patients.",
                        f"Cumulative incidence of {words.title} over time",
                    ),
                ),
            )
        )
    sections.append(Section("Estimates", (_table(found),), wide=True))
    return Document(
        title=f"Toxicity: {words.title}",
        case_key=found.population,
        research_use=RESEARCH_USE,
        made_at=made_at,
        software=software,
        sections=tuple(sections),
        subject="Cohort:",
    )


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
            Column("n", share=0.6),
            Column("Ever seen", share=2.2),
            Column("Died without it"),
            Column("Censored"),
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

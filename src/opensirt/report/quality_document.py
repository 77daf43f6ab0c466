"""Scored questionnaires of a cohort as a document: forms, means and changes by visit."""

from opensirt.domain.missing import Missing
from opensirt.outcomes.quality_summary import FormState, QualitySummary, ScaleAtVisit
from opensirt.report.content import Bullets, Cell, Column, Document, Facts, Section, Table, row
from opensirt.report.wording import RESEARCH_USE

_ABSENT = (
    "Means are of those who answered. Those too ill to answer are not among them, and the course "
    "then looks better than it was: read the forms first."
)


def quality_document(found: QualitySummary, *, made_at: str, software: str) -> Document:
    """Return the summary for people."""
    facts = Facts(
        "Definitions",
        (
            ("Cohort", found.population),
            ("Unit of analysis", f"visit of a patient, {found.n_patients} patients"),
            ("Scores", found.source),
            ("Time origin", "day of treatment"),
            ("Change", "since the last form on or before the day of treatment"),
            ("Important difference", found.difference),
        ),
    )
    return Document(
        title="Quality of life by visit",
        case_key=found.population,
        research_use=RESEARCH_USE,
        made_at=made_at,
        software=software,
        sections=(
            Section(
                "What was counted", (facts, Bullets((_ABSENT, *found.notes), "To be read with it"))
            ),
            Section("Forms", (_forms(found),), wide=True),
            Section("Scores", (_scores(found),), wide=True),
        ),
        subject="Cohort:",
    )


def _forms(found: QualitySummary) -> Table:
    shown = [one for one in FormState if any(each.counts[one.value] for each in found.visits)]
    rows = []
    for one in found.visits:
        part = one.completion
        said = "—" if isinstance(part, Missing) else f"{100 * part:.0f}"
        counts = [str(one.counts[state.value]) for state in shown]
        rows.append(row(one.visit, *counts, str(one.due), said))
    return Table(
        "Forms by visit",
        (
            Column("Visit", numeric=False, share=1.3),
            *(Column(one.value.capitalize(), share=1.3) for one in shown),
            Column("Due"),
            Column("Filled in of those due", "%", share=1.2),
        ),
        tuple(rows),
        ("Due: filled in, or the patient was known alive to the end of the visit.",),
    )


def _scores(found: QualitySummary) -> Table:
    return Table(
        "Scores by visit",
        (
            Column("Scale", numeric=False, share=2.4),
            Column("Visit", numeric=False, share=1.1),
            Column("n", share=0.5),
            Column("Mean (SD)", share=1.3),
            Column("n with change", share=0.8),
            Column("Mean change", share=1.8),
            Column("Improved", share=0.9),
            Column("No important difference", share=1.1),
            Column("Deteriorated", share=1.1),
        ),
        tuple(_line(one) for one in found.scales if one.n or one.n_change),
        (
            f"In brackets the {found.level:.0%} interval of the mean change, by Student's t.",
            "Improved and deteriorated are in the patient's sense: symptoms improve by falling.",
        ),
    )


def _line(one: ScaleAtVisit) -> tuple[Cell, ...]:
    mean = "—" if isinstance(one.mean, Missing) else f"{one.mean:.1f}"
    if not isinstance(one.standard_deviation, Missing):
        mean += f" ({one.standard_deviation:.1f})"
    change = "—" if isinstance(one.mean_change, Missing) else f"{one.mean_change:+.1f}"
    if not isinstance(one.change_interval, Missing):
        low, high = one.change_interval
        change += f" ({low:+.1f} to {high:+.1f})"
    judged = list(one.judged.values()) if one.n_change and one.judged else ["—"] * 3
    return row(
        one.meaning.split(", 0 to 100")[0],
        one.visit,
        str(one.n),
        mean,
        str(one.n_change),
        change,
        *map(str, judged),
    )

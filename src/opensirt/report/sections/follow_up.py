"""The follow-up for the report: timeline, response, toxicity, liver disease, patient's word."""

from collections.abc import Sequence
from datetime import date

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.clinical.timeline import EventKind, TimelineEvent
from opensirt.domain.missing import Missing
from opensirt.report.content import (
    Block,
    Bullets,
    Column,
    Facts,
    Section,
    Table,
    row,
)
from opensirt.report.number import as_percent, rounded
from opensirt.report.sections.follow_up_pictures import response_pictures, timeline_picture
from opensirt.report.sections.follow_up_response import patient_reported_blocks, response_blocks
from opensirt.report.sections.follow_up_toxicity import liver_disease_blocks, toxicity_blocks


def follow_up_sections(follow_up: FollowUp) -> tuple[Section, ...]:
    """Return the sections of a follow-up in the order in which they are read."""
    picture = timeline_picture(follow_up)
    sections = (
        Section(f"Follow-up, day {follow_up.day}", (_facts(follow_up), picture)),
        Section("Response", (*response_blocks(follow_up), *response_pictures(follow_up))),
        Section("Toxicity", tuple(toxicity_blocks(follow_up))),
        Section("Liver disease after treatment", tuple(liver_disease_blocks(follow_up))),
        Section("Liver function over time", tuple(_function(follow_up))),
        Section("Symptoms, markers, quality of life", tuple(patient_reported_blocks(follow_up))),
    )
    return tuple(one for one in sections if one.blocks)


def timeline_sections(follow_up: FollowUp) -> tuple[Section, ...]:
    """Return everything with a date, in a list."""
    blocks = tuple(_timeline(follow_up))
    return (Section("Timeline", blocks),) if blocks else ()


def _facts(follow_up: FollowUp) -> Facts:
    status = follow_up.vital_status
    last = max(follow_up.performance, key=lambda one: one.on, default=None)
    watch = "on the watch list" if follow_up.on_watch_list else "not on the watch list"
    return Facts(
        "",
        (
            ("Treatment", follow_up.treated_on.isoformat()),
            ("As of", f"{follow_up.on.isoformat()}, day {follow_up.day}"),
            (
                "Vital status",
                status.value
                if isinstance(status, Missing)
                else f"{status.state.value}, {status.on.isoformat()}",
            ),
            (
                "Performance",
                Missing.NOT_RECORDED.value
                if last is None
                else f"ECOG {last.ecog}, {last.on.isoformat()}",
            ),
            ("Liver disease after treatment", f"{watch} (days 14 to 180)"),
        ),
    )


def _function(follow_up: FollowUp) -> list[Block]:
    blocks: list[Block] = []
    trends = follow_up.liver_function
    if trends:
        days = sorted({one.on for trend in trends for one in trend.values})
        by_day = {trend.name: {one.on: one.score for one in trend.values} for trend in trends}
        rows = []
        for day in days:
            cells = []
            for trend in trends:
                score = by_day[trend.name].get(day)
                if score is None:
                    cells.append("")
                elif isinstance(score.value, Missing):
                    cells.append("unknown" if score.bounds is None else _bounds(score.bounds))
                else:
                    grade = f" ({score.grade})" if isinstance(score.grade, str) else ""
                    cells.append(f"{_score(score.value)}{grade}")
            rows.append(row(day.isoformat(), *cells))
        blocks.append(
            Table(
                "Scores on every day that has one of their inputs",
                (
                    Column("On", numeric=False, share=1.1),
                    *(Column(one.name, numeric=False) for one in trends),
                ),
                tuple(rows),
                (
                    (
                        "In brackets: grade or class. Two numbers: what the known inputs allow. "
                        "Variants and missing inputs stand in the record."
                    ),
                ),
            )
        )
    if follow_up.hepatobiliary:
        blocks.append(
            Table(
                "Hepatobiliary function (cut-offs are surgical, none is for radioembolization)",
                (
                    Column("On", numeric=False),
                    Column("Whole liver", "%/min/m²"),
                    Column("Remnant", "%/min/m²"),
                    Column("Remnant of the whole", "%"),
                    Column("Remnant against 2.69", numeric=False, share=1.4),
                ),
                tuple(
                    row(
                        one.on.isoformat(),
                        rounded(one.whole.value),
                        rounded(one.remnant.value),
                        as_percent(one.remnant_fraction),
                        one.remnant.grade if isinstance(one.remnant.grade, str) else "unknown",
                    )
                    for one in follow_up.hepatobiliary
                ),
            )
        )
    return blocks


def _score(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else rounded(value)


def _bounds(bounds: tuple[float, float]) -> str:
    return f"{_score(bounds[0])} to {_score(bounds[1])}"


def _timeline(follow_up: FollowUp) -> list[Block]:
    """Return every dated entry: those of one day and kind in one line."""
    together: dict[tuple[date, EventKind], list[TimelineEvent]] = {}
    for one in follow_up.timeline.events:
        together.setdefault((one.on, one.kind), []).append(one)
    blocks: list[Block] = [
        Table(
            "Everything with a date",
            (
                Column("Day", share=0.5),
                Column("Date", numeric=False, share=1.0),
                Column("What", numeric=False, share=1.1),
                Column("Entry", numeric=False, share=5.0),
            ),
            tuple(
                row(
                    str((on - follow_up.treated_on).days).replace("-", "−"),
                    on.isoformat(),
                    kind.value,
                    _words(events),
                )
                for (on, kind), events in together.items()
            ),
        )
    ]
    if follow_up.timeline.undated:
        blocks.append(Bullets(follow_up.timeline.undated, "Without a date"))
    return blocks


def _words(events: Sequence[TimelineEvent]) -> str:
    words = []
    for one in events:
        text = one.text.replace("_", " ")
        if isinstance(one.until, date):
            text += f" (until {one.until.isoformat()})"
        words.append(text)
    return "; ".join(words)

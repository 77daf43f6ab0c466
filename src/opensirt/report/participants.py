"""The flow of participants of an analysis: as a section of its report, as CSV, as plain values."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from opensirt.domain.participants import STEPS, FlowStep
from opensirt.report.content import Column, Section, Table, row

_TREATED = ("Eligible: no selection on record stands against it, or treated all the same.",)
PARTICIPANTS_SCHEMA = "opensirt/participants/1"


def participants_section(steps: Sequence[FlowStep]) -> Section:
    """Return the flow for people: one row for each step, and one for each reason of a loss."""
    rows = []
    for one in steps:
        lost = sum(one.lost.values())
        rows.append(row(one.title, str(one.n), str(lost) if lost else "", ""))
        rows += [row("", "", str(count), reason) for reason, count in one.lost.items()]
    return Section(
        "Participants",
        (
            Table(
                "Flow of participants",
                (
                    Column("Step", numeric=False, share=1.5),
                    Column("Patients", share=0.6),
                    Column("Lost", share=0.5),
                    Column("Why", numeric=False, share=3.0),
                ),
                tuple(rows),
                (
                    "Patients, each counted once and lost for one reason (STROBE item 13).",
                    *(_TREATED if STEPS[1] in {one.title for one in steps} else ()),
                ),
            ),
        ),
    )


def participants_data(steps: Sequence[FlowStep]) -> list[dict[str, Any]]:
    """Return the flow as plain values."""
    return [{"step": one.title, "patients": one.n, "lost": dict(one.lost)} for one in steps]


def participants_csv(steps: Sequence[FlowStep]) -> str:
    """Return the flow as CSV: a line for each step, and one for each reason of a loss."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("step", "patients", "lost", "reason"))
    for one in steps:
        writer.writerow((one.title, one.n, sum(one.lost.values()), ""))
        writer.writerows((one.title, "", count, reason) for reason, count in one.lost.items())
    return stream.getvalue()

"""The acceptance report for people, as HTML and PDF."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from opensirt.domain.acceptance import Acceptance, Change, Check, Outcome
from opensirt.domain.missing import Missing
from opensirt.report.content import (
    Column,
    Document,
    Facts,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
    Table,
    row,
)
from opensirt.report.envelope import shown_minute, software_words
from opensirt.report.pages import write_pages
from opensirt.report.wording import RESEARCH_USE

NAME = "acceptance"
"""Of both files, without their suffixes."""

_DIGITS = 5
_GROUPED = 16


def write_acceptance_pages(folder: Path, made: Acceptance, made_at: datetime) -> tuple[Path, ...]:
    """Write acceptance.html and acceptance.pdf, each whole or not at all."""
    return write_pages(folder, NAME, acceptance_document(made), made_at)


def acceptance_document(made: Acceptance) -> Document:
    """Return the report: verdict, what failed, what changed, every check, who signed."""
    failed = [one for one in made.checks if one.outcome is Outcome.FAIL]
    sections = [_verdict(made)]
    if failed:
        sections.append(Section("Checks that failed", (_checks("Failed", failed),), wide=True))
    sections.append(_changed(made))
    groups: dict[str, list[Check]] = {}
    for one in made.checks:
        if one.outcome is not Outcome.WATCHED:
            groups.setdefault(one.group, []).append(one)
    sections += [
        Section(group[0].upper() + group[1:], (_checks(group, checks),), wide=True)
        for group, checks in groups.items()
    ]
    sections.append(_signed(made))
    return Document(
        title="Acceptance report",
        case_key=f"accepted by {made.by}",
        research_use=RESEARCH_USE,
        made_at=shown_minute(made.made_at),
        software=software_words(made.software.get("opensirt")),
        sections=tuple(sections),
        subject="Installation",
    )


def _verdict(made: Acceptance) -> Section:
    n_failed = made.count(Outcome.FAIL)
    n_judged = made.count(Outcome.PASS) + n_failed
    verdict = "every check passed" if n_failed == 0 else f"{n_failed} of {n_judged} checks failed"
    if n_judged == 0:
        verdict = "no check was judged"
    changed = (
        "first run"
        if isinstance(made.earlier_made_at, Missing)
        else f"{len(made.changes)} of {len(made.checks)} numbers"
    )
    return Section(
        "Result",
        (
            KeyFigures(
                "This installation",
                (
                    KeyFigure("Result", verdict),
                    KeyFigure("Checks against a reference", f"{n_judged}"),
                    KeyFigure("Numbers watched for change", f"{made.count(Outcome.WATCHED)}"),
                    KeyFigure("Changed since the earlier report", changed),
                ),
            ),
            Paragraph(
                "References are doses computed with EGSnrc, worked examples, shapes whose answer "
                "is exact, and digital patients whose truth is known; none is a measurement, but "
                "that of the site's own phantom where one was given. Before clinical use a "
                "qualified person checks the whole chain, camera included."
            ),
        ),
    )


def _checks(caption: str, checks: Sequence[Check]) -> Table:
    return Table(
        caption[0].upper() + caption[1:],
        (
            Column("Quantity", numeric=False, share=4.0),
            Column("Unit", numeric=False, share=1.2),
            Column("Found"),
            Column("Wanted"),
            Column("Tolerance", share=1.0),
            Column("Result", numeric=False, share=0.7),
        ),
        tuple(
            row(
                one.quantity,
                "" if one.unit == "1" else one.unit,
                _number(one.found),
                _number(one.wanted),
                f"± {_number(one.tolerance, 2)}",
                one.outcome.value if one.outcome is Outcome.PASS else "FAIL",
                strong=one.outcome is Outcome.FAIL,
            )
            for one in checks
        ),
        notes=tuple(sorted({one.source for one in checks if one.source})),
    )


def _number(value: float | Missing, digits: int = _DIGITS) -> str:
    return value.value if isinstance(value, Missing) else f"{value:.{digits}g}".replace("-", "−")


def _changed(made: Acceptance) -> Section:
    title = "What changed since the earlier report"
    if isinstance(made.earlier_made_at, Missing):
        text = "There was no earlier report in this folder: the numbers of this run are the first."
        return Section(title, (Paragraph(text),))
    text = (
        f"Compared with the report of {made.earlier_made_at.isoformat(timespec='minutes')} by "
        f"OpenSIRT {made.earlier_software} (sha256 {made.earlier_sha256}), whose signature holds."
    )
    if not made.changes:
        return Section(title, (Paragraph(f"{text} No number changed."),))
    quantities = {one.name: one for one in made.checks}
    return Section(
        title,
        (Paragraph(text), _changes(made.changes, quantities)),
        wide=True,
    )


def _changes(changes: Sequence[Change], checks: Mapping[str, Check]) -> Table:
    return Table(
        "Changed numbers",
        (
            Column("Number", numeric=False, share=4.5),
            Column("Earlier"),
            Column("Now"),
            Column("Change", "%"),
        ),
        tuple(
            row(
                _words(one, checks),
                "not there" if isinstance(one.earlier, Missing) else _number(one.earlier),
                "gone" if isinstance(one.now, Missing) else _number(one.now),
                "—" if isinstance(one.relative, Missing) else _number(one.relative * 100.0, 3),
            )
            for one in changes
        ),
    )


def _words(one: Change, checks: Mapping[str, Check]) -> str:
    check = checks.get(one.name)
    return one.name if check is None else f"{check.group}: {check.quantity}"


def _signed(made: Acceptance) -> Section:
    key = " ".join(
        made.public_key[start : start + _GROUPED]
        for start in range(0, len(made.public_key), _GROUPED)
    )
    signature = " ".join(
        made.signature[start : start + _GROUPED]
        for start in range(0, len(made.signature), _GROUPED)
    )
    return Section(
        "Signature",
        (
            Paragraph(
                f"Accepted by {made.by} on {made.made_at.isoformat(timespec='minutes')}. The "
                "signature below is over acceptance.json, which holds every number; a later run "
                "refuses a file that was changed."
            ),
            Facts(
                "Signed with Ed25519",
                (("sha256", made.sha256), ("public key", key), ("signature", signature)),
                fixed_width=True,
            ),
            Facts("Machine and versions", (*made.machine.items(), *made.software.items())),
            Paragraph("Date and signature by hand: ______________________________"),
        ),
    )

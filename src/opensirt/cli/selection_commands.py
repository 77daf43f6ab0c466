"""The command that comes before a work-up: select."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import UNVERIFIED, Progress, findings, json_option, number, say_json, table
from opensirt.cli.options import case_argument, site_option

if TYPE_CHECKING:
    from opensirt.domain.selection import Selection

STOPPED = 1


@click.command()
@case_argument
@click.option(
    "--profile",
    metavar="NAME",
    help="Rules to ask: general, resin_label_ap, … or site [the site's own, else general].",
)
@click.option(
    "--device", metavar="D", help="resin, glass or holmium, in place of the prescription's."
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the decision [day of treatment, or today].",
)
@click.option("--page", is_flag=True, help="Write the tumour-board page beside the report.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the page, and write it [CASE/report]."
)
@site_option
@json_option
def select(
    case: Path,
    *,
    profile: str | None,
    device: str | None,
    on: datetime | None,
    page: bool,
    out: Path | None,
    site_path: Path | None,
    as_json: bool,
) -> None:
    """Ask the eligibility rules; list what is unknown.

    Lists liver function, checklist and considerations too, each with its source; it chooses
    nothing. With --page, writes tumour-board.html and tumour-board.pdf. Exit code 1 with an
    absolute contraindication that nobody overrode.
    """
    from opensirt.app.run import REPORT_FOLDER
    from opensirt.app.select import select_folder
    from opensirt.domain.finding import stops
    from opensirt.files.case_file import case_file_path
    from opensirt.report.results import results_document

    folder = case_file_path(case).parent / REPORT_FOLDER if page and out is None else out
    day: date | None = None if on is None else on.date()
    with Progress() as progress:
        made = select_folder(
            case,
            made_at=datetime.now(UTC),
            profile=profile,
            device=device,
            on=day,
            page=folder,
            site_path=site_path,
            progress=progress,
        )
    if as_json:
        say_json(results_document(made.case, made.result))
    else:
        findings(made.result.findings)
        assert made.result.selection is not None  # noqa: S101 - select_folder makes one
        say_selection(made.result.selection)
        for one in made.pages:
            click.echo(f"page: {one}")
        click.echo(f"record: {made.record}")
    if stops(made.result.findings):
        sys.exit(STOPPED)


def say_selection(selection: "Selection") -> None:
    """Write rules that failed or are unknown, liver function, options and checklist."""
    from opensirt.domain.eligibility import Outcome

    eligibility = selection.eligibility
    order = (Outcome.FAIL, Outcome.UNKNOWN)
    n_passed = sum(one.outcome is Outcome.PASS for one in eligibility.results)
    table(
        f"Eligibility, profile {eligibility.profile}, {eligibility.device or 'any device'}, "
        f"{selection.on.isoformat()}: {n_passed} rules passed",
        ("rule", "result", "kind", "what it asks", "missing"),
        [
            (
                one.id,
                one.outcome.value,
                one.kind.value,
                one.title + ("" if one.verified else f" {UNVERIFIED}"),
                "no verified value" if one.no_verified_value else ", ".join(one.missing),
            )
            for outcome in order
            for one in eligibility.results
            if one.outcome is outcome
        ],
    )
    table(
        "Liver function",
        ("score", "variant", "value", "grade", "missing"),
        [
            (
                one.name,
                one.variant,
                f"{number(one.value)} {one.unit.removeprefix('1')}".rstrip()
                if one.known
                else "unknown",
                one.grade if isinstance(one.grade, str) else "",
                ", ".join(sorted(one.missing)),
            )
            for one in selection.scores
        ],
    )
    _say_options(selection)
    _say_checklist(selection)


def _say_options(selection: "Selection") -> None:
    from opensirt.clinical.option import options

    rows = []
    for option in options():
        mine = [one for one in selection.considerations if one.option == option.name]
        waiting = sum(one.applies is None for one in mine)
        order = ["for", "against", "note"]
        some = sorted(
            (one for one in mine if one.applies), key=lambda one: order.index(one.side.value)
        )
        if not some and not waiting:
            continue
        more = f"{waiting} more may apply" if waiting else ""
        standing = [part for part in (option.standing(selection.facts), more) if part]
        rows.append((f"{option.group}: {option.title}", "here", "; ".join(standing), ""))
        rows += [
            (
                "",
                one.side.value,
                one.text + ("" if one.citation.verified else f" {UNVERIFIED}"),
                one.citation.source,
            )
            for one in some
        ]
    table(
        "Options, in one order for every patient: nothing is weighed or chosen",
        ("option", "side", "what", "source"),
        rows,
    )


def _say_checklist(selection: "Selection") -> None:
    table(
        "Checklist",
        ("when", "what", "not known"),
        [
            (
                one.stage.value,
                one.text + ("" if one.citation.verified else f" {UNVERIFIED}"),
                "" if one.applies else ", ".join(one.missing),
            )
            for one in selection.checklist
            if one.applies is not False
        ],
    )

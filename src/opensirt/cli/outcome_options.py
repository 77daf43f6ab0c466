"""Options and printing that the commands on outcomes share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opensirt.cli.answer import json_option, say_json, table
from opensirt.cli.options import db_option, images_option

if TYPE_CHECKING:
    from opensirt.app.cohort_outcomes import Analysis
    from opensirt.report.content import Document

_F = TypeVar("_F", bound=Callable[..., object])


def table_options(command: _F) -> _F:
    """Add where the table comes from."""
    for option in (
        click.option(
            "--engine", metavar="ENGINE", help="With a store: doses of `cohort run` by this engine."
        ),
        click.option("--where", metavar="CONDITION", help="Only rows for which this holds."),
        images_option,
        db_option,
        click.argument("path", required=False, metavar="[TABLE]", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


participants_option = click.option(
    "--participants",
    "flow",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the flow of participants as .csv or .json.",
)


def page_options(command: _F) -> _F:
    """Add where figure, page and JSON go."""
    for option in (
        json_option,
        participants_option,
        click.option(
            "--out",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write the whole analysis as .html or .pdf.",
        ),
        click.option(
            "--plot",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write the figure as .png or .svg.",
        ),
    ):
        command = option(command)
    return command


def say_analysis(
    found: "Analysis",
    document: "Document",
    results: Callable[[Any], dict[str, Any]],
    *,
    written: tuple[Path | None, ...],
    flow: Path | None,
    as_json: bool,
) -> None:
    """Write the flow of participants where it is wanted, and answer people or programs."""
    from opensirt.app.cohort_outcomes import write_participants
    from opensirt.report.participants import participants_data

    if flow is not None:
        write_participants(flow, found.participants)
    if as_json:
        say_json({**results(found), "participants": participants_data(found.participants)})
        return
    say_document(document, (*written, flow))


def say_document(document: "Document", written: tuple[Path | None, ...]) -> None:
    """Print the tables of a document, and the files that were written."""
    from opensirt.app.cohort_outcomes import tables_of
    from opensirt.report.content import Facts, Table

    click.echo(f"{document.title}: {document.case_key}")
    for block in tables_of(document):
        if isinstance(block, Table):
            headers = [f"{one.header} {one.unit}".strip() for one in block.columns]
            table(block.caption, headers, [[cell.text for cell in row] for row in block.rows])
            for note in block.notes:
                click.echo(note)
        elif isinstance(block, Facts):
            table(block.caption, ("", ""), block.rows)
        else:
            for item in block.items:
                click.echo(f"note {item}")
    for path in written:
        if path is not None:
            click.echo(f"wrote {path}")

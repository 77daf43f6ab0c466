"""The commands on what is known of patients: import-records, follow-up, response-plots."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, findings, json_option, say_json, table
from opensirt.cli.options import case_argument, site_option


@click.command("import-records")
@click.argument("records", metavar="TABLE", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping",
    required=True,
    type=click.Path(path_type=Path),
    metavar="MAP.toml",
    help="Mapping file: which column is what, in which unit.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be stored; write nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the case folders.")
@json_option
def import_records(
    records: Path, *, mapping: Path, dry_run: bool, out: Path | None, as_json: bool
) -> None:
    """Read patients from CSV, Excel or REDCap.

    Writes one case folder for each patient and overwrites none. Every row is stored whole, or
    listed as refused with its reason.
    """
    from opensirt.app.import_records import import_records as import_table

    with Progress() as progress:
        progress("reading")
        today = datetime.now(UTC).astimezone().date()
        made = import_table(records, mapping, out=out, today=today, dry_run=dry_run)
    result = made.result
    if as_json:
        say_json(
            {
                "schema": "opensirt/import-result/1",
                "dry_run": dry_run,
                "n_rows": result.n_rows,
                "n_rows_stored": len(result.stored),
                "n_rows_refused": len(result.refused_rows),
                "findings": result.findings,
                "refused": result.refused,
                "records": result.records,
                "treated_on": result.treated_on,
                "written": made.written,
            }
        )
        return
    findings(result.findings)
    if dry_run:
        for text in made.texts.values():
            click.echo(text)
    if result.refused:
        rows = [(str(one.row), one.column, one.found, one.wanted) for one in result.refused]
        table("Refused", ("row", "column", "found", "wanted"), rows)
    click.echo(
        f"{result.n_rows} rows: {len(result.stored)} stored, {len(result.refused_rows)} refused; "
        f"{len(result.records)} patients"
    )
    click.echo("dry run: nothing was written" if dry_run else f"written: {out}")


@click.command("follow-up")
@case_argument
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the follow-up; nothing later is read [today].",
)
@site_option
@json_option
def follow_up(case: Path, *, on: datetime | None, site_path: Path | None, as_json: bool) -> None:
    """Grade toxicity; read response and symptoms.

    CTCAE versions, definitions of liver disease and response criteria stand side by side; what
    is unknown is named.
    """
    from opensirt.app.follow_up import follow_up_folder
    from opensirt.cli.follow_up_tables import say_follow_up

    now = datetime.now(UTC)
    with Progress() as progress:
        progress("reading")
        made = follow_up_folder(
            case,
            on=now.astimezone().date() if on is None else on.date(),
            made_at=now,
            site_path=site_path,
        )
    if as_json:
        say_json(made.document)
        return
    say_follow_up(made.follow_up)
    click.echo(f"record: {made.record}")


@click.command("response-plots")
@click.argument("cases", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--criterion",
    default="recist_1_1",
    show_default=True,
    metavar="NAME",
    help="Response criterion: recist_1_1, mrecist, … or one of site.toml; never several together.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the plots.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day of the follow-up; nothing later is read [today].",
)
@site_option
@json_option
def response_plots(
    cases: tuple[Path, ...],
    *,
    criterion: str,
    out: Path,
    on: datetime | None,
    site_path: Path | None,
    as_json: bool,
) -> None:
    """Draw waterfall, spider and swimmer of several cases.

    Writes waterfall_NAME.png, spider_NAME.png and swimmer_NAME.png, one bar, line or lane for
    each case; adds no record.
    """
    from opensirt.app.follow_up import response_plots_of

    now = datetime.now(UTC)
    with Progress() as progress:
        progress("reading")
        made = response_plots_of(
            cases,
            out,
            criterion=criterion,
            on=now.astimezone().date() if on is None else on.date(),
            made_at=now,
            site_path=site_path,
        )
    if as_json:
        say_json({"schema": "opensirt/response-plots/1", "criterion": criterion, "files": made})
        return
    for path in made:
        click.echo(f"plot: {path}")

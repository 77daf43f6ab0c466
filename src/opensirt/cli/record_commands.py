"""The commands on what is known of patients: import-records."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, findings, json_option, say_json, table


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

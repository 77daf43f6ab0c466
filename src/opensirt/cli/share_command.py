"""The command with which a centre shares sums of its cohort: cohort share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import Progress, json_option, say_json, table
from opensirt.cli.options import db_option, images_option

if TYPE_CHECKING:
    from opensirt.domain.analysis_table import AnalysisTable

_PATH = click.Path(path_type=Path)


@click.command("share")
@click.argument("table_path", metavar="[TABLE]", type=_PATH, required=False)
@db_option
@images_option
@click.option(
    "--unit",
    default="patient",
    show_default=True,
    help="With --db: what one row is, patient, lesion or procedure.",
)
@click.option(
    "--plan", required=True, type=_PATH, metavar="PLAN.toml", help="What the centres agreed on."
)
@click.option("--centre", required=True, help="Name of the centre, as the others know it.")
@click.option(
    "--key",
    "key_path",
    required=True,
    type=_PATH,
    metavar="KEY.pem",
    help="The centre's own key; a ledger of what left is kept beside it.",
)
@click.option("--new-key", is_flag=True, help="Make the key; it is never overwritten.")
@click.option(
    "--point", type=_PATH, metavar="POINT.json", help="Point of this round; none in round 0."
)
@click.option("--out", type=_PATH, metavar="FILE.json", help="The signed file that leaves.")
@click.option("--audit", is_flag=True, help="List every value that leaves, with its place.")
@json_option
def share(
    table_path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    unit: str,
    plan: Path,
    centre: str,
    key_path: Path,
    new_key: bool,
    point: Path | None,
    out: Path | None,
    audit: bool,
    as_json: bool,
) -> None:
    """Share sums of a cohort, never a row.

    TABLE is an analysis table or a CSV of numbers; without it the rows are those of the store.
    Without --out nothing is written: use it with
    --audit to see first what would leave. Counts under five are not told, and sums over such
    cells stay here.
    """
    from opensirt.app.share_cohort import share_cohort
    from opensirt.files.shared_file import fingerprint

    with Progress() as progress:
        progress("adding up")
        made = share_cohort(
            _rows_of_store(db, images, unit) if table_path is None else table_path,
            plan_path=plan,
            centre=centre,
            key_path=key_path,
            now=datetime.now(UTC),
            point_path=point,
            out=out,
            make_key=new_key,
        )
    if as_json:
        say_json(
            {
                "schema": "opensirt/cohort-share/1",
                "centre": centre,
                "plan": made.plan.key,
                "round": made.share.round_number,
                "key": fingerprint(made.public_key),
                "n_values": made.share.n_values,
                "leaving": [{"place": place, "value": value} for place, value in made.leaving],
                "withheld": made.share.withheld,
                "written": made.written,
                "ledger": made.ledger if made.written else None,
            }
        )
        return
    if audit:
        table(
            f"What leaves: {len(made.leaving)} values",
            ("place", "value"),
            [(place, value) for place, value in made.leaving],
        )
    for one in made.share.withheld:
        click.echo(f"withheld: {one.what}: {one.reason} ({one.detail})")
    click.echo(
        f"{centre}, plan {made.plan.key}, round {made.share.round_number}: "
        f"{len(made.share.models)} models, {len(made.share.risk_tables)} risk tables; "
        f"key {fingerprint(made.public_key)}"
    )
    if made.written:
        click.echo(f"written: {made.written}; ledger: {made.ledger}")
    else:
        click.echo("nothing was written; give --out")


def _rows_of_store(db: str | None, images: Path | None, unit: str) -> AnalysisTable:
    from opensirt.app.cohort_table import cohort_table
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        return cohort_table(store, unit=unit)

"""The commands on many patients: one group, `cohort`."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, json_option, number, say_json, table
from opensirt.cli.comparison_commands import compare, quality_of_life
from opensirt.cli.options import author_option, db_option, images_option, site_option
from opensirt.cli.outcome_commands import (
    describe,
    dose_response,
    local_target,
    simulate,
    survival,
)
from opensirt.cli.rate_commands import response, toxicity
from opensirt.cli.scores_command import scores
from opensirt.cli.share_command import share
from opensirt.cli.state_command import state


@click.group()
def cohort() -> None:
    """Work on many patients: a store and tables."""


for _command in (
    share,
    describe,
    response,
    toxicity,
    compare,
    quality_of_life,
    scores,
    state,
    survival,
    dose_response,
    local_target,
    simulate,
):
    cohort.add_command(_command)


@cohort.command("import")
@click.argument(
    "sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path)
)
@db_option
@images_option
@author_option
@json_option
def import_(
    sources: tuple[Path, ...],
    *,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Take case folders into the store.

    Each SOURCE is a case folder, holds case folders, or is the archive of a case. What is in the
    store is never changed: a case that was taken before gets a new version where something changed.
    """
    from opensirt.app.store_case import import_sources
    from opensirt.store.store import open_store

    with Progress(every_s=_EVERY_S) as progress, open_store(db, images=images) as store:
        made = import_sources(
            store, sources, author=author, at=datetime.now(UTC), progress=progress
        )
    if as_json:
        say_json({"schema": "opensirt/cohort-import/1", "cases": made})
        return
    rows = [(one.key, one.outcome, str(one.n_records), str(one.n_files)) for one in made]
    table("Imported", ("case", "outcome", "new records", "files"), rows)


where_option = click.option(
    "--where",
    metavar="CONDITION",
    help='Only patients for which it holds, such as: device == "resin" and albi_grade <= 2',
)


@cohort.command()
@click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="E",
    help="Dose engine; several are compared with the first [kernel].",
)
@where_option
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask scheduler, such as tcp://HOST:8786 [processes of this machine].",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine [all].")
@click.option("--retry-failed", is_flag=True, help="Try cases again that failed before.")
@site_option
@db_option
@images_option
@author_option
@json_option
def run(
    *,
    engines: tuple[str, ...],
    where: str | None,
    scheduler: str | None,
    workers: int | None,
    retry_failed: bool,
    site_path: Path | None,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Compute the delivered dose of many cases.

    One case is one task. Rows are kept as they come: after an interruption the same command does
    only what is missing, and so it does when cases, engine or site profile have changed.
    """
    from opensirt.app.cohort_run import RunRequest, compare, run_cohort
    from opensirt.app.cohort_table import cohort_select
    from opensirt.store.store import open_store

    chosen = engines or ("kernel",)
    with Progress(every_s=_EVERY_S) as progress, open_store(db, images=images) as store:
        progress("reading")
        keys = None
        if where is not None:
            keys = tuple(cohort_select(store, where=where).table["patient"].values.tolist())
        made = run_cohort(
            store,
            RunRequest(
                engines=chosen,
                author=author,
                made_at=datetime.now(UTC),
                case_keys=keys,
                site_path=site_path,
                scheduler=scheduler,
                n_workers=workers,
                retry_failed=retry_failed,
                progress=progress,
            ),
        )
    apart = compare(made.rows, chosen[0])
    if as_json:
        say_json({"schema": "opensirt/cohort-run/1", **vars_of(made), "engines": apart})
        return
    failed = [one for one in made.rows if one["outcome"] != "done"]
    if failed:
        why = [(one["case"], one["engine"], one["error"]["text"]) for one in failed]
        table("Without a dose", ("case", "engine", "why"), why)
    if apart:
        rows = [
            (
                one.kind,
                f"{one.other} − {one.reference}",
                str(one.n_structures),
                str(one.n_patients),
                number(one.mean_difference_gy),
                number(one.standard_deviation_gy),
                _percent(one.mean_relative_difference),
                _percent(one.largest_relative_difference),
            )
            for one in apart
        ]
        table("Engines: mean dose of structures", _APART_COLUMNS, rows)
    click.echo(
        f"{made.n_tasks} tasks: {made.n_there} there already, {made.n_done} done now, "
        f"{made.n_failed} without a dose"
    )


_EVERY_S = 2.0
_APART_COLUMNS = (
    "kind",
    "engines",
    "structures",
    "patients",
    "mean difference (Gy)",
    "SD (Gy)",
    "mean (%)",
    "largest (%)",
)


def _percent(value: object) -> str:
    return f"{value:+.2%}" if isinstance(value, float) else number(value)


def vars_of(made: object) -> dict[str, object]:
    """Return the fields of a value of ours by name."""
    return {one.name: getattr(made, one.name) for one in fields(made)}  # type: ignore[arg-type]


@cohort.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "redcap", "fhir"]),
    help="Of a table [by the suffix of OUT: .csv, .parquet, .json for FHIR].",
)
@click.option(
    "--unit",
    type=click.Choice(["patient", "lesion", "procedure"]),
    default="patient",
    show_default=True,
    help="What one row is.",
)
@where_option
@click.option("--engine", metavar="E", help="Doses of cohort run with it [of the verification].")
@click.option(
    "--identified",
    is_flag=True,
    help="Keep pseudonyms, dates and rare values: for work inside the centre only.",
)
@click.option(
    "--secret",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secret of the codes, made where it is not there: tables with one secret can be joined.",
)
@click.option(
    "--case",
    "case_key",
    metavar="KEY",
    help="One case instead of a table: OUT.zip is an archive with its history, OUT a case folder.",
)
@db_option
@images_option
@json_option
def export(
    out: Path,
    *,
    form: str | None,
    unit: str,
    where: str | None,
    engine: str | None,
    identified: bool,
    secret: Path | None,
    case_key: str | None,
    db: str | None,
    images: Path | None,
    as_json: bool,
) -> None:
    """Write a table with its dictionary, or one case.

    A table is de-identified: pseudonyms re-coded, dates as days, values of fewer than five
    patients withheld.
    """
    from opensirt.app.cohort_export import (
        ExportRequest,
        export_cohort,
        export_one_case,
        kept_secret,
    )
    from opensirt.store.store import open_store

    with Progress() as progress, open_store(db, images=images) as store:
        progress("reading")
        if case_key is not None:
            said = export_one_case(store, case_key, out)
            if as_json:
                say_json({"schema": "opensirt/cohort-export-case/1", **said})
            else:
                click.echo(f"written: {said['written']}")
            return
        request = ExportRequest(
            out=out,
            form=form or _FORMS.get(out.suffix, out.suffix or "no suffix"),
            unit=unit,
            where=where,
            engine=engine,
            identified=identified,
            secret=None if secret is None else kept_secret(secret),
        )
        made = export_cohort(store, request)
    if as_json:
        say_json({"schema": "opensirt/cohort-export/1", **vars_of(made)})
        return
    for name, action in made.actions.items():
        click.echo(f"{name}: {action}")
    rows = [
        (
            str(one["column"]),
            f"{one['n_absent']} of {one['n']}",
            _percent(one["absent_fraction"]).removeprefix("+"),
            "; ".join(f"{reason}: {n}" for reason, n in one["reasons"].items()),
        )
        for one in made.missing
        if one["n_absent"]
    ]
    table("Missing", ("column", "absent", "part", "why"), rows)
    click.echo(
        f"{made.n_rows} of {made.n_before} {made.unit} rows written; for {made.n_unknown} the "
        "condition could not be told"
    )
    for path in made.written:
        click.echo(f"written: {path}")


_FORMS = {".csv": "csv", ".parquet": "parquet", ".json": "fhir"}

"""The command on filled-in questionnaires of a store: cohort scores."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import json_option, say_json
from opensirt.cli.options import db_option, images_option, site_option
from opensirt.cli.outcome_options import say_document
from opensirt.cli.rate_commands import level_option


@click.command("scores")
@db_option
@images_option
@click.option(
    "--questionnaire", default="", metavar="NAME", help="Such as qlq_c30 [the only one there is]."
)
@click.option(
    "--visit",
    "visits",
    multiple=True,
    metavar="TITLE=FIRST:TARGET:LAST",
    help="Planned visit, in days from treatment; repeat [baseline and every quarter of a year].",
)
@click.option(
    "--difference",
    default="ten_points",
    show_default=True,
    metavar="NAME",
    help="Difference that matters: ten_points or five_points_small.",
)
@click.option("--where", metavar="CONDITION", help="Only patients for which this holds.")
@site_option
@level_option
@click.option(
    "--table",
    "table_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the scores by patient and visit as .csv or .parquet, with their dictionary.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the summary by visit as .html or .pdf.",
)
@json_option
def scores(
    *,
    db: str | None,
    images: Path | None,
    questionnaire: str,
    visits: tuple[str, ...],
    difference: str,
    where: str | None,
    site_path: Path | None,
    level: float,
    table_path: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Score the questionnaires of a store, by patient and planned visit.

    Scores and changes since the form before treatment, whether a change matters, and the forms
    that are missing. The table keeps pseudonyms: for work inside the centre.
    """
    from opensirt.app.cohort_quality import QualityRequest, quality_of_store, quality_pages
    from opensirt.files.analysis_table_file import write_analysis_table
    from opensirt.outcomes.quality_summary import quality_summary
    from opensirt.store.store import open_store

    asked = QualityRequest(
        questionnaire=questionnaire,
        difference=difference,
        visits=visits,
        where=where,
        site_path=site_path,
    )
    with open_store(db, images=images) as store:
        rows = quality_of_store(store, asked)
    found = quality_summary(rows, level=level)
    written = () if table_path is None else write_analysis_table(table_path, rows)
    document = quality_pages(found, made_at=datetime.now(UTC), out=out)
    if as_json:
        say_json({"schema": "opensirt/cohort-scores/1", "summary": found, "written": written})
        return
    say_document(document, (*written, out))

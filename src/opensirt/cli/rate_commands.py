"""The commands on rates of a cohort: response and toxicity."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.outcome_options import page_options, say_analysis, table_options

level_option = click.option(
    "--level", type=float, default=0.95, show_default=True, help="Confidence level."
)


@click.command("response")
@table_options
@click.option(
    "--response",
    "responses",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="Responses by one criterion at one time point; repeat.",
)
@click.option("--group", default="", metavar="COLUMN", help="Rates by the levels of this column.")
@click.option(
    "--unit",
    default="patient",
    show_default=True,
    type=click.Choice(("lesion", "patient")),
    help="With a store: what one row is.",
)
@level_option
@page_options
def response(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    responses: tuple[str, ...],
    group: str,
    unit: str,
    level: float,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Objective response and disease control of a cohort.

    Of those evaluable and of all rows, with exact and Wilson intervals. A table holds patients or
    lesions, never both; lesions get an interval that knows which patient they are of.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table
    from opensirt.app.cohort_rates import response_pages
    from opensirt.outcomes.response_analysis import response_analysis
    from opensirt.report.rate_results import response_results

    source = TableSource(path=path, db=db, images=images, where=where, unit=unit, engine=engine)
    found = response_analysis(outcome_table(source), responses, group=group, level=level)
    document = response_pages(found, made_at=datetime.now(UTC), plot=plot, out=out)
    say_analysis(found, document, response_results, written=(plot, out), flow=flow, as_json=as_json)


@click.command("toxicity")
@table_options
@click.option("--event", required=True, metavar="COLUMN", help="Flag: the toxicity was seen.")
@click.option(
    "--day", required=True, metavar="COLUMN", help="Days from the index date to the first of it."
)
@click.option(
    "--survival",
    "endpoint",
    required=True,
    metavar="ENDPOINT",
    help="Of death: competes, and says how long each patient was followed.",
)
@click.option("--term", required=True, help="Term of CTCAE that the flag stands for.")
@click.option("--grade", required=True, type=click.IntRange(1, 5), help="This grade or more.")
@click.option("--ctcae", "version", required=True, help="Version that was graded in, such as v5.")
@click.option("--group", default="", metavar="COLUMN", help="Compare the levels of this column.")
@click.option(
    "--at",
    multiple=True,
    type=float,
    default=(30.0, 90.0, 180.0),
    show_default=True,
    metavar="DAY",
    help="Tell the incidence at this day; repeat.",
)
@level_option
@page_options
def toxicity(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    event: str,
    day: str,
    endpoint: str,
    term: str,
    grade: int,
    version: str,
    group: str,
    at: tuple[float, ...],
    level: float,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Cumulative incidence of a toxicity; death competes.

    Aalen–Johansen by group with Gray's test, and how many ever had it of all.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table
    from opensirt.app.cohort_rates import toxicity_pages
    from opensirt.outcomes.toxicity_analysis import ToxicityColumns, toxicity_analysis
    from opensirt.report.rate_results import toxicity_results

    source = TableSource(path=path, db=db, images=images, where=where, engine=engine)
    asked = ToxicityColumns(
        event=event, day=day, survival=endpoint, term=term, grade=grade, version=version
    )
    found = toxicity_analysis(outcome_table(source), asked, group=group, at=at, level=level)
    document = toxicity_pages(found, made_at=datetime.now(UTC), plot=plot, out=out)
    say_analysis(found, document, toxicity_results, written=(plot, out), flow=flow, as_json=as_json)

"""The command on a state that begins during follow-up: cohort state."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import json_option
from opensirt.cli.outcome_options import participants_option, say_analysis, table_options
from opensirt.cli.rate_commands import level_option


@click.command("state")
@table_options
@click.option("--endpoint", required=True, metavar="NAME", help="Endpoint of the table.")
@click.option("--state", required=True, metavar="COLUMN", help="Flag that begins during follow-up.")
@click.option("--day", required=True, metavar="COLUMN", help="Day on which it began.")
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    metavar="COLUMN",
    help="Known at the origin; repeat.",
)
@click.option("--strata", default="", metavar="COLUMN", help="With a hazard for each level.")
@level_option
@participants_option
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the whole analysis as .html or .pdf.",
)
@json_option
def state(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    endpoint: str,
    state: str,
    day: str,
    covariates: tuple[str, ...],
    strata: str,
    level: float,
    flow: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Hazard ratio of a state that begins during follow-up, such as a response.

    A Cox model in which the state counts from its day on: no immortal time, and nobody is left
    out as at a landmark.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table, state_pages
    from opensirt.outcomes.time_dependent import state_effect
    from opensirt.report.state_effect_document import state_effect_results

    source = TableSource(path=path, db=db, images=images, where=where, engine=engine)
    found = state_effect(
        outcome_table(source),
        endpoint,
        state,
        day,
        covariates=covariates,
        strata=strata,
        level=level,
    )
    document = state_pages(found, made_at=datetime.now(UTC), out=out)
    say_analysis(found, document, state_effect_results, written=(out,), flow=flow, as_json=as_json)

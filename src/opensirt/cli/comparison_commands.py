"""The commands that compare treatments and follow quality of life of a cohort."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.outcome_options import page_options, say_analysis, table_options
from opensirt.cli.rate_commands import level_option

_ESTIMANDS = {"everybody": "EVERYBODY", "treated": "TREATED", "overlap": "OVERLAP"}


@click.command("compare")
@table_options
@click.option("--endpoint", required=True, metavar="NAME", help="Endpoint of the table.")
@click.option("--treatment", required=True, metavar="COLUMN", help="Flag, or category.")
@click.option("--treated", default="", metavar="LEVEL", help="Of a category: SIRT.")
@click.option("--against", default="", metavar="LEVEL", help="Of a category [all others].")
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    required=True,
    metavar="COLUMN",
    help="Known before treatment and a reason for the choice; repeat.",
)
@click.option(
    "--effect",
    default="everybody",
    show_default=True,
    type=click.Choice(tuple(_ESTIMANDS)),
    help="In whom the effect is estimated.",
)
@click.option(
    "--at", multiple=True, type=float, metavar="TIME", help="Tell survival at this time; repeat."
)
@level_option
@page_options
def compare(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    endpoint: str,
    treatment: str,
    treated: str,
    against: str,
    covariates: tuple[str, ...],
    effect: str,
    at: tuple[float, ...],
    level: float,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """SIRT against another treatment, weighted by propensity.

    Balance before and after weighting and overlap stand above the weighted survival and the
    hazard ratio with robust errors. What was not recorded is not balanced.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table
    from opensirt.app.cohort_rates import comparison_pages
    from opensirt.outcomes.propensity import Estimand
    from opensirt.outcomes.treatment_comparison import treatment_comparison
    from opensirt.report.comparison_results import comparison_results

    found = treatment_comparison(
        outcome_table(TableSource(path=path, db=db, images=images, where=where, engine=engine)),
        endpoint,
        treatment,
        covariates,
        treated=treated,
        control=against,
        estimand=Estimand[_ESTIMANDS[effect]],
        at=at,
        level=level,
    )
    document = comparison_pages(found, made_at=datetime.now(UTC), plot=plot, out=out)
    say_analysis(
        found, document, comparison_results, written=(plot, out), flow=flow, as_json=as_json
    )


@click.command("quality-of-life")
@click.argument("path", metavar="TABLE", type=click.Path(path_type=Path))
@click.option("--where", metavar="CONDITION", help="Only rows for which this holds.")
@click.option("--score", required=True, metavar="COLUMN", help="Score of a filled-in form.")
@click.option("--time", "time_", required=True, metavar="COLUMN", help="Time of the form.")
@click.option("--group", default="", metavar="COLUMN", help="Mean and slope for each level.")
@click.option(
    "--covariate", "covariates", multiple=True, metavar="COLUMN", help="Further column; repeat."
)
@click.option("--one-slope", is_flag=True, help="Patients differ in their level only.")
@level_option
@page_options
def quality_of_life(
    path: Path,
    *,
    where: str | None,
    score: str,
    time_: str,
    group: str,
    covariates: tuple[str, ...],
    one_slope: bool,
    level: float,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Course of a quality-of-life score over visits.

    TABLE has one row for each filled-in form. Linear mixed model, each patient with a level and a
    slope of their own; who answered when stands beside it.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table
    from opensirt.app.cohort_rates import score_pages
    from opensirt.outcomes.score_analysis import score_analysis
    from opensirt.report.score_results import score_results

    found = score_analysis(
        outcome_table(TableSource(path=path, where=where)),
        score,
        time_,
        group=group,
        covariates=covariates,
        own_slope=not one_slope,
        level=level,
    )
    document = score_pages(found, made_at=datetime.now(UTC), plot=plot, out=out)
    say_analysis(found, document, score_results, written=(plot, out), flow=flow, as_json=as_json)

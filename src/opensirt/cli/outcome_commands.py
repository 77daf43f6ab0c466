"""The commands on outcomes of a cohort: survival, dose–response, local targets, simulation."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, json_option, say_json
from opensirt.cli.outcome_options import (
    page_options,
    participants_option,
    say_analysis,
    table_options,
)
from opensirt.errors import InputError


@click.command("survival")
@table_options
@click.option("--endpoint", metavar="NAME", help="Endpoint of the table [the only one].")
@click.option("--group", default="", metavar="COLUMN", help="Compare the levels of this column.")
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    metavar="COLUMN",
    help="Column of a Cox model (and Fine–Gray where events compete); may be repeated.",
)
@click.option("--strata", default="", metavar="COLUMN", help="Compare within levels of this.")
@click.option(
    "--at", multiple=True, type=float, metavar="TIME", help="Tell survival at this time; repeat."
)
@click.option(
    "--horizon",
    type=float,
    metavar="TIME",
    help="Of the restricted mean [as long as every group was followed].",
)
@click.option(
    "--landmark", type=float, metavar="TIME", help="Count from here, for those still observed."
)
@click.option(
    "--known",
    default="",
    metavar="COLUMN",
    help="With --landmark: time at which a row's group was known.",
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level.")
@page_options
def survival(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    endpoint: str | None,
    group: str,
    covariates: tuple[str, ...],
    strata: str,
    at: tuple[float, ...],
    horizon: float | None,
    landmark: float | None,
    known: str,
    level: float,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Survival of a cohort: curves, comparison, Cox, competing risks.

    TABLE is a file that `cohort export` or `cohort simulate` wrote (.csv or .parquet, with its
    dictionary); without it the store that --db names is read. Times are in the unit of the table.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table, survival_pages
    from opensirt.outcomes.survival_analysis import survival_analysis
    from opensirt.report.outcome_results import survival_results

    with Progress() as progress:
        progress("reading the table")
        rows = outcome_table(
            TableSource(path=path, db=db, images=images, where=where, engine=engine)
        )
        names = [one.name for one in rows.endpoints]
        if endpoint is None and len(names) != 1:
            raise InputError(
                f"the table has the endpoints {', '.join(names)}; name one (--endpoint)"
            )
        progress("estimating survival")
        found = survival_analysis(
            rows,
            endpoint or names[0],
            group=group,
            covariates=covariates,
            strata=strata,
            at=at,
            horizon=horizon,
            landmark=landmark,
            known=known,
            level=level,
        )
        document = survival_pages(found, made_at=datetime.now(UTC), plot=plot, out=out)
    say_analysis(found, document, survival_results, written=(plot, out), flow=flow, as_json=as_json)


@click.command("dose-response")
@table_options
@click.option("--dose", required=True, metavar="COLUMN", help="Dose in Gy.")
@click.option("--outcome", required=True, metavar="COLUMN", help="Flag: the effect was seen.")
@click.option(
    "--unit",
    default="lesion",
    show_default=True,
    type=click.Choice(("lesion", "patient", "procedure")),
    help="With a store: what one row is.",
)
@click.option("--complication", is_flag=True, help="Fit Lyman's curve to patients (NTCP).")
@click.option("--levels", default="", metavar="COLUMN", help="Ordinal response, modelled too.")
@click.option(
    "--compare", multiple=True, metavar="COLUMN", help="Another dose of the same rows; repeat."
)
@click.option(
    "--modifier", default="", metavar="COLUMN", help="Category that may change the effect of dose."
)
@click.option("--draws", default=500, show_default=True, help="Bootstrap samples of patients.")
@click.option("--seed", default=1, show_default=True, help="Of the bootstrap.")
@click.option(
    "--save-model",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the curve as a local dose model (JSON); the options below say what it holds for.",
)
@click.option("--device", default="", help="Of the model: resin, glass or holmium.")
@click.option("--radionuclide", default="", help="Of the model: Y-90 or Ho-166.")
@click.option("--dose-method", default="", help="Of the model: engine or analytic model.")
@click.option("--metric", default="mean", show_default=True, help="Of the model.")
@click.option("--dose-from", default="", help="Of the model: planned or measured.")
@click.option("--time-point", default="", help="Of the model: when the effect was judged.")
@click.option("--structure", default="tumour", show_default=True, help="Of the model.")
@click.option("--by", "author", default="", envvar="OPENSIRT_AUTHOR", help="Who saves the model.")
@page_options
def dose_response(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    dose: str,
    outcome: str,
    unit: str,
    complication: bool,
    levels: str,
    compare: tuple[str, ...],
    modifier: str,
    draws: int,
    seed: int,
    save_model: Path | None,
    device: str,
    radionuclide: str,
    dose_method: str,
    metric: str,
    dose_from: str,
    time_point: str,
    structure: str,
    author: str,
    plot: Path | None,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Dose–response of a cohort: curve, threshold, calibration, metrics.

    Lesions of one patient share an intercept. A saved model is one centre's own: a plan that uses
    it is flagged so.
    """
    import numpy as np

    from opensirt.app.cohort_outcomes import (
        TableSource,
        dose_response_pages,
        keep_dose_model,
        outcome_table,
    )
    from opensirt.outcomes.dose_response_analysis import dose_response_analysis
    from opensirt.report.outcome_results import dose_response_results

    now = datetime.now(UTC)
    with Progress() as progress:
        progress("reading the table")
        source = TableSource(path=path, db=db, images=images, where=where, unit=unit, engine=engine)
        rows = outcome_table(source)
        progress("fitting dose–response")
        found = dose_response_analysis(
            rows,
            dose=dose,
            outcome=outcome,
            complication=complication,
            levels=levels,
            compare=compare,
            modifier=modifier,
            draws=draws,
            rng=np.random.default_rng(seed),
        )
        document = dose_response_pages(found, made_at=now, plot=plot, out=out)
        if save_model is not None:
            words = {
                "device": device,
                "radionuclide": radionuclide,
                "dose_method": dose_method,
                "metric": metric,
                "dose_from": dose_from,
                "time_point": time_point,
                "structure": structure,
            }
            if not author:
                raise InputError("a saved model names who made it (--by)")
            keep_dose_model(save_model, found, rows, words=words, made_by=author, made_at=now)
    say_analysis(
        found,
        document,
        dose_response_results,
        written=(plot, out, save_model),
        flow=flow,
        as_json=as_json,
    )


@click.command("describe")
@table_options
@click.option("--column", "columns", multiple=True, required=True, metavar="COLUMN", help="Repeat.")
@click.option("--group", default="", metavar="COLUMN", help="One column for each of its levels.")
@click.option(
    "--unit",
    default="patient",
    show_default=True,
    type=click.Choice(("lesion", "patient", "procedure")),
    help="With a store: what one row is.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the table as .html or .pdf.",
)
@participants_option
@json_option
def describe(
    path: Path | None,
    *,
    db: str | None,
    images: Path | None,
    where: str | None,
    engine: str | None,
    columns: tuple[str, ...],
    group: str,
    unit: str,
    out: Path | None,
    flow: Path | None,
    as_json: bool,
) -> None:
    """Table 1 of a cohort: who was analysed, by group, with the missing.

    Medians with quartiles, counts with percents of those with a value, and between two groups the
    standardised difference.
    """
    from opensirt.app.cohort_outcomes import TableSource, outcome_table, table_one_pages
    from opensirt.outcomes.table_one import table_one

    source = TableSource(path=path, db=db, images=images, where=where, unit=unit, engine=engine)
    found = table_one(outcome_table(source), columns, group=group)
    document = table_one_pages(found, made_at=datetime.now(UTC), out=out)
    say_analysis(
        found,
        document,
        lambda one: {"schema": "opensirt/cohort-describe/1", "table": one},
        written=(out,),
        flow=flow,
        as_json=as_json,
    )


@click.command("local-target")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--chance", required=True, type=float, help="Wanted chance, 0 to 1.")
@click.option("--device", required=True, help="Device of the plan.")
@click.option("--dose-method", required=True, help="Engine or model that the plan uses.")
@click.option("--metric", default="mean", show_default=True, help="Dose metric of the plan.")
@json_option
def local_target(
    model: Path, *, chance: float, device: str, dose_method: str, metric: str, as_json: bool
) -> None:
    """Dose for a chance from a saved local model, or why there is none.

    Refused for another device, method or metric, and outside the doses that the model has seen.
    """
    from opensirt.files.local_dose_model_file import read_local_dose_model
    from opensirt.outcomes.local_dose_model import local_target as target_of

    target = target_of(
        read_local_dose_model(model),
        chance,
        device=device,
        dose_method=dose_method,
        metric=metric,
    )
    if as_json:
        say_json({"schema": "opensirt/local-target/1", "target": target})
        return
    click.echo(f"⚠ {target.sentence}")


@click.command("simulate")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--patients", default=200, show_default=True, help="How many.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same cohort.")
@click.option(
    "--format",
    "suffix",
    default="csv",
    show_default=True,
    type=click.Choice(("csv", "parquet")),
    help="Of the tables.",
)
@json_option
def simulate(folder: Path, *, patients: int, seed: int, suffix: str, as_json: bool) -> None:
    """Write tables of a simulated cohort with known truth.

    Patients, lesions and quality-of-life visits of neuroendocrine liver metastases; no finding
    about patients.
    """
    from opensirt.app.cohort_outcomes import simulate_tables

    made = simulate_tables(folder, patients, seed, suffix=suffix)
    if as_json:
        say_json({"schema": "opensirt/cohort-simulate/1", "files": made})
        return
    for one in made:
        click.echo(one)

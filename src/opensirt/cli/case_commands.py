"""The commands on a case: demo, run, and one for each step."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import Progress, findings, json_option, say_json
from opensirt.cli.optimise_options import choose_option, optimise_options, optimise_request
from opensirt.cli.options import case_argument, engine_option, site_option

if TYPE_CHECKING:
    from opensirt.app.demo import DemoCase
    from opensirt.domain.case import Case
    from opensirt.domain.optimised_plan import OptimiseRequest
    from opensirt.domain.record import CaseResult

STOPPED = 1


def _answer(
    case: "Case | None", result: "CaseResult", *, as_json: bool, every_dose: bool = False
) -> None:
    from opensirt.cli.tables import say_tables

    if as_json:
        from opensirt.report.results import results_document

        assert case is not None  # noqa: S101 - JSON is asked for with a case
        say_json(results_document(case, result))
        return
    findings(result.findings)
    say_tables(result, every_dose=every_dose)


def _exit_on_stop(result: "CaseResult") -> None:
    from opensirt.domain.finding import stops

    if stops(result.findings):
        sys.exit(STOPPED)


@click.command()
@case_argument
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results [CASE/report].")
@engine_option
@click.option("--all-plans", is_flag=True, help="Write the dose of every device and model too.")
@click.option("--bed-maps", is_flag=True, help="Write bed.nii.gz and eqd2.nii.gz too.")
@optimise_options
@site_option
@json_option
def run(
    case: Path,
    *,
    out: Path | None,
    engine: str | None,
    all_plans: bool,
    bed_maps: bool,
    site_path: Path | None,
    as_json: bool,
    **asked: object,
) -> None:
    """Do every step that the data allow; write the report.

    Writes report.html, report.pdf, results.json, dose.nii.gz and RTDOSE.dcm.
    """
    from opensirt.app.evaluate import RunOptions
    from opensirt.app.run import REPORT_FOLDER, RESULTS_NAME, run_folder
    from opensirt.files.case_file import case_file_path

    with Progress() as progress:
        options = RunOptions(
            made_at=datetime.now(UTC),
            engine=engine,
            all_plans=all_plans,
            effective_doses=bed_maps,
            progress=progress,
            optimise=optimise_request(asked),
        )
        result = run_folder(case, options, out=out, site_path=site_path)
    written = case_file_path(case).parent / REPORT_FOLDER if out is None else out
    if as_json:
        click.echo((written / RESULTS_NAME).read_text(encoding="utf-8"), nl=False)
    else:
        _answer(None, result, as_json=False)
        click.echo(f"report: {written / 'report.html'}")
    _exit_on_stop(result)


def _step(
    name: str,
    case: Path,
    *,
    engine: str | None,
    site_path: Path | None,
    as_json: bool,
    optimise: "OptimiseRequest | None" = None,
    choose: bool = False,
) -> "CaseResult":
    """Do one step of a case folder, add its record and answer."""
    from opensirt.app.choose import choose_optimum
    from opensirt.app.evaluate import RunOptions
    from opensirt.app.step import do_step

    with Progress() as progress:
        options = RunOptions(
            made_at=datetime.now(UTC),
            engine=engine,
            progress=progress,
            step=name,
            optimise=optimise,
        )
        do = choose_optimum if choose else do_step
        read, result, record = do(case, options, site_path=site_path)
    _answer(read, result, as_json=as_json, every_dose=True)
    if not as_json:
        click.echo(f"record: {record}")
    return result


@click.command("work-up")
@case_argument
@site_option
@json_option
def work_up(case: Path, *, site_path: Path | None, as_json: bool) -> None:
    """Read the scout: uptake, lung shunt, territories."""
    _step("work-up", case, engine=None, site_path=site_path, as_json=as_json)


@click.command()
@case_argument
@engine_option
@optimise_options
@choose_option
@site_option
@json_option
def plan(
    case: Path,
    *,
    engine: str | None,
    choose: bool,
    site_path: Path | None,
    as_json: bool,
    **asked: object,
) -> None:
    """Compute activities and doses of every device and model.

    Each activity is reckoned a second time. With --optimise the best activities of every device
    as well, with the price of each limit and, with --robust, the chance of each goal; --choose
    makes that of the prescribed device the activities to approve, order and administer.
    """
    made = _step(
        "plan",
        case,
        engine=engine,
        site_path=site_path,
        as_json=as_json,
        optimise=optimise_request(asked),
        choose=choose,
    )
    _exit_on_stop(made)


@click.command()
@case_argument
@engine_option
@site_option
@json_option
def verify(case: Path, *, engine: str | None, site_path: Path | None, as_json: bool) -> None:
    """Compute the dose from the image after treatment."""
    _step("verify", case, engine=engine, site_path=site_path, as_json=as_json)


@click.command()
@click.option("--patients", is_flag=True, help="The two public patients, not the digital one.")
@click.option(
    "--two-territories",
    is_flag=True,
    help="With --patients: the second once more, its perfused volume in two halves, an example.",
)
@click.option(
    "--nuclide",
    default="Y-90",
    show_default=True,
    metavar="N",
    help="Y-90 or Ho-166, of the digital patient.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the digital patient.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="opensirt-demo",
    show_default=True,
    help="Folder of cases and reports.",
)
@json_option
@click.pass_context
def demo(
    context: click.Context,
    *,
    patients: bool,
    two_territories: bool,
    nuclide: str,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Carry a digital patient, or two real ones, to reports.

    The digital patient has a known truth and is made from a seed; the two real ones are public.
    Exit code 0 even with stop findings.
    """
    from opensirt.app.demo import digital_demo, patients_demo
    from opensirt.app.evaluate import RunOptions
    from opensirt.domain.nuclide_name import canonical_nuclide
    from opensirt.domain.site_defaults import default_site_profile
    from opensirt.errors import InputError

    given = context.get_parameter_source
    if patients and any(
        given(name) is not click.core.ParameterSource.DEFAULT for name in ("nuclide", "seed")
    ):
        raise InputError("--nuclide and --seed belong to the digital patient, not to --patients")
    if two_territories and not patients:
        raise InputError("--two-territories belongs to --patients")
    site = default_site_profile()
    with Progress() as progress:
        options = RunOptions(made_at=datetime.now(UTC), progress=progress)
        if patients:
            made = patients_demo(out, site, options, two_territories=two_territories)
        else:
            made = (
                digital_demo(
                    out, site, options, nuclide=canonical_nuclide(nuclide) or nuclide, seed=seed
                ),
            )
    if as_json:
        say_json({"schema": "opensirt/demo/1", "cases": [_about(one) for one in made]})
        return
    for one in made:
        click.echo(click.style(f"\n{one.result.case_key}", bold=True))
        _answer(None, one.result, as_json=False)
        click.echo(f"report: {one.report / 'report.html'}")


def _about(one: "DemoCase") -> dict[str, object]:
    return {
        "case": one.result.case_key,
        "folder": one.folder,
        "report": one.report,
        "findings": one.result.findings,
        "truth": one.result.truth,
    }

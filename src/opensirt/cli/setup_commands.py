"""The commands before the first step: inspect, new, schema, site."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import (
    UNVERIFIED,
    Progress,
    json_option,
    number,
    say_json,
    table,
)
from opensirt.cli.options import site_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensirt.domain.missing import Missing
    from opensirt.domain.site import SiteProfile
    from opensirt.workflow.site_experience import (
        DeviceExperience,
        PastPredictions,
        QuantityExperience,
    )


def _declared(value: "str | Missing") -> str:
    from opensirt.domain.missing import Missing

    return "—" if isinstance(value, Missing) else value


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def inspect(path: Path, *, as_json: bool) -> None:
    """Say what is in a folder and what each step lacks."""
    from opensirt.app.inspect import inspect_path

    with Progress() as progress:
        progress("reading")
        found = inspect_path(path)
    if as_json:
        say_json({"schema": "opensirt/inspection/1", **vars(found)})
        return
    rows = [
        (
            one.name,
            one.kind,
            f"{one.modality} {one.file_format}".strip(),
            "×".join(str(n) for n in reversed(one.shape)),
            "×".join(f"{mm:.4g}" for mm in reversed(one.spacing_mm)),
            _declared(one.unit),
            _declared(one.radionuclide),
            ", ".join(one.missing) or "—",
        )
        for one in found.files
    ]
    columns = ("name", "kind", "format", "voxels x×y×z", "mm", "unit", "nuclide", "to be stated")
    table(f"{path}", columns, rows)
    for one in found.files:
        if one.segments:
            sizes = [
                f"{part.name} {number(part.volume_ml)}"
                + (" mL" if isinstance(part.volume_ml, float) else "")
                for part in one.segments
            ]
            click.echo(f"{one.name}: {'; '.join(sizes)}")
        for text in (*one.notes, *filter(None, [one.problem])):
            click.echo(text if text.startswith(f"{one.name}: ") else f"{one.name}: {text}")
    for text in found.notes:
        click.echo(text)
    for text in found.damaged:
        click.echo(f"damaged: {text}")
    if found.n_other_files:
        click.echo(f"{found.n_other_files} other files")
    for step, lacking in found.for_steps:
        click.echo(f"{step} would still need: {lacking or 'nothing'}")


@click.command()
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder of images and contours.",
)
@json_option
def new(case: Path, source: Path, *, as_json: bool) -> None:
    """Write a case.toml from a folder of images.

    What the files do not declare is marked to be filled in. Nothing is overwritten.
    """
    from opensirt.app.new_case import new_case

    with Progress() as progress:
        progress("reading")
        written = new_case(case, source)
    if as_json:
        say_json({"schema": "opensirt/new/1", "written": written})
        return
    click.echo(f"{written} written; fill in what it marks, then: opensirt run {case}")


@click.command()
@click.argument("name", type=click.Choice(["case", "site", "results", "ledger"]))
def schema(name: str) -> None:
    """Print a JSON Schema: case, site, results or ledger."""
    from opensirt.app.schema import schema_of

    say_json(schema_of(name))


@click.command()
@click.option("--show", is_flag=True, help="Print what is in force and where it comes from.")
@click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path),
    help="A case folder: its site.toml comes before the user's.",
)
@site_option
@json_option
def site(*, show: bool, case_folder: Path | None, site_path: Path | None, as_json: bool) -> None:
    """Show the figures in force, each with its source.

    With --show also what the site's ledger of verifications says, and how often its past
    predictions held.
    """
    from opensirt.app.ledger import ledger_path, site_ledger
    from opensirt.app.site import site_in_force, user_site_path
    from opensirt.files.site_file import figures_in_force
    from opensirt.workflow.site_experience import site_experience

    found = site_in_force(given=site_path, case_folder=case_folder)
    ledger = site_ledger(found)
    experience = site_experience(ledger)
    profile, named = found.profile, figures_in_force(found.profile)
    origin = found.path or f"default (no site.toml; yours would be {user_site_path()})"
    if as_json:
        say_json(
            {
                "schema": "opensirt/site-in-force/1",
                "name": profile.name,
                "path": found.path,
                "sha256": profile.sha256,
                "time_zone": profile.time_zone,
                "data_set": profile.data_set,
                "planning_engine": profile.planning_engine,
                "verification_engine": profile.verification_engine,
                "figures": named,
                "confirmations": profile.confirmations,
                "camera_calibrations": profile.camera_calibrations,
                "clinical": profile.clinical.content,
                "ledger": {
                    "path": ledger_path(found),
                    "n_entries": len(ledger.entries),
                    "n_courses": len(ledger.in_force()),
                    "experience": experience,
                },
            }
        )
        return
    click.echo(f"site profile: {profile.name}, from {origin}")
    if not show:
        click.echo("use --show to see every figure in force")
        return
    click.echo(f"sha256 {profile.sha256}")
    click.echo(
        f"data set {profile.data_set}; engines: planning {profile.planning_engine}, verification "
        f"{profile.verification_engine}; time zone {profile.time_zone}"
    )
    rows = [
        (
            f"{'' if one.verified else f'{UNVERIFIED} '}{name}",
            f"{number(one.value)} {one.unit}",
            one.scenario,
            one.source,
        )
        for name, one in named.items()
    ]
    table("Figures in force", ("figure", "value", "when", "source"), rows)
    if any(not one.verified for one in named.values()):
        click.echo(f"{UNVERIFIED} not verified: known from memory or second hand")
    _say_cameras(profile)
    _say_clinical(profile)
    where = ledger_path(found)
    if where is None:
        click.echo("site ledger: none without a site.toml; published delivery errors are in force")
        return
    click.echo(
        f"site ledger {where}: {len(ledger.entries)} entries of {len(ledger.in_force())} courses"
    )
    _say_experience(experience)


def _say_cameras(profile: "SiteProfile") -> None:
    """Write the calibrations of cameras, which images in counts may name."""
    from opensirt.domain.missing import Missing

    rows = []
    for one in profile.camera_calibrations:
        spread = one.standard_uncertainty_cps_per_mbq
        rows.append(
            (
                one.camera,
                one.radionuclide,
                number(one.sensitivity_cps_per_mbq),
                "not stated" if isinstance(spread, Missing) else number(spread),
                f"{one.measured_on} to {one.valid_until}",
                one.source,
            )
        )
    if rows:
        headers = ("camera", "nuclide", "cps/MBq", "±", "valid", "source")
        table("Camera calibrations", headers, rows)


def _say_clinical(profile: "SiteProfile") -> None:
    """Write the site's own eligibility rules, checklist items, questionnaires and criteria."""
    from opensirt.clinical.response.percist import percist_limits_of

    clinical = profile.clinical
    if clinical.eligibility is None:
        click.echo("eligibility: no profile of the site; `select` asks the general one")
    else:
        n_rules = len(clinical.eligibility["rules"])
        click.echo(f"eligibility: {clinical.eligibility['title']}, {n_rules} rules")
    rows = [
        ("rule", name, entry["title"], entry["source"])
        for name, entry in clinical.own_rules.items()
    ]
    rows += [
        ("checklist", name, entry["text"], entry["source"])
        for name, entry in clinical.checklist.items()
    ]
    rows += [
        ("questionnaire", name, entry["title"], entry["source"])
        for name, entry in clinical.questionnaires.items()
    ]
    rows += [
        ("criterion", name, entry["title"], entry["source"])
        for name, entry in clinical.criteria.items()
    ]
    if clinical.percist is not None:
        words = percist_limits_of(clinical.percist).text
        rows.append(("criterion", "percist", words, clinical.percist["source"]))
    if rows:
        table("Of the site itself", ("kind", "name", "what", "source"), rows)


def _say_experience(experience: "Sequence[DeviceExperience]") -> None:
    from opensirt.workflow.site_experience import LEVELS, cases_to_go

    levels = [f"{level:.0%} held" for level in LEVELS]
    for one in experience:
        table(
            f"{one.device}, scout {one.scout_nuclide}: {one.n_cases} cases, {one.n_lesions} "
            f"lesions; delivered over planned dose, median {number(one.median_dose_ratio)}",
            ("delivered / planned", "in force", "cases", "median", "spread (log)", *levels),
            [
                (
                    part.quantity.value.replace("_", " "),
                    *_in_force(part, cases_to_go(part)),
                    *_held(part.past),
                )
                for part in one.quantities
            ]
            + [("lung shunt, stated interval", "—", "—", "—", "—", *_held(one.lung_shunts))],
        )


def _in_force(part: "QuantityExperience", to_go: int) -> tuple[str, str, str, str]:
    from math import exp

    from opensirt.domain.missing import Missing

    one = part.in_force
    cases = f"{part.n_cases}" + (f" ({to_go} to go)" if to_go else "")
    if isinstance(one, Missing):
        return one.value, cases, "—", "—"
    mark = "" if one.verified else f" {UNVERIFIED}"
    return (
        f"{one.origin.value}{mark}",
        cases,
        number(exp(one.log_median), 3),
        number(one.log_standard_deviation, 2),
    )


def _held(past: "PastPredictions") -> tuple[str, ...]:
    return tuple(f"{one} of {past.n_values}" if past.n_values else "—" for one in past.held)

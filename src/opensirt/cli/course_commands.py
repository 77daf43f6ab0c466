"""The commands that follow a plan: approve, order, administer."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import (
    UNVERIFIED,
    Progress,
    findings,
    json_option,
    number,
    say_json,
    table,
)
from opensirt.cli.options import case_argument, site_option

if TYPE_CHECKING:
    from opensirt.domain.administration import Administration
    from opensirt.domain.record import Number

STOPPED = 1


@click.command()
@case_argument
@click.option("--by", required=True, metavar="NAME", help="Name of the person who approves.")
@site_option
@json_option
def approve(case: Path, *, by: str, site_path: Path | None, as_json: bool) -> None:
    """Approve the latest plan; two different people do.

    The approval holds for this plan and the inputs that it was made from, and for nothing else.
    Exit code 1 when it is refused.
    """
    from opensirt.app.approve import approve as approve_case
    from opensirt.units import BQ_PER_MBQ

    with Progress() as progress:
        progress("reading")
        made = approve_case(case, by=by, made_at=datetime.now(UTC), site_path=site_path)
    if as_json:
        say_json(made)
        return
    approval, n_left = made["approval"], made["approvals_still_needed"]
    assert isinstance(approval, dict)  # noqa: S101 - as app.approve writes it
    click.echo(f"{approval['plan_record']} approved by {approval['by']}")
    signed = made["plan"]
    assert isinstance(signed, dict)  # noqa: S101 - as app.approve writes it
    for territory, bq in signed["administered_activity_bq"].items():
        shown = bq if isinstance(bq, str) else f"{bq / BQ_PER_MBQ:.6g} MBq"
        click.echo(f"{signed['device']}, {territory}: {shown}")
    click.echo(f"origin of the activities: {signed['origin']}")
    click.echo(
        "one more approval is needed, by another person"
        if n_left
        else f"approved by two people; next: opensirt order {case}"
    )
    click.echo(f"record: {made['record']}")


@click.command()
@case_argument
@click.option(
    "--at",
    metavar="TIME",
    help="Treatment slot, such as 2026-03-04T10:00+01:00, in place of planned_at in [order].",
)
@site_option
@json_option
def order(case: Path, *, at: str | None, site_path: Path | None, as_json: bool) -> None:
    """Find vials for an approved plan and a treatment slot.

    Exit code 1 when the plan is not approved by two people or is stale, or when no delivery fits
    the slot; the nearest slots that one fits are named then.
    """
    from opensirt.app.order import order as order_case
    from opensirt.app.order import order_document
    from opensirt.domain.finding import stops
    from opensirt.report.order_sheet import shown_instant, spheres_words, vials_words
    from opensirt.units import BQ_PER_MBQ

    with Progress() as progress:
        progress("reading")
        made, record = order_case(case, made_at=datetime.now(UTC), at=at, site_path=site_path)
    if as_json:
        say_json(order_document(made))
    else:
        findings(made.findings)
        click.echo(f"{made.product}, treatment {shown_instant(made.treatment_at)}")
        for line in made.lines:
            table(
                f"Order for {', '.join(line.territories)}: prescribed "
                f"{number(line.prescribed_bq / BQ_PER_MBQ)} MBq, to dispense "
                f"{number(line.dispensed_bq / BQ_PER_MBQ)} MBq (the first option is the best)",
                ("vials", "MBq then", "MBq waste", "million spheres", "enough until"),
                [
                    (
                        vials_words(one),
                        number(one.available_bq / BQ_PER_MBQ),
                        number(one.waste_bq / BQ_PER_MBQ),
                        spheres_words(one),
                        shown_instant(one.enough_until),
                    )
                    for one in line.options
                ],
            )
        click.echo(f"an hour of delay costs {made.lost_per_hour_fraction:.2%} of the activity")
        click.echo(f"record: {record}")
    if stops(made.findings):
        sys.exit(STOPPED)


@click.command()
@case_argument
@site_option
@json_option
def administer(case: Path, *, site_path: Path | None, as_json: bool) -> None:
    """Reckon what was given from the vials' readings.

    Dispensed less residual for each vial and injection site, against the directive; the values
    of the radiation-safety sheet. Exit code 1 when another device was given than prescribed.
    """
    from opensirt.app.administer import administer as administer_case
    from opensirt.app.administer import administration_document
    from opensirt.domain.finding import stops

    with Progress() as progress:
        progress("reading")
        made, record = administer_case(case, made_at=datetime.now(UTC), site_path=site_path)
    if as_json:
        say_json(administration_document(made))
    else:
        findings(made.findings)
        _say_administration(made)
        click.echo(f"record: {record}")
    if stops(made.findings):
        sys.exit(STOPPED)


def _say_administration(made: "Administration") -> None:
    from opensirt.domain.missing import Missing

    table(
        f"Vials of {made.device}, each at its injection",
        ("territory", "injected", "MBq dispensed", "MBq residual", "MBq net", "residual by"),
        [
            (
                one.territory,
                one.injected_at.isoformat(timespec="minutes"),
                _mbq(one.dispensed_bq),
                _mbq(one.residual_bq),
                _mbq(one.net_bq),
                one.method,
            )
            for one in made.vials
        ],
    )
    table(
        "Given against the directive",
        ("territory", "MBq prescribed", "MBq given", "± MBq (k=1)", "deviation", "verdict"),
        [
            (
                one.territory,
                _mbq(one.prescribed_bq),
                _mbq(one.net_bq),
                _mbq(one.net_standard_uncertainty_bq),
                *(
                    (one.deviation.value, "—")
                    if isinstance(one.deviation, Missing)
                    else (f"{one.deviation.fraction:+.1%}", one.deviation.verdict.value)
                ),
            )
            for one in made.territories
        ],
    )
    table(
        "Radiation safety",
        ("", "value", "unit", "source"),
        [
            (
                one.words + ("" if one.verified else f" {UNVERIFIED}"),
                number(one.value, 3),
                one.unit.removeprefix("1") or "of the activity",
                one.source,
            )
            for one in made.safety
        ],
    )
    for said in made.guidance:
        click.echo(
            f"{said.topic}: {said.text}"
            + (f" [{said.source}]" if said.source else "")
            + ("" if said.verified else f" {UNVERIFIED}")
        )
    click.echo("the sheet lies in the case's report folder: administration.html and .pdf")


def _mbq(value_bq: "Number") -> str:
    from opensirt.domain.missing import Missing
    from opensirt.units import BQ_PER_MBQ

    return number(value_bq) if isinstance(value_bq, Missing) else number(value_bq / BQ_PER_MBQ)

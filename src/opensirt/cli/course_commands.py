"""The commands that follow a plan: approve, order, administer."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, json_option, say_json
from opensirt.cli.options import case_argument, site_option


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

    with Progress() as progress:
        progress("reading")
        made = approve_case(case, by=by, made_at=datetime.now(UTC), site_path=site_path)
    if as_json:
        say_json(made)
        return
    approval, n_left = made["approval"], made["approvals_still_needed"]
    assert isinstance(approval, dict)  # noqa: S101 - as app.approve writes it
    click.echo(f"{approval['plan_record']} approved by {approval['by']}")
    click.echo(
        "one more approval is needed, by another person"
        if n_left
        else f"approved by two people; next: opensirt order {case}"
    )
    click.echo(f"record: {made['record']}")

"""The command that accepts an installation."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, json_option, number, say_json, table

STOPPED = 1


@click.command()
@click.option("--by", required=True, metavar="NAME", help="Who accepts: stands in the report.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("acceptance"),
    show_default=True,
    help="Folder of the report; an earlier report in it is compared with.",
)
@click.option(
    "--phantom",
    type=click.Path(path_type=Path),
    metavar="CASE",
    help="Case folder of the site's own phantom scan, with its phantom.toml.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The site's Ed25519 key; the user's own, made at the first run, without it.",
)
@json_option
def commission(
    *, by: str, out: Path, phantom: Path | None, key: Path | None, as_json: bool
) -> None:
    """Run the acceptance suite and write a signed report.

    Doses against EGSnrc, worked examples, exact shapes, digital patients and, where given, the
    site's own phantom. Run again after an update it lists every number that changed. Exit code 1:
    a check failed.
    """
    from opensirt.app.commission import CommissionRequest, commission

    request = CommissionRequest(
        out=out, by=by, made_at=datetime.now(UTC).astimezone(), phantom=phantom, key=key
    )
    with Progress() as progress:
        made = commission(request, progress=progress)
    acceptance = made.acceptance
    if as_json:
        import json

        say_json(json.loads(made.paths[-1].read_text(encoding="utf-8")))
    else:
        from opensirt.domain.acceptance import Outcome
        from opensirt.domain.missing import Missing

        failed = [one for one in acceptance.checks if one.outcome is Outcome.FAIL]
        rows = [
            ("passed", str(acceptance.count(Outcome.PASS))),
            ("failed", str(len(failed))),
            ("watched for change", str(acceptance.count(Outcome.WATCHED))),
            (
                "changed since the earlier report",
                "no earlier report"
                if isinstance(acceptance.earlier_made_at, Missing)
                else str(len(acceptance.changes)),
            ),
            ("written", ", ".join(path.name for path in made.paths)),
        ]
        table("Acceptance", ("", ""), rows)
        if failed:
            table(
                "Failed",
                ("quantity", "found", "wanted", "tolerance"),
                [
                    (one.quantity, number(one.found), number(one.wanted), number(one.tolerance))
                    for one in failed
                ],
            )
        if acceptance.changes:
            table(
                "Changed",
                ("number", "earlier", "now"),
                [(one.name, number(one.earlier), number(one.now)) for one in acceptance.changes],
            )
    if not made.passed:
        sys.exit(STOPPED)

"""The commands, and what becomes of errors: code 2 and one message, or code 1 for a rule."""

import sys
from pathlib import Path
from typing import Any

import click

from opensirt import __version__
from opensirt.cli.case_commands import demo, plan, run, verify, work_up
from opensirt.cli.cohort_commands import cohort
from opensirt.cli.commission_command import commission
from opensirt.cli.course_commands import administer, approve, order
from opensirt.cli.database_commands import db
from opensirt.cli.dose_command import dose
from opensirt.cli.engine_commands import compare, dvh, kernel
from opensirt.cli.evidence_commands import evidence
from opensirt.cli.record_commands import follow_up, import_records, response_plots
from opensirt.cli.selection_commands import select
from opensirt.cli.setup_commands import inspect, new, schema, site
from opensirt.errors import OpenSirtError, RuleError

STOPPED = 1
"""A stop finding, or a rule that forbids the result."""

CANNOT_BE_USED = 2
"""The input cannot be used as it is."""


class _Commands(click.Group):
    """Commands in the order of a course of treatment, with errors told to people."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        try:
            return super().invoke(ctx)
        except OpenSirtError as error:
            click.echo(f"opensirt: {error}", err=True)
            sys.exit(STOPPED if isinstance(error, RuleError) else CANNOT_BE_USED)
        except BrokenPipeError:
            raise  # who reads our output has read enough
        except OSError as error:
            # Folders are often named after patients: only the file's own name is said.
            name = f"{Path(str(error.filename)).name}: " if error.filename else ""
            reason = error.strerror or type(error).__name__
            click.echo(
                f"opensirt: {name}{reason[:1].lower()}{reason[1:]}; wanted a place that can be "
                "read and written; check the path, its permissions and the room on the disk",
                err=True,
            )
            sys.exit(CANNOT_BE_USED)
        except MemoryError:
            click.echo(
                "opensirt: there is not enough memory for this; crop the image, coarsen it, or "
                "use a machine with more memory",
                err=True,
            )
            sys.exit(CANNOT_BE_USED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="opensirt")
def main() -> None:
    """Plan, verify and report radioembolization (SIRT, TARE) of liver tumours.

    Research software, not a medical device. Every command that works on a case takes the folder
    with its case.toml. Exit code 0: done; 1: a stop finding, or a rule forbids the result; 2: the
    input cannot be used.
    """


for _command in (
    demo,
    new,
    import_records,
    inspect,
    run,
    select,
    work_up,
    plan,
    approve,
    order,
    administer,
    verify,
    follow_up,
    response_plots,
    dose,
    kernel,
    dvh,
    compare,
    commission,
    db,
    cohort,
    evidence,
    site,
    schema,
):
    main.add_command(_command)

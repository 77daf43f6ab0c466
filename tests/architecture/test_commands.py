"""Every command has help, and answers people and programs."""

import time
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from opensirt.cli import main

NAMES = sorted(main.commands)
GROUPS = {name for name, one in main.commands.items() if isinstance(one, click.Group)}


def _inner(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from _inner(one, (*path, name))
        else:
            yield (*path, name)


INNER = sorted(one for one in _inner(main, ()) if len(one) > 1)


def test_the_commands_are_those_of_the_contract_that_exist() -> None:
    assert (
        sorted(
            [
                "administer",
                "approve",
                "cohort",
                "commission",
                "compare",
                "db",
                "demo",
                "dose",
                "dvh",
                "evidence",
                "follow-up",
                "import-records",
                "inspect",
                "kernel",
                "new",
                "order",
                "plan",
                "response-plots",
                "run",
                "schema",
                "select",
                "site",
                "verify",
                "work-up",
            ]
        )
        == NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_has_help(name: str) -> None:
    command = main.commands[name]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, (name, option.name)
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert command.help.split("\n")[0] in shown.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_of_help_fits_the_list_of_commands(name: str) -> None:
    listed = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    first = (main.commands[name].help or "").split("\n")[0]
    assert f"{name} " in listed
    assert first in listed


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"schema"} - GROUPS))
def test_every_command_answers_in_json_too(name: str) -> None:
    assert "--json" in {one for option in main.commands[name].params for one in option.opts}


@pytest.mark.parametrize("path", INNER, ids=" ".join)
def test_every_command_of_a_group_has_help_and_answers_in_json(path: tuple[str, ...]) -> None:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert all(one.help for one in options)
    assert "--json" in {opt for one in options for opt in one.opts}
    assert CliRunner().invoke(main, [*path, "--help"]).exit_code == 0


def test_help_is_quick() -> None:
    began = time.perf_counter()
    CliRunner().invoke(main, ["--help"])
    assert time.perf_counter() - began < 0.5

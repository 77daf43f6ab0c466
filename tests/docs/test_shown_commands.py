"""Every command that README and the documentation show exists, with its options and choices."""

import re
from pathlib import Path

import click
import pytest
from doc_pages import PAGES, ROOT, commands_of

from opensirt.cli import main


def parse(words: list[str]) -> None:
    """Take a command line apart as the program would, without looking for its files.

    Raises
    ------
    click.ClickException
        When a command or an option is none, or a value is not among the choices.
    """
    command: click.Command = main
    context = click.Context(main, info_name="opensirt")
    while isinstance(command, click.Group):
        if not words or words in (["--help"], ["--version"]):
            return
        found = command.get_command(context, words[0])
        if found is None:
            raise click.UsageError(f"there is no command {' '.join(words[:1])!r}")
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    values, rest, _ = command.make_parser(context).parse_args(args=list(words))
    taken = [values[one.name] for one in command.params if isinstance(one, click.Argument)]
    assert not rest, f"words that no argument takes: {rest} beside {taken}"
    for param in command.params:
        given = values.get(param.name)
        if isinstance(param.type, click.Choice) and isinstance(param, click.Option) and given:
            for one in given if isinstance(given, list) else [given]:
                if isinstance(one, str) and not one.isupper():  # a place-holder is in capitals
                    param.type.convert(one, param, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_is_one(page: Path) -> None:
    for words in commands_of(page):
        try:
            parse(words)
        except click.ClickException as error:
            pytest.fail(f"{page.name}: opensirt {' '.join(words)}: {error.format_message()}")


def test_commands_are_found_where_they_stand() -> None:
    by_name = {page.name: commands_of(page) for page in PAGES}
    assert ["demo", "--nuclide", "Ho-166"] in by_name["README.md"]
    assert ["order", "my-case"] in by_name["order-and-administer.md"]
    (compare,) = [one for one in by_name["survival-of-a-cohort.md"] if one[1:2] == ["compare"]]
    assert compare[-1] == "compare.pdf"
    assert sum(len(one) for one in by_name.values()) > 80


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("plna my-case", "no command"),
        ("cohort surival t.csv", "no command"),
        ("plan my-case --optimize minimum", "No such option"),
        ("plan my-case --optimise least", "is not one of"),
    ],
)
def test_what_is_none_is_told(line: str, words: str) -> None:
    with pytest.raises(click.ClickException, match=words):
        parse(line.split())


def test_each_link_and_picture_is_there() -> None:
    broken = []
    for page in (*PAGES, ROOT / "CHANGELOG.md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not target.startswith(("http:", "https:", "generated/")):
                there = (page.parent / target).exists()
                broken += [] if there else [f"{page.name}: {target}"]
    assert not broken


def test_each_page_stands_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        name = page.relative_to(ROOT / "docs") if page.name != "README.md" else None
        if name is not None and name.parts[0] != "decisions" and name.name != "index.md":
            assert name.with_suffix("").as_posix() in index, name

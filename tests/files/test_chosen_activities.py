"""Activities written into a case.toml: two lines, and nothing else changed."""

import tomllib

import pytest
from case_folder import CASE

from opensirt.errors import InputError
from opensirt.files.chosen_activities import with_activities

WANTED = {"right lobe": 812.34, "left": 99.0}


@pytest.mark.parametrize(
    "text",
    [
        CASE,
        CASE.replace("\n", "\r\n"),
        CASE.replace("[prescription]", "  [ prescription ]  # of the board"),
        CASE.replace(
            'name = "whole"', 'name = "whole"\nvessel = """\n[prescription]\nright artery"""'
        ),
    ],
    ids=["plain", "other line ends", "comment", "header within a text"],
)
def test_two_lines_are_added(text: str) -> None:
    made = with_activities(text, WANTED, 'says "board"')
    expected = tomllib.loads(text)
    expected["prescription"] |= {
        "activities_mbq": {"right lobe": 812.3, "left": 99.0},
        "activities_origin": 'says "board"',
    }
    assert tomllib.loads(made) == expected
    lines = [one for one in made.splitlines(keepends=True) if not one.startswith("activities_")]
    assert "".join(lines) == text


def test_what_is_stated_is_not_replaced() -> None:
    once = with_activities(CASE, WANTED, "a")
    with pytest.raises(InputError, match="states activities_mbq already"):
        with_activities(once, WANTED, "b")


def test_without_a_header_the_lines_are_given_to_be_written_by_hand() -> None:
    inline = CASE.split("[prescription]", maxsplit=1)[0].replace(
        "[patient]", 'prescription = { device = "resin", model = "partition" }\n[patient]'
    )
    with pytest.raises(InputError, match=r"by hand: activities_mbq = \{ \"right lobe\" = 812.3"):
        with_activities(inline, WANTED, "a")


def test_an_activity_that_is_not_plausible_is_not_written() -> None:
    with pytest.raises(InputError, match="activities_mbq"):
        with_activities(CASE, {"left": 0.9}, "a")

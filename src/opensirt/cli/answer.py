"""How commands answer: JSON or a table on standard output, progress on standard error."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from opensirt.domain.finding import Finding

_QUIET_S = 1.0
"""Progress is shown when a command takes longer than this."""

_MARKS = {"stop": "STOP", "warn": "WARN", "note": "note"}
_COLOURS = {"stop": "red", "warn": "yellow", "note": None}
UNVERIFIED = "⚠"

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Answer in JSON on standard output."
)


class Progress:
    """Says on standard error which step goes on, once a command takes more than a second.

    `every_s` is the least time between two words; 0 says every step.
    """

    def __init__(self, *, every_s: float = 0.0) -> None:
        self._began = time.monotonic()
        self._every_s = every_s
        self._said = -every_s
        self._step = ""
        self._lock = threading.Lock()
        self._timer = threading.Timer(_QUIET_S, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def __call__(self, step: str) -> None:
        """Take up the name of the step that begins now."""
        with self._lock:
            self._step = step
        elapsed_s = time.monotonic() - self._began
        if elapsed_s > _QUIET_S and elapsed_s - self._said >= self._every_s:
            self._said = elapsed_s
            self._show()

    def _show(self) -> None:
        with self._lock:
            if self._step:
                elapsed_s = time.monotonic() - self._began
                click.echo(f"[{elapsed_s:5.1f} s] {self._step} …", err=True)


def say_json(value: object) -> None:
    """Write a value as JSON to standard output."""
    from opensirt.app.plain import json_text

    click.echo(json_text(value))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table for people to standard output; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        pad_edge=False,
        show_header=any(columns),
    )
    listed = [tuple(row) for row in rows]
    for number, name in enumerate(columns):
        numeric = all(_is_number(row[number]) for row in listed) and bool(listed)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        made.add_row(*row)
    console = Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDTH_OF_FILES)
    console.print(made)


_WIDTH_OF_FILES = 160
"""Characters of a line where standard output is a file or a pipe."""


def _is_number(text: str) -> bool:
    if text in ("", "—"):
        return True
    try:
        float(text.removesuffix("%"))
    except ValueError:
        return False
    return True


def findings(found: Iterable[Finding]) -> None:
    """Write findings for people to standard output, in the order given."""
    for one in found:
        mark = "" if one.verified else f" {UNVERIFIED}"
        colour = _COLOURS[one.severity.value]
        head = click.style(_MARKS[one.severity.value], fg=colour, bold=colour is not None)
        click.echo(f"{head}{mark} {one.text}")


def number(value: object, digits: int = 4) -> str:
    """Return a number with so many digits, or why there is none.

    >>> number(1234.567), number(0.00012345), number(0.0)
    ('1235', '0.0001234', '0')
    """
    from opensirt.domain.missing import Missing

    if isinstance(value, Missing):
        return str(value.value)
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        if "e" in text and 1 <= abs(value) < 1e15:  # noqa: PLR2004 - beyond that the power helps
            text = f"{value:.0f}"
        return text
    return str(value)

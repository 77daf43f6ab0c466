"""The pages of the documentation taken apart: their code blocks and the commands they show."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if not {"generated", "_build"} & set(path.parts)
    ),
)
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"(?<!`)`(opensirt [^`]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block of one page."""

    page: str
    number: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """Return how test output names the block."""
        return f"{self.page}:{self.number}:{self.language}"


def blocks_of(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, those inside lists too."""
    return tuple(
        Block(
            page=page.relative_to(ROOT).as_posix(),
            number=number,
            language=one["language"],
            text=dedent(one["text"]),
        )
        for number, one in enumerate(_FENCE.finditer(page.read_text(encoding="utf-8")))
    )


def blocks_in(language: str) -> list[Block]:
    """Return the blocks of all pages in one language."""
    return [one for page in PAGES for one in blocks_of(page) if one.language == language]


def commands_in(text: str) -> list[list[str]]:
    """Return the words behind `opensirt` of each command in a block of lines."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [
        shlex.split(line, comments=True)[1:]
        for line in joined.splitlines()
        if line.startswith("opensirt ")
    ]


def commands_of(page: Path) -> list[list[str]]:
    """Return every command that a page shows, in blocks and within sentences."""
    found = [
        words
        for block in blocks_of(page)
        if block.language in ("text", "sh", "bash")
        for words in commands_in(block.text)
    ]
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for one in _INLINE.finditer(text):
        plain = re.sub(r"[\[\]]", "", one[1].replace("\n", " "))
        found.append(shlex.split(plain)[1:])
    return found

"""The part of a case.toml that a plan depends on."""

import re
import tomllib

BLOCKS_AFTER_PLAN = ("order", "administration")
"""Blocks that a plan does not depend on: they may be added to a case whose plan is approved."""

_TABLE_HEADER = re.compile(r"^\s*\[\[?\s*(?P<block>[A-Za-z0-9_-]+)\s*[.\]]")


def planning_text(text: str) -> str:
    """Return a case.toml without the blocks that come after the plan (order, administration).

    Their lines are cut out; where that would not leave exactly the other blocks (a table within
    a text, say), the whole text is returned.
    """
    kept: list[str] = []
    later = False
    for line in text.splitlines(keepends=True):
        header = _TABLE_HEADER.match(line)
        if header:
            later = header["block"] in BLOCKS_AFTER_PLAN
            # Empty lines between blocks say nothing; a comment right above a block belongs to it.
            while kept and (not kept[-1].strip() or (later and kept[-1].lstrip()[0] == "#")):
                kept.pop()
        if not later:
            kept.append(line)
    cut = "".join(kept).rstrip() + "\n"
    wanted = tomllib.loads(text)
    for name in BLOCKS_AFTER_PLAN:
        wanted.pop(name, None)
    try:
        same = tomllib.loads(cut) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    return cut if same else text

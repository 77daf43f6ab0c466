"""Places to break inside words that are too long for a table cell."""

import re
from typing import Any

ZERO_WIDTH_SPACE = "\u200b"
_LONGEST_PIECE = 14
_LONG_WORD = re.compile(r"\S{19,}")
_OF_ALL = frozenset({"block", "level", "alternative"})
_OF_PICTURES = _OF_ALL | {"name"}
"""Keys whose texts the template compares or takes as names of files."""


def breakable_texts(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Return the document's data with every text made breakable, keys and picture names left."""
    if isinstance(value, dict):
        fixed = _OF_PICTURES if value.get("block") == "picture" else _OF_ALL
        return {key: one if key in fixed else breakable_texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [breakable_texts(one) for one in value]
    return breakable(value) if isinstance(value, str) else value


def breakable(text: str) -> str:
    """Return the text with places to break inside words too long for a table cell.

    >>> breakable("a short text") == "a short text"
    True
    >>> breakable("structures.patient_1.seg.nrrd").split(ZERO_WIDTH_SPACE)
    ['structures.', 'patient_', '1.', 'seg.', 'nrrd']
    """
    return _LONG_WORD.sub(lambda found: _with_breaks(found[0]), text)


def _with_breaks(word: str) -> str:
    parts = [one for one in re.split(r"(?<=[._/\\:=+-])", word) if one]
    pieces = [
        part[at : at + _LONGEST_PIECE]
        for part in parts
        for at in range(0, len(part), _LONGEST_PIECE)
    ]
    return ZERO_WIDTH_SPACE.join(pieces)

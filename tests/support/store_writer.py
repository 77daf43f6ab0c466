"""Writes records to a store as fast as it can, and says each one when the store has taken it.

``store_writer.py URL IMAGES PREFIX``: a test kills this program in the middle of its writes.
"""

import hashlib
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from opensirt.store.images import keep_image
from opensirt.store.rows import Record
from opensirt.store.store import open_store

AT = datetime(2026, 3, 2, tzinfo=UTC)


def write_for_ever(url: str, images: Path, prefix: str) -> None:
    """Add a case with an image, then two versions of its plan, and so on."""
    with open_store(url, images=images) as store, tempfile.TemporaryDirectory() as folder:
        number = 0
        while True:
            number += 1
            key = f"{prefix}-{number}"
            source = Path(folder) / "image"
            source.write_bytes(hashlib.sha256(key.encode()).digest() * 2000)
            sha256, size = keep_image(store.place.images, source)
            case = record("case", key, f'key = "{key}"', files={"image": sha256})
            plan = record("plan", key, '{"a": 1, "text": "' + "x" * 5000 + '"}')
            store.add_many([case, plan], sizes={sha256: size})
            say(f"case {key} {case.uid}\nplan {key} {plan.uid}\n")
            later = record("plan", key, '{"a": 2}', supersedes=plan.uid)
            store.add(later)
            say(f"plan {key} {later.uid}\n")


def record(kind: str, key: str, content: str, **given: object) -> Record:
    """Return one record."""
    return Record(
        kind=kind,
        case_key=key,
        content=content,
        media="toml" if kind == "case" else "json",
        author="writer",
        made_at=AT,
        software_version="1",
        **given,  # type: ignore[arg-type]
    )


def say(text: str) -> None:
    """Write to standard output at once, in one piece."""
    os.write(1, text.encode())


if __name__ == "__main__":
    write_for_ever(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

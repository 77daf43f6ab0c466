"""kill −9 in the middle of writes, as often as asked: what was acknowledged must be there."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import opensirt
from opensirt.store.check import check_store
from opensirt.store.connect import Place
from opensirt.store.rows import Record
from opensirt.store.store import Store

WRITER = Path(__file__).with_name("store_writer.py")
SOURCES = Path(opensirt.__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Killed:
    """What so many kills left behind."""

    n_kills: int
    n_acknowledged: int
    n_lost: int
    n_unacknowledged: int
    """Records that are there without having been acknowledged: whole, or they would not pass."""
    faults: tuple[str, ...]
    """What the integrity check found."""


def kill_writers(place: Place, *, times: int, seed: int) -> Killed:
    """Start a writer, kill it at a random moment of its writing, and look; again and again."""
    rng = random.Random(seed)  # noqa: S311 - moments of a test
    acknowledged: list[tuple[str, str, str]] = []
    for number in range(times):
        acknowledged += _one_kill(place, f"run{number}", rng.uniform(0.005, 0.25))
    with Store(place) as store:
        there = {(kind, one.uid) for kind in ("case", "plan") for one in _all(store, kind)}
        found = check_store(store)
    lost = [one for one in acknowledged if (one[0], one[2]) not in there]
    return Killed(
        n_kills=times,
        n_acknowledged=len(acknowledged),
        n_lost=len(lost),
        n_unacknowledged=len(there) - (len(acknowledged) - len(lost)),
        faults=tuple(one.text for one in found.findings if one.severity.value == "stop"),
    )


def _all(store: Store, kind: str) -> list[Record]:
    return [one for key in store.case_keys() for one in store.history(kind, key)]


def _one_kill(place: Place, prefix: str, after_s: float) -> list[tuple[str, str, str]]:
    url = place.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(WRITER), url, str(place.images), prefix],
        stdout=subprocess.PIPE,
        env=environment,
    ) as writer:
        assert writer.stdout is not None
        head = os.read(writer.stdout.fileno(), 65536)  # it writes now
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        said = (head + writer.stdout.read()).decode()
    assert writer.returncode == -signal.SIGKILL, "the writer ended before it was killed"
    lines = [line.split() for line in said.splitlines()]
    return [(kind, key, uid) for kind, key, uid in lines]

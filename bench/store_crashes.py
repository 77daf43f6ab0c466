"""kill −9 in the middle of writes, and full disks, on SQLite and on PostgreSQL.

``python bench/store_crashes.py [KILLS]``: fifty kills on each database by default. PostgreSQL is
one of the script's own, with fsync on; the small disks are tmpfs, which only root can mount.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from kill_writers import kill_writers
from postgres import postgres
from store_writer import record

from opensirt.errors import StoreError
from opensirt.store.check import check_store
from opensirt.store.connect import Place, place_of
from opensirt.store.migrate import init_store
from opensirt.store.store import Store


def killed(name: str, place: Place, n_kills: int) -> None:
    """Kill writers and print what is left."""
    init_store(place)
    began = time.perf_counter()
    found = kill_writers(place, times=n_kills, seed=2026)
    print(
        f"{name}: {found.n_kills} kills, {found.n_acknowledged} records acknowledged, "
        f"{found.n_lost} of them lost, {found.n_unacknowledged} more there and whole, integrity "
        f"check: {'; '.join(found.faults) or 'passes'} ({time.perf_counter() - began:.0f} s)"
    )
    if found.n_lost or found.faults:
        raise SystemExit(1)


def filled(name: str, place: Place, size: int) -> None:
    """Write until the disk is full and print what the store says."""
    init_store(place)
    n_taken, said = 0, ""
    with Store(place) as store:
        while not said:
            try:
                # Bytes that do not compress, as text.
                store.add(record("case", f"P-{n_taken}", f'a = "{noise(size, n_taken)}"'))
                n_taken += 1
            except StoreError as error:
                said = str(error)
    with Store(place) as again:
        n_there = len(again.case_keys())
        found = check_store(again)
    print(
        f"{name}: full after {n_taken} records; {n_there} are there; integrity check: "
        f"{'passes' if found.passed else found.findings}; it says: {said}"
    )
    if n_there != n_taken or not found.passed or "disk of the store is full" not in said:
        raise SystemExit(1)


def noise(size: int, seed: int) -> str:
    """Return text that no database can compress."""
    import random

    return random.Random(seed).randbytes(size // 2).hex()  # noqa: S311 - not for secrets


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Give a disk of so many megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", folder]
        subprocess.run(command, check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)  # noqa: S607


def main() -> None:
    """Do all of it."""
    n_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        killed("SQLite, kill -9", place_of(Path(folder) / "store.db"), n_kills)
    with tempfile.TemporaryDirectory() as folder, postgres(fsync="on") as url:
        place = place_of(url % "postgres", images=Path(folder) / "images")
        killed("PostgreSQL, kill -9", place, n_kills)
    with small_disk(8) as disk:
        filled("SQLite, disk of 8 MB", place_of(disk / "store.db"), 50_000)
    with (
        small_disk(100) as disk,
        tempfile.TemporaryDirectory() as folder,
        postgres(within=disk) as url,
    ):
        place = place_of(url % "postgres", images=Path(folder) / "images")
        filled("PostgreSQL, disk of 100 MB", place, 500_000)


if __name__ == "__main__":
    main()

"""Crashes and full disks: what was acknowledged stays, and nothing is half there."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kill_writers import kill_writers
from store_writer import record

from opensirt.app.store_case import import_case
from opensirt.errors import StoreError
from opensirt.store.check import check_store
from opensirt.store.connect import Place, place_of
from opensirt.store.migrate import init_store
from opensirt.store.store import Store

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
N_KILLS = 4
"""Here; ``bench/store_crashes.py`` does fifty on each database."""


def test_what_was_acknowledged_survives_kill_9(place: Place) -> None:
    found = kill_writers(place, times=N_KILLS, seed=1)
    assert found.n_acknowledged > N_KILLS
    assert found.n_lost == 0
    assert found.faults == ()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 3 MB, or skip with the reason."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    done = subprocess.run(  # noqa: S603 - a fixed command
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


def fill(store: Store) -> int:
    """Add records until the store refuses; return how many it took."""
    n_taken = 0
    with pytest.raises(StoreError, match="disk of the store is full; nothing of this write was"):
        for n_taken in range(1000):
            store.add(record("case", f"P-{n_taken}", f'a = "{"x" * 50_000}"'))
    return n_taken


def test_a_full_disk_is_told_and_breaks_nothing(small_disk: Path) -> None:
    place = place_of(small_disk / "store.db")
    init_store(place)
    with Store(place) as store:
        n_taken = fill(store)
        assert n_taken > 3
    with Store(place) as again:
        assert len(again.case_keys()) == n_taken
        assert check_store(again).findings == []


def test_an_image_that_does_not_fit_is_told_and_leaves_nothing(
    small_disk: Path, tmp_path: Path
) -> None:
    place = place_of(tmp_path / "store.db", images=small_disk / "images")
    init_store(place)
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.toml").write_text('schema = "opensirt/case/1"\nkey = "P-1"\n')
    (folder / "large.bin").write_bytes(os.urandom(4_000_000))
    with Store(place) as store:
        with pytest.raises(StoreError, match="the disk of the store is full"):
            import_case(store, folder, author="A", at=AT)
        assert store.case_keys() == ()
        assert check_store(store).findings == []
    assert [one.name for one in place.images.iterdir()] == ["STORE"]


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from store_writer import record
from opensirt.errors import StoreError
from opensirt.store.connect import place_of
from opensirt.store.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
with Store(place_of(sys.argv[1])) as store:
    for number in range(1000):
        try:
            store.add(record("case", f"P-{number}", 'a = "' + "x" * 50_000 + '"'))
        except StoreError as error:
            print(number, error)
            break
"""


def test_a_file_that_may_not_grow_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk where none can be mounted."""
    place = place_of(tmp_path / "store.db")
    init_store(place)
    support = Path(__file__).parents[1] / "support"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _LIMITED, str(tmp_path / "store.db")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(support)])},
    )
    number, said = done.stdout.split(" ", 1)
    assert "the disk of the store is full" in said
    with Store(place) as store:
        assert len(store.case_keys()) == int(number) > 0
        assert check_store(store).findings == []


def test_a_full_disk_below_postgresql_is_told(
    monkeypatch: pytest.MonkeyPatch, new_place: Callable[[str], Place], tmp_path: Path
) -> None:
    """The image folder's own error, on both databases."""
    place = new_place("full")
    init_store(place)
    (tmp_path / "image").write_bytes(b"x")

    def no_room(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    from opensirt.store.images import keep_image

    monkeypatch.setattr("opensirt.store.images.os.fsync", no_room)
    with pytest.raises(StoreError, match="the disk of the store is full"):
        keep_image(place.images, tmp_path / "image")
    monkeypatch.undo()
    with Store(place) as store:
        assert check_store(store).findings == []

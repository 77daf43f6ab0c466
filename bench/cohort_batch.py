"""Doses of many small digital patients with Dask: same numbers, throughput, killed processes.

``python bench/cohort_batch.py [PATIENTS]``: 200 by default. First one by one in this process, then
on 1, 2, 3 and 4 worker processes (the machine's processors are printed); then through the store
with a worker killed after a quarter of the rows and the scheduler after half; then again.
"""

import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from dask_processes import cluster

from opensirt.app.cohort_case import dose_row
from opensirt.app.cohort_run import RunRequest, batch_tasks, run_cohort
from opensirt.app.store_case import import_case
from opensirt.cohort.batch import run_batch
from opensirt.errors import StoreError
from opensirt.phantom.small_patient import write_small_case
from opensirt.store.check import check_store
from opensirt.store.connect import place_of
from opensirt.store.migrate import init_store
from opensirt.store.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORKERS = (1, 2, 3, 4)


def asked(**given: object) -> RunRequest:
    """Return what is asked of a run."""
    return RunRequest(**{"engines": ("kernel",), "author": "bench", "made_at": NOW, **given})


def structures(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the numbers of each case."""
    return {one["case"]: one["structures"] for one in rows}


def filled(folder: Path, n_patients: int) -> Store:
    """Return a store of so many patients."""
    place = place_of(folder / "cohort.db")
    init_store(place)
    store = Store(place)
    began = time.perf_counter()
    for seed in range(n_patients):
        case = write_small_case(folder / "cases" / str(seed), seed=seed)
        import_case(store, case, author="bench", at=NOW)
    print(f"{n_patients} cases made and imported: {time.perf_counter() - began:.1f} s")
    return store


def scaling(store: Store, n_patients: int) -> dict[str, Any]:
    """Print throughput one by one and by number of workers; return the numbers."""
    tasks = batch_tasks(store, asked())
    dose_row(tasks[0])  # compiles
    began, cpu = time.perf_counter(), time.process_time()
    expected = structures([dose_row(one) for one in tasks])
    alone_s, alone_cpu_s = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"one by one: {alone_s:.1f} s wall, {alone_cpu_s:.1f} s CPU, "
        f"{n_patients / alone_s:.2f} cases/s (load average {os.getloadavg()[0]:.1f})"
    )
    print(
        "workers | all (s) | first to last row (s) | cases/s | speed-up (wall) | "
        "CPU of all workers (s) | load average"
    )
    for n_workers in WORKERS:
        rows: list[Any] = []
        at: list[float] = []

        def keep(row: Mapping[str, Any], rows: list[Any] = rows, at: list[float] = at) -> None:
            rows.append(row)
            at.append(time.perf_counter())

        began, cpu = time.perf_counter(), children_cpu_s()
        run_batch(tasks, dose_row, keep, n_workers=n_workers)
        all_s = time.perf_counter() - began
        rows_s = at[-1] - at[0]
        if structures(rows) != expected:
            raise SystemExit(f"{n_workers} workers gave other numbers")
        rate = (n_patients - 1) / rows_s
        print(
            f"{n_workers} | {all_s:.1f} | {rows_s:.1f} | {rate:.2f} | "
            f"{rate * alone_s / n_patients:.2f} | {children_cpu_s() - cpu:.1f} | "
            f"{os.getloadavg()[0]:.1f}",
            flush=True,
        )
    return expected


def children_cpu_s() -> float:
    """Return the processor time of all processes that this one has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed(store: Store, n_patients: int, expected: dict[str, Any]) -> None:
    """Kill a worker and the scheduler in the middle, run again, and compare."""
    kept: list[int] = []
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as processes:
        victim = processes.worker()
        processes.worker()

        def progress(_: str) -> None:
            kept.append(1)
            if len(kept) == n_patients // 4:
                victim.send_signal(signal.SIGKILL)
                processes.worker()
            if len(kept) == n_patients // 2:
                processes.scheduler.send_signal(signal.SIGKILL)

        try:
            run_cohort(store, asked(scheduler=processes.address, progress=progress))
        except StoreError as error:
            print(f"after both kills: {error}")
        else:
            raise SystemExit("the killed scheduler was not noticed")
    n_kept = len(store.all_latest("dosimetry"))
    print(f"rows acknowledged before the kill: {len(kept)}, in the store: {n_kept}")
    again = run_cohort(store, asked(n_workers=2))
    print(f"again: {again.n_there} there already, {again.n_done} done, {again.n_failed} failed")
    same = structures(again.rows) == expected
    print(f"numbers of all {len(again.rows)} rows the same as one by one: {same}")
    once_more = run_cohort(store, asked(n_workers=2))
    print(f"once more: {once_more.n_there} there already, {once_more.n_done} done")
    print(f"integrity check of the store: {'passes' if check_store(store).passed else 'FAILS'}")
    wrong = n_kept < len(kept) or again.n_there != n_kept or once_more.n_done or not same
    if wrong or again.n_there + again.n_done != n_patients:
        raise SystemExit(1)


def main() -> None:
    """Do all of it."""
    n_patients = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder), n_patients) as store:
        expected = scaling(store, n_patients)
        killed(store, n_patients, expected)


if __name__ == "__main__":
    main()

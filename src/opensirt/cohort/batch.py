"""Batches with Dask: one case, one task, one small row; no array in the graph.

Rows are handed over as they come, so that the one who keeps them loses none when a worker or the
scheduler dies. Errors of ours become rows; any other error stops the batch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opensirt.errors import StoreError

Row = Mapping[str, Any]
DIED = "died"
"""Outcome of a task whose worker died again and again."""

_REACH = "30s"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTask:
    """What a worker needs for one case: small, and the same for the same work.

    `task` is a hash of everything that decides the numbers: the case, its files, the engine, the
    site profile and the software.
    """

    task: str
    case_key: str
    case_uid: str
    engine: str
    content: str
    """Text of case.toml."""
    file_name: str
    files: tuple[tuple[str, str], ...]
    """(path in the folder, sha256) of every file that the dose depends on."""
    images: str
    """Folder of the store's images, which every worker must reach."""
    site: str | None
    """Text of the site profile; None for the default one."""


def run_batch(
    tasks: Sequence[BatchTask],
    work: Callable[[BatchTask], Row],
    keep: Callable[[Row], None],
    *,
    scheduler: str | None = None,
    n_workers: int | None = None,
) -> None:
    """Do all tasks on a Dask cluster and keep each row as soon as it is there.

    Parameters
    ----------
    tasks
        At most one of each hash.
    work
        Makes the row of one task; a function of a module, for it goes to other processes.
    keep
        Called here with every row, in the order of completion.
    scheduler
        Address of a running scheduler; without it, worker processes of this machine.
    n_workers
        Processes on this machine; as many as it has processors where None.

    Raises
    ------
    StoreError
        When the scheduler cannot be reached, or goes away before all is done; what was kept
        until then stays.
    """
    from distributed import KilledWorker, as_completed

    n_kept = 0
    with _client(scheduler, n_workers, len(tasks)) as client:
        by_key = {f"dosimetry-{one.task}": one for one in tasks}
        futures = client.map(work, tasks, key=list(by_key), pure=True)
        for future in as_completed(futures, loop=client.loop):
            if future.status == "finished":
                keep(future.result())
            elif future.status == "error":
                error = future.exception()
                if not isinstance(error, KilledWorker):
                    raise error
                keep(_died(by_key[future.key]))
            else:
                raise StoreError(
                    f"the Dask scheduler went away; {n_kept} of {len(tasks)} rows are kept: run "
                    "the same command again, it does only what is missing"
                )
            n_kept += 1
            future.release()


def _died(task: BatchTask) -> Row:
    return {
        **head_of(task),
        "outcome": DIED,
        "error": {
            "kind": "KilledWorker",
            "text": "every worker that tried this case died; look at its memory",
        },
    }


def head_of(task: BatchTask) -> dict[str, Any]:
    """Return what stands in every row of a task."""
    return {
        "schema": "opensirt/dosimetry/1",
        "case": task.case_key,
        "case_uid": task.case_uid,
        "task": task.task,
        "engine": task.engine,
    }


@contextmanager
def _client(scheduler: str | None, n_workers: int | None, n_tasks: int) -> Iterator[Any]:
    import logging
    import os

    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.comm.timeouts.connect": _REACH,
        "distributed.worker.daemon": True,
    }
    with dask.config.set(settings):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=_REACH, set_as_default=False)
            except (OSError, ValueError) as error:
                raise StoreError(
                    f"no Dask scheduler answers at {scheduler} ({type(error).__name__}); start "
                    "one, or leave --scheduler out"
                ) from None
            with client:
                yield client
            return
        wanted = n_workers or os.cpu_count() or 1
        with (
            LocalCluster(
                n_workers=max(1, min(wanted, n_tasks)),
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port, of this machine only
                silence_logs=logging.ERROR,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client

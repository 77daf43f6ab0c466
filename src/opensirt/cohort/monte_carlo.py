"""Monte Carlo batches on the workers of a Dask cluster."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.dose.batches import Enough, Job, MonteCarloState, one_batch
from opensirt.physics.transport.compiled import source_stamp
from opensirt.physics.transport.tally import add_batch

_CONNECT_S = 10


class TaskSums(NamedTuple):
    """What the batches of one task add up to; the last three fields have one number a batch."""

    summed_mev: NDArray[np.float64]
    squared_mev2: NDArray[np.float64]
    emitted_mev: list[float]
    escaped_mev: list[float]
    structure_gy: list[float]


def follow_batches(job: Job, first: int, n_batches: int, histories_per_batch: int) -> TaskSums:
    """Follow batches with the numbers from `first` on: one task of a worker."""
    score, summed, squared = (np.zeros(job.n_voxels) for _ in range(3))
    emitted, escaped, structure = [], [], []
    for batch in range(first, first + n_batches):
        out, left = one_batch(job, batch, histories_per_batch, score)
        emitted.append(out)
        escaped.append(left)
        structure.append(job.structure_mean_gy(score) / histories_per_batch)
        add_batch(score, summed, squared)  # and empties the score
    return TaskSums(summed, squared, emitted, escaped, structure)


def _require_same_loops(found: Mapping[str, object]) -> None:
    """Refuse workers whose compiled loops are of other sources than those of this computer."""
    others = sorted(str(worker) for worker, stamp in found.items() if stamp != source_stamp())
    if others:
        raise InputError(
            f"{len(others)} of {len(found)} Dask workers ({', '.join(others[:3])}) run another "
            "version of OpenSIRT, whose histories may differ; install this one there and start "
            "them again"
        )


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Batches on a Dask cluster; a state after each task.

    Tables and images go to every worker once, by hash; a task carries numbers only. Tasks are
    of the same batches whatever the number of workers, and are added up in order.

    Parameters
    ----------
    scheduler
        Address of the scheduler, such as ``tcp://host:8786``.
    batches_per_task
        How many batches a worker follows before it answers.
    """

    scheduler: str
    batches_per_task: int

    def __call__(
        self, job: Job, state: MonteCarloState, *, n_batches: int, enough: Enough
    ) -> Iterator[MonteCarloState]:
        """See `opensirt.physics.dose.batches.Runner`.

        Raises
        ------
        InputError
            When the scheduler does not answer, has no worker, or one with other loops than ours.
        """
        from distributed import Client

        try:
            client = Client(self.scheduler, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"no Dask scheduler answers at {self.scheduler} ({type(error).__name__}); start "
                "one with `dask scheduler`, or leave --scheduler out to run on this computer"
            ) from None
        with client:
            n_workers = sum(client.nthreads().values())
            if n_workers == 0:
                raise InputError(
                    f"the Dask scheduler at {self.scheduler} has no worker; start some with "
                    f"`dask worker {self.scheduler}`"
                )
            _require_same_loops(client.run(source_stamp, on_error="return"))
            held = client.scatter(job, broadcast=True)
            size, following = state.histories_per_batch, state.n_batches
            running: deque[object] = deque()
            while state.n_batches < n_batches and not enough(state):
                while len(running) < 2 * n_workers and following < n_batches:
                    n = min(self.batches_per_task, n_batches - following)
                    running.append(
                        client.submit(follow_batches, held, following, n, size, pure=False)
                    )
                    following += n
                found: TaskSums = running.popleft().result()  # type: ignore[attr-defined]  # a Future
                state = replace(
                    state,
                    summed_mev=state.summed_mev + found.summed_mev,
                    squared_mev2=state.squared_mev2 + found.squared_mev2,
                )
                for sums in zip(*found[2:], strict=True):
                    state = state.with_batch(*sums)
                yield state
            client.cancel(list(running))

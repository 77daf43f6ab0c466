"""Batches of Monte Carlo histories: run on threads, added up in a fixed order, resumable."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.transport.draw import batch_counter
from opensirt.physics.transport.electron import STACK
from opensirt.physics.transport.history import DIMENSIONS, run_batch
from opensirt.physics.transport.table import Medium, Physics, Source
from opensirt.physics.transport.tally import add_batch


@dataclass(frozen=True, eq=False, kw_only=True)
class MonteCarloState:
    """What the batches so far have added up to; a run goes on from it as if it had not stopped.

    Parameters
    ----------
    fingerprint
        Of images, nuclide, tables and seed; a run goes on only from its own state.
    histories_per_batch, n_batches
        Size and number of the batches.
    summed_mev, squared_mev2 : (v,)
        Sums over batches of the energy of each voxel (with its rim), and of its square.
    emitted_mev, escaped_mev
        Sums over all histories.
    structure_gy, structure_gy2
        Sums over batches of the mean dose in the chosen structure, and of its square.
    """

    fingerprint: str
    histories_per_batch: int
    n_batches: int
    summed_mev: NDArray[np.float64]
    squared_mev2: NDArray[np.float64]
    emitted_mev: float = 0.0
    escaped_mev: float = 0.0
    structure_gy: float = 0.0
    structure_gy2: float = 0.0

    @property
    def n_histories(self) -> int:
        """Number of histories so far."""
        return self.n_batches * self.histories_per_batch

    @property
    def structure_relative_uncertainty(self) -> float:
        """Standard uncertainty of the mean dose in the structure over that dose."""
        return relative_uncertainty(self.structure_gy, self.structure_gy2, self.n_batches)


def relative_uncertainty(summed: float, squared: float, n_batches: int) -> float:
    """Return the standard uncertainty of a mean over batches, over that mean; ∞ if not known."""
    if n_batches < 2 or summed <= 0:  # noqa: PLR2004 - one batch has no spread
        return float("inf")
    mean = summed / n_batches
    variance = max(0.0, squared / n_batches - mean**2) / (n_batches - 1)
    return float(np.sqrt(variance) / mean)


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """What every batch of a run needs.

    Parameters
    ----------
    structure_voxel : (n,)
        Voxels (with rim) of the chosen structure; empty without one.
    structure_gy_per_mev : (n,)
        What the energy of such a voxel adds to the structure's mean dose.
    """

    physics: Physics
    medium: Medium
    source: Source
    seed: int
    structure_voxel: NDArray[np.int64]
    structure_gy_per_mev: NDArray[np.float64]

    @property
    def n_voxels(self) -> int:
        """Number of voxels with their rim."""
        return int(self.medium.density_g_per_ml.size)


def fresh_state(fingerprint: str, histories_per_batch: int, n_voxels: int) -> MonteCarloState:
    """Return the state before the first batch."""
    return MonteCarloState(
        fingerprint=fingerprint,
        histories_per_batch=histories_per_batch,
        n_batches=0,
        summed_mev=np.zeros(n_voxels),
        squared_mev2=np.zeros(n_voxels),
    )


def _one_batch(
    job: Job, batch: int, n_histories: int, score_mev: NDArray[np.float64]
) -> tuple[float, float]:
    return run_batch(
        job.physics,
        job.medium,
        job.source,
        batch_counter(job.seed, batch),
        n_histories,
        score_mev,
        np.empty((STACK, 8)),
        np.empty(DIMENSIONS),
    )


def run_batches(
    job: Job,
    state: MonteCarloState,
    *,
    n_threads: int,
    enough: Callable[[MonteCarloState], bool],
) -> Iterator[MonteCarloState]:
    """Run batches until `enough` of the state is true; yield the state after each.

    Batches are numbered, each has its own random numbers, and they are added up in the order
    of their numbers: the result is the same on any number of threads. The arrays of the states
    are one and the same; copy them to keep them.

    Raises
    ------
    InputError
        When `n_threads` is below one.
    """
    if n_threads < 1:
        raise InputError(f"a run needs one thread or more, found {n_threads}")
    summed, squared = state.summed_mev.copy(), state.squared_mev2.copy()
    size = state.histories_per_batch
    free = [np.zeros(job.n_voxels) for _ in range(n_threads)]
    running: deque[tuple[Future[tuple[float, float]], NDArray[np.float64]]] = deque()
    following = state.n_batches
    with ThreadPoolExecutor(n_threads) as pool:
        while not enough(state):
            while free:
                score = free.pop()
                running.append((pool.submit(_one_batch, job, following, size, score), score))
                following += 1
            future, score = running.popleft()
            emitted, escaped = future.result()
            mean_gy = float(score[job.structure_voxel] @ job.structure_gy_per_mev) / size
            add_batch(score, summed, squared)  # and empties the score
            free.append(score)
            state = MonteCarloState(
                fingerprint=state.fingerprint,
                histories_per_batch=size,
                n_batches=state.n_batches + 1,
                summed_mev=summed,
                squared_mev2=squared,
                emitted_mev=state.emitted_mev + emitted,
                escaped_mev=state.escaped_mev + escaped,
                structure_gy=state.structure_gy + mean_gy,
                structure_gy2=state.structure_gy2 + mean_gy**2,
            )
            yield state

"""Batches of Monte Carlo histories: on threads or a graphics processor, in order, resumable."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.physics.transport.draw import batch_counter
from opensirt.physics.transport.electron import room_to_wait
from opensirt.physics.transport.history import DIMENSIONS, run_batch
from opensirt.physics.transport.table import Medium, Physics, Source
from opensirt.physics.transport.tally import add_batch
from opensirt.reference.constant import constant


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

    def with_batch(self, emitted_mev: float, escaped_mev: float, mean_gy: float) -> Self:
        """Return the state after one more batch, whose scores are in the sums already."""
        return replace(
            self,
            n_batches=self.n_batches + 1,
            emitted_mev=self.emitted_mev + emitted_mev,
            escaped_mev=self.escaped_mev + escaped_mev,
            structure_gy=self.structure_gy + mean_gy,
            structure_gy2=self.structure_gy2 + mean_gy**2,
        )

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

    def structure_mean_gy(self, score_mev: NDArray[np.float64]) -> float:
        """Return the mean dose of the chosen structure, for a score."""
        return float(score_mev[self.structure_voxel] @ self.structure_gy_per_mev)


def fresh_state(fingerprint: str, histories_per_batch: int, n_voxels: int) -> MonteCarloState:
    """Return the state before the first batch."""
    return MonteCarloState(
        fingerprint=fingerprint,
        histories_per_batch=histories_per_batch,
        n_batches=0,
        summed_mev=np.zeros(n_voxels),
        squared_mev2=np.zeros(n_voxels),
    )


def one_batch(
    job: Job, batch: int, n_histories: int, score_mev: NDArray[np.float64]
) -> tuple[float, float]:
    """Follow one batch, add it to an empty score and return what it emitted and what left."""
    return run_batch(
        job.physics,
        job.medium,
        job.source,
        batch_counter(job.seed, batch),
        n_histories,
        score_mev,
        room_to_wait(),
        np.empty(DIMENSIONS),
    )


Enough = Callable[[MonteCarloState], bool]
"""Says of a state whether its run is over."""


class Runner(Protocol):
    """Something that runs batches: threads, a graphics processor, a cluster."""

    def __call__(
        self, job: Job, state: MonteCarloState, *, n_batches: int, enough: Enough
    ) -> Iterator[MonteCarloState]:
        """Run batches until there are `n_batches` or `enough` is true; yield states on the way.

        Batches are numbered, each has its own random numbers, and they are added up in the order
        of their numbers: the result is the same on any number of threads or workers. The arrays of
        the states may be one and the same; copy them to keep them.
        """


@dataclass(frozen=True, kw_only=True)
class Threads:
    """Batches on threads of this computer; a state after each.

    Parameters
    ----------
    n_threads
        How many; −1 for as many as there are processors.

    Raises
    ------
    InputError
        When `n_threads` is zero or below −1.
    """

    n_threads: int = -1

    def __post_init__(self) -> None:
        if self.n_threads < 1 and self.n_threads != -1:
            raise InputError(f"a run needs one thread or more, or −1, found {self.n_threads}")

    def __call__(
        self, job: Job, state: MonteCarloState, *, n_batches: int, enough: Enough
    ) -> Iterator[MonteCarloState]:
        """See `Runner`."""
        n_threads = self.n_threads if self.n_threads > 0 else (os.cpu_count() or 1)
        summed, squared = state.summed_mev.copy(), state.squared_mev2.copy()
        size = state.histories_per_batch
        free = [np.zeros(job.n_voxels) for _ in range(n_threads)]
        running: deque[tuple[Future[tuple[float, float]], NDArray[np.float64]]] = deque()
        following = state.n_batches
        with ThreadPoolExecutor(n_threads) as pool:
            while state.n_batches < n_batches and not enough(state):
                while free and following < n_batches:
                    score = free.pop()
                    running.append((pool.submit(one_batch, job, following, size, score), score))
                    following += 1
                future, score = running.popleft()
                emitted, escaped = future.result()
                mean_gy = job.structure_mean_gy(score) / size
                add_batch(score, summed, squared)  # and empties the score
                free.append(score)
                state = replace(state, summed_mev=summed, squared_mev2=squared)
                state = state.with_batch(emitted, escaped, mean_gy)
                yield state


@dataclass(frozen=True, kw_only=True)
class GraphicsProcessor:
    """Batches on a CUDA graphics processor; a state after a few.

    Its histories have other random numbers than those of the processor: the dose is the same
    within its statistics.

    Parameters
    ----------
    n_threads
        Threads of one launch.
    batches_per_look
        Batches between two states, for which the sums come back from the device, at least.
    """

    n_threads: int
    batches_per_look: int

    def __call__(
        self, job: Job, state: MonteCarloState, *, n_batches: int, enough: Enough
    ) -> Iterator[MonteCarloState]:
        """See `Runner`.

        Raises
        ------
        InputError
            Where no CUDA graphics processor can be used.
        """
        from opensirt.physics.transport.device import Device

        device = Device(
            job.physics,
            job.medium,
            job.source,
            structure_voxel=job.structure_voxel,
            structure_gy_per_mev=job.structure_gy_per_mev,
            summed_mev=state.summed_mev,
            squared_mev2=state.squared_mev2,
            n_threads=self.n_threads,
        )
        size = state.histories_per_batch
        growth = constant("transport", "look_again").value
        while state.n_batches < n_batches and not enough(state):
            # A run is looked at only when it has grown by some part, see `MonteCarlo`.
            n = max(self.batches_per_look, int(growth * state.n_batches))
            n = min(n, n_batches - state.n_batches)
            for found in device.run(job.seed, state.n_batches, n, size):
                state = state.with_batch(
                    found.emitted_mev, found.escaped_mev, found.structure_gy / size
                )
            summed, squared = device.sums()
            state = replace(state, summed_mev=summed, squared_mev2=squared)
            yield state

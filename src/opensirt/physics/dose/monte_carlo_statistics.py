"""How sure a Monte Carlo run is of its doses, and the uncertainty at which it is to stop."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.structure import VoxelWeights
from opensirt.errors import InputError
from opensirt.reference.constant import constant

if TYPE_CHECKING:  # numba is read only when a run begins
    from opensirt.physics.dose.batches import MonteCarloState

_HALF = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """The uncertainty at which a run stops.

    Parameters
    ----------
    relative
        Standard uncertainty of the statistics over the dose.
    inside
        A structure: of its mean dose. Without one: root mean square over the voxels above half
        of the maximum.
    each_voxel
        Of the voxels of the structure, by their median, in place of its mean dose.
    """

    relative: float
    inside: VoxelWeights | None = None
    each_voxel: bool = False

    def __post_init__(self) -> None:
        if self.each_voxel and self.inside is None:
            raise InputError("a target for the voxels of a structure needs the structure, `inside`")
        if not 0.0 < self.relative < 1.0:
            raise InputError(
                f"a target uncertainty lies between 0 and 1, found {self.relative}; 0.02 is 2 %"
            )


def largest_batch(n_histories: int) -> int:
    """Return how many histories a batch may have so that a run can stop on an uncertainty."""
    return -(-n_histories // int(constant("transport", "fewest_batches").value))


def mean_and_spread(
    state: "MonteCarloState", shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean energy per history and its standard uncertainty, in MeV, without the rim.

    There are two batches or more.
    """
    k, j, i = (n + 2 for n in shape)
    inner = (slice(1, -1),) * 3
    summed = state.summed_mev.reshape(k, j, i)[inner]
    squared = state.squared_mev2.reshape(k, j, i)[inner]
    n, size = state.n_batches, state.histories_per_batch
    mean = summed / n
    variance = np.maximum(squared / n - mean**2, 0.0) / (n - 1)
    return mean / size, np.sqrt(variance) / size


def target_uncertainty(
    target: Target, state: "MonteCarloState", gy_per_mev: NDArray[np.float64]
) -> float:
    """Return the relative uncertainty that a target is about."""
    if target.inside is None:
        return half_maximum_uncertainty(state, gy_per_mev)
    if not target.each_voxel:
        return state.structure_relative_uncertainty
    voxel = with_rim(target.inside.flat_index, gy_per_mev.shape)
    n = state.n_batches
    mean = state.summed_mev[voxel] / n
    reached = mean > 0
    if not reached.any():
        return float("inf")
    variance = np.maximum(state.squared_mev2[voxel] / n - mean**2, 0.0) / (n - 1)
    return float(np.median(np.sqrt(variance[reached]) / mean[reached]))


def with_rim(flat_index: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the indices that voxels have once there is a rim of one voxel."""
    kji = [axis + 1 for axis in np.unravel_index(flat_index, shape)]
    k, j, i = (n + 2 for n in shape)
    return np.ravel_multi_index((kji[0], kji[1], kji[2]), (k, j, i)).astype(np.int64)


def half_maximum_uncertainty(state: "MonteCarloState", gy_per_mev: NDArray[np.float64]) -> float:
    """Return the root mean square relative uncertainty of the voxels above half of the maximum."""
    mean, spread = mean_and_spread(state, gy_per_mev.shape)
    dose = mean * gy_per_mev
    above = dose > _HALF * dose.max()
    if not above.any():
        return float("inf")
    return float(np.sqrt(np.mean((spread[above] / mean[above]) ** 2)))

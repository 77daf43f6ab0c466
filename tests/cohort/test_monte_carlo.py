"""Monte Carlo on a Dask cluster of this machine."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from monte_carlo_cases import decays_of, density_of, grid_of, run

from opensirt.cohort.monte_carlo import Cluster
from opensirt.domain.structure import VoxelWeights
from opensirt.errors import InputError
from opensirt.physics.dose.monte_carlo_statistics import Target
from opensirt.physics.transport.compiled import source_stamp

distributed = pytest.importorskip("distributed")

GRID = grid_of((8, 9, 10), (3.0, 3.0, 3.0))
CASE = decays_of(GRID, 1e6), density_of(GRID, np.where(np.indices(GRID.shape)[2] > 6, 0.26, 1.05))


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as made:
        yield made


def test_the_dose_is_that_of_one_computer(cluster: object) -> None:
    address = cluster.scheduler_address  # type: ignore[attr-defined]  # a LocalCluster
    options: dict[str, Any] = {"n_histories": 24_000, "histories_per_batch": 2000, "seed": 4}
    here = run(*CASE, **options)
    for batches_per_task in (5, 3):
        there = run(
            *CASE, **options, runner=Cluster(scheduler=address, batches_per_task=batches_per_task)
        )
        np.testing.assert_allclose(there.dose.values, here.dose.values, rtol=1e-6)
        np.testing.assert_allclose(there.uncertainty.values, here.uncertainty.values, rtol=1e-5)
        assert there.n_histories == here.n_histories
        assert there.energy.scored_j == pytest.approx(here.energy.scored_j, rel=1e-9)


def test_workers_of_another_version_are_refused(
    cluster: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = cluster.scheduler_address  # type: ignore[attr-defined]  # a LocalCluster
    # A worker that lacks the function answers with its error.
    answers = {"tcp://here:1": source_stamp(), "tcp://old:2": 7, "tcp://older:3": ImportError("no")}
    monkeypatch.setattr(distributed.Client, "run", lambda *_, **__: answers)
    runner = Cluster(scheduler=address, batches_per_task=5)
    with pytest.raises(InputError, match=r"2 of 3 Dask workers \(tcp://old:2, tcp://older:3\)"):
        run(*CASE, n_histories=1000, histories_per_batch=100, runner=runner)


def test_a_target_stops_the_cluster_too(cluster: object) -> None:
    address = cluster.scheduler_address  # type: ignore[attr-defined]  # a LocalCluster
    index = np.arange(300, 400)
    inside = VoxelWeights(grid=GRID, flat_index=index, fraction=np.ones(100))
    made = run(
        *CASE,
        n_histories=2_000_000,
        histories_per_batch=1000,
        target=Target(relative=0.02, inside=inside),
        runner=Cluster(scheduler=address, batches_per_task=5),
    )
    assert 20_000 <= made.n_histories < 200_000
    assert made.state.structure_relative_uncertainty <= 0.02


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opensirt.cohort.monte_carlo._CONNECT_S", 0.5)
    nobody = Cluster(scheduler="tcp://127.0.0.1:9", batches_per_task=5)
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        run(*CASE, n_histories=1000, histories_per_batch=100, runner=nobody)


def test_a_scheduler_without_workers_is_named() -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(InputError, match="has no worker"),
    ):
        run(
            *CASE,
            n_histories=1000,
            histories_per_batch=100,
            runner=Cluster(scheduler=empty.scheduler_address, batches_per_task=5),
        )

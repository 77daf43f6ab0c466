"""A store of small phantom patients, and a Dask scheduler of the tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cohort_cases import AT, N_PATIENTS
from dask_processes import Cluster, cluster

from opensirt.app.store_case import import_case
from opensirt.phantom.small_patient import write_small_case
from opensirt.store.connect import place_of
from opensirt.store.migrate import init_store
from opensirt.store.store import Store


@pytest.fixture(scope="session")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the case folders."""
    room = tmp_path_factory.mktemp("patients")
    for seed in range(N_PATIENTS):
        write_small_case(room / f"p{seed:02d}", seed=seed)
    return room


@pytest.fixture
def filled(tmp_path: Path, patients: Path) -> Iterator[Store]:
    """Give a store that holds them."""
    place = place_of(tmp_path / "cohort.db")
    init_store(place)
    with Store(place) as store:
        for folder in sorted(patients.iterdir()):
            import_case(store, folder, author="A", at=AT)
        yield store


@pytest.fixture
def dask_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Give a scheduler without workers."""
    folder = tmp_path / "dask"
    folder.mkdir()
    with cluster(folder) as made:
        yield made

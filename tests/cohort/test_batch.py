"""Batch dosimetry: the numbers of one by one, and nothing lost when a process dies."""

import pickle
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cohort_cases import AT, N_PATIENTS
from dask_processes import Cluster

from opensirt.app.cohort_case import dose_row
from opensirt.app.cohort_run import RunRequest, batch_tasks, compare, run_cohort
from opensirt.app.cohort_table import cohort_table
from opensirt.app.evaluate import RunOptions
from opensirt.app.step import do_step
from opensirt.app.store_case import import_case
from opensirt.cohort import batch
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, StoreError, UnknownNameError
from opensirt.phantom.small_patient import write_small_case
from opensirt.store.check import check_store
from opensirt.store.store import Store

NOW = datetime(2026, 6, 2, 12, tzinfo=UTC)


def asked(**given: Any) -> RunRequest:
    return RunRequest(**{"engines": ("kernel",), "author": "A", "made_at": NOW, **given})


def one_by_one(
    monkeypatch: pytest.MonkeyPatch, store: Store, **given: Any
) -> dict[tuple[str, str], Any]:
    """Do a run in this process, without Dask; return the structures of every row."""

    def here(tasks: Any, work: Any, keep: Any, **_: object) -> None:
        for one in tasks:
            keep(work(one))

    with monkeypatch.context() as patched:
        patched.setattr(batch, "run_batch", here)
        made = run_cohort(store, asked(**given))
    return structures(made.rows)


def structures(rows: Any) -> dict[tuple[str, str], Any]:
    return {(one["case"], one["engine"]): one["structures"] for one in rows}


def test_a_cluster_gives_the_numbers_of_one_by_one_and_a_rerun_does_nothing(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run_cohort(filled, asked(n_workers=2))
    assert (made.n_tasks, made.n_done, made.n_failed, made.n_there) == (N_PATIENTS, 12, 0, 0)
    expected = {
        (one.case_key, one.engine): dose_row(one)["structures"]
        for one in batch_tasks(filled, asked())
    }
    assert structures(made.rows) == expected
    monkeypatch.setattr(batch, "run_batch", None)  # nothing is left to do: it is not called
    again = run_cohort(filled, asked())
    assert (again.n_there, again.n_done, again.n_failed) == (N_PATIENTS, 0, 0)
    assert structures(again.rows) == expected
    assert check_store(filled).findings == []


def test_a_row_has_the_numbers_of_the_verify_step(
    filled: Store, patients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = one_by_one(monkeypatch, filled, case_keys=("small-patient-0003",))
    _, result, record = do_step(patients / "p03", RunOptions(made_at=NOW, step="verify"))
    record.unlink()
    record.parent.rmdir()
    assert result.verification is not None
    for row, one in zip(
        rows["small-patient-0003", "kernel"],
        result.verification.primary_result.structures,
        strict=True,
    ):
        assert (row["label"], row["mean_gy"], row["d70_gy"]) == (one.label, one.mean_gy, one.d70_gy)


def test_a_task_is_small_and_holds_no_image(filled: Store) -> None:
    for one in batch_tasks(filled, asked()):
        assert len(pickle.dumps(one)) < 3000


def test_only_what_changed_is_done_again(
    filled: Store, patients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one(monkeypatch, filled)
    folder = write_small_case(tmp_path / "changed", seed=1)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    (folder / "case.toml").write_text(text.replace("1.05", "1.06"), encoding="utf-8")
    import_case(filled, folder, author="A", at=AT)
    (patients / "p02" / "report").mkdir()
    (patients / "p02" / "report" / "report.html").write_text("a report is no input of a dose")
    import_case(filled, patients / "p02", author="A", at=AT)
    (patients / "p02" / "report" / "report.html").unlink()
    (patients / "p02" / "report").rmdir()
    done: list[str] = []
    monkeypatch.setattr(
        batch, "run_batch", lambda tasks, *_, **__: done.extend(one.case_key for one in tasks)
    )
    run_cohort(filled, asked())
    assert done == ["small-patient-0001"]


def test_a_case_that_cannot_be_used_is_a_row_and_stops_nothing(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "case.toml").write_text('schema = "opensirt/case/1"\nkey = "bare"\n')
    import_case(filled, folder, author="A", at=AT)
    made = run_cohort(filled, asked(case_keys=("bare", "small-patient-0000"), n_workers=1))
    assert (made.n_done, made.n_failed) == (1, 1)
    (failed,) = [one for one in made.rows if one["outcome"] == "failed"]
    assert failed["error"]["kind"] == "MissingInputError"
    assert "records no" in failed["error"]["text"]
    tried: list[str] = []
    monkeypatch.setattr(
        batch, "run_batch", lambda tasks, *_, **__: tried.extend(one.case_key for one in tasks)
    )
    run_cohort(filled, asked(case_keys=("bare",)))
    assert tried == []
    run_cohort(filled, asked(case_keys=("bare",), retry_failed=True))
    assert tried == ["bare"]


def test_an_image_that_was_changed_is_a_row_that_says_so(filled: Store) -> None:
    case = filled.latest("case", "small-patient-0000")
    assert case is not None
    from opensirt.store.images import image_path

    image = image_path(filled.place.images, case.files["pet.nii.gz"])
    image.chmod(0o644)
    image.write_bytes(b"x" + image.read_bytes()[1:])
    row = dose_row(batch_tasks(filled, asked(case_keys=("small-patient-0000",)))[0])
    assert row["outcome"] == "failed"
    assert "has other bytes than when it was stored" in row["error"]["text"]


def test_a_killed_worker_loses_nothing(filled: Store, dask_cluster: Cluster) -> None:
    victim = dask_cluster.worker()
    killed: list[int] = []

    def progress(_: str) -> None:
        if not killed:
            killed.append(victim.pid)
            victim.send_signal(signal.SIGKILL)
            dask_cluster.worker()

    made = run_cohort(filled, asked(scheduler=dask_cluster.address, progress=progress))
    assert killed
    assert (made.n_done, made.n_failed) == (N_PATIENTS, 0)
    assert len({one["case"] for one in made.rows}) == N_PATIENTS


def test_a_killed_scheduler_loses_nothing_that_was_kept_and_a_rerun_does_the_rest(
    filled: Store, dask_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask_cluster.worker()
    kept: list[int] = []

    def progress(_: str) -> None:
        kept.append(1)
        if len(kept) == 3:
            dask_cluster.scheduler.send_signal(signal.SIGKILL)

    monkeypatch.setattr(batch, "_REACH", "2s")
    with pytest.raises(StoreError, match="the Dask scheduler went away; .* of 12 rows are kept"):
        run_cohort(filled, asked(scheduler=dask_cluster.address, progress=progress))
    n_kept = len(filled.all_latest("dosimetry"))
    assert 3 <= n_kept < N_PATIENTS
    done: list[str] = []
    rows = one_by_one(monkeypatch, filled, progress=done.append)
    assert len(done) == N_PATIENTS - n_kept
    assert len(rows) == N_PATIENTS


def test_a_scheduler_that_is_not_there_is_told(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_REACH", "1s")
    with pytest.raises(StoreError, match="no Dask scheduler answers at tcp://127.0.0.1:1"):
        run_cohort(filled, asked(scheduler="tcp://127.0.0.1:1"))


def test_what_is_asked_must_be_there(filled: Store) -> None:
    with pytest.raises(UnknownNameError, match="unknown dose engine 'quick'"):
        run_cohort(filled, asked(engines=("quick",)))
    with pytest.raises(InputError, match="there is no case 'nobody' in the store"):
        run_cohort(filled, asked(case_keys=("nobody",)))
    with pytest.raises(InputError, match="name at least one engine"):
        asked(engines=())


def test_engines_are_compared_structure_by_structure(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ("small-patient-0000", "small-patient-0001")
    rows = one_by_one(monkeypatch, filled, engines=("kernel", "local"), case_keys=keys)
    made = run_cohort(filled, asked(engines=("kernel", "local"), case_keys=keys))
    found = {one.kind: one for one in compare(made.rows, "kernel")}
    pairs = [
        (kernel["mean_gy"], local["mean_gy"])
        for key in keys
        for kernel, local in zip(rows[key, "kernel"], rows[key, "local"], strict=True)
        if kernel["kind"] == "tumour"
    ]
    tumour = found["tumour"]
    assert (tumour.n_structures, tumour.n_patients) == (len(pairs), 2)
    apart = [other - first for first, other in pairs]
    assert tumour.mean_difference_gy == pytest.approx(sum(apart) / len(apart))
    assert tumour.mean_difference_gy > 0  # local deposition keeps in a tumour what leaves it
    low, high = tumour.limits_of_agreement_gy  # type: ignore[misc]
    assert low <= tumour.mean_difference_gy <= high
    assert compare(made.rows[:1], "kernel") == []


def test_doses_of_a_batch_stand_in_the_tables(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one(monkeypatch, filled, case_keys=("small-patient-0000",))
    table = cohort_table(filled, engine="kernel")
    assert table["tumour_gy"].present.tolist() == [True] + [False] * (N_PATIENTS - 1)
    assert table["tumour_gy"].at(1) is Missing.NOT_DONE
    assert "engine kernel" in table.variable("tumour_gy").source
    lesions = cohort_table(filled, unit="lesion", engine="kernel")
    assert set(lesions["patient"].values.tolist()) == {"small-patient-0000"}

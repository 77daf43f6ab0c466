"""Small parts of the application: frames of one call, JSON, order of findings, steps."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from builders import activity, centred_grid, site
from case_folder import CASE, WITHOUT_SCOUT, write_case

from opensirt.app.case_facts import administration_facts
from opensirt.app.dose import dose
from opensirt.app.dvh import dvh
from opensirt.app.evaluate import RunOptions, evaluate, ordered
from opensirt.app.frame import SharedFrame
from opensirt.app.plain import json_text, plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_record, steps_of
from opensirt.app.run import run_case
from opensirt.app.schema import schema_of
from opensirt.app.step import do_step
from opensirt.app.write_dose import require_dose_name, write_dose
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap, Event
from opensirt.domain.missing import Missing
from opensirt.errors import GeometryError, InputError, MissingInputError, UnknownNameError
from opensirt.files.delivery_blocks import AdministrationBlock

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


def test_a_frame_is_shared_by_files_without_one_and_that_is_said() -> None:
    frame = SharedFrame(None, "a.nii")
    assert frame.of(Missing.NOT_RECORDED, "a.nii") == "a.nii"
    assert frame.of(Missing.NOT_RECORDED, "a.nii") == "a.nii"
    assert frame.findings() == ()
    assert frame.of("1.2.3", "b.dcm") is None
    assert frame.of(Missing.NOT_RECORDED, "c.nii") == "a.nii"
    (finding,) = frame.findings()
    assert finding.rule == "assumed"
    assert "a.nii, c.nii carry no frame of reference" in finding.text


def test_a_frame_that_is_named_is_no_assumption() -> None:
    frame = SharedFrame("1.2.3", "a.nii")
    assert [frame.of(Missing.NOT_RECORDED, "a"), frame.of("1.2.3", "b")] == ["1.2.3", "1.2.3"]
    assert frame.findings() == ()


def test_the_last_vial_tells_when_a_stated_activity_was_given() -> None:
    vial = {
        "territory": "right",
        "dispensed_mbq": 1600.0,
        "dispensed_at": "2026-03-04T09:00:00+01:00",
    }
    injected = ("2026-03-04T11:30:00+01:00", "2026-03-04T10:00:00+01:00")
    block = AdministrationBlock.model_validate(
        {
            "device": "resin",
            "administered_activity_mbq": 1500.0,
            "vials": [{**vial, "injected_at": one} for one in injected],
        }
    )
    facts = administration_facts(block)
    assert facts is not None
    assert facts.administered_activity_bq == 1.5e9
    assert facts.administered_at == datetime.fromisoformat(injected[0])


def test_json_has_reasons_and_no_null() -> None:
    finding = Finding(Severity.WARN, "rule", "text", None, 3.0, "source", verified=False)
    assert plain(finding) == {
        "severity": "warn",
        "rule": "rule",
        "text": "text",
        "value": "does not apply",
        "limit": 3.0,
        "source": "source",
        "status": "unverified",
    }
    document = {
        "missing": Missing.NEEDS_LUNG_SHUNT,
        "event": Event.ADMINISTRATION,
        "path": Path("a"),
        "number": np.float64(2.0),
        "list": (1, 2),
        "at": NOW,
    }
    assert json.loads(json_text(document)) == {
        "missing": "needs LSF",
        "event": "administration",
        "path": "a",
        "number": 2.0,
        "list": [1, 2],
        "at": "2026-03-03T09:00:00+00:00",
    }


def test_json_takes_no_image_and_no_nan() -> None:
    with pytest.raises(TypeError, match="ActivityMap has no form in JSON"):
        plain(activity(centred_grid((2, 2, 2)), 1.0))
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"dose_gy": float("nan")})


def test_findings_are_ordered_assumptions_first_and_said_once() -> None:
    note, warn = Finding(Severity.NOTE, "a", "n"), Finding(Severity.WARN, "b", "w")
    stop, assumed = Finding(Severity.STOP, "c", "s"), Finding(Severity.WARN, "assumed", "x")
    assert ordered([note, warn, stop, assumed, note]) == (assumed, stop, warn, note)


def test_a_dose_in_memory_is_linear_and_needs_no_file() -> None:
    grid = centred_grid((9, 9, 9), (3.0, 3.0, 3.0))
    values = np.zeros(grid.shape)
    values[4, 4, 4] = 1e6
    once, twice = (dose(activity(grid, values * factor)).dose for factor in (1, 2))
    np.testing.assert_allclose(twice.values, 2 * once.values, rtol=1e-4, atol=1e-12)
    assert once.engine == "kernel"
    assert dose(activity(grid, values), engine="local").dose.values[4, 4, 4] > once.values.max()
    with pytest.raises(UnknownNameError, match="dose engine"):
        dose(activity(grid, values), engine="fast")


def test_a_histogram_in_memory_wants_both_in_one_place(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path))
    liver = case.structures.labelled("Liver")
    grid = case.images[0].image.grid
    ones = DoseMap(grid=grid, values=np.ones(grid.shape, np.float32), engine="one")
    assert dvh(ones, liver).mean_gy == 1.0
    away = centred_grid((2, 2, 2), (1.0, 1.0, 1.0), grid.frame_of_reference_uid)
    moved = type(away)(away.shape, away.affine + np.pad([[400.0]] * 3, ((0, 1), (3, 0))), "other")
    with pytest.raises(GeometryError, match="frames of reference differ"):
        dvh(DoseMap(grid=moved, values=np.ones(moved.shape, np.float32), engine="one"), liver)


@pytest.mark.parametrize("name", ["d.nii", "d.nii.gz", "d.nrrd", "D.NRRD"])
def test_a_dose_is_written_in_the_format_of_its_name(tmp_path: Path, name: str) -> None:
    grid = centred_grid((2, 3, 4))
    write_dose(
        tmp_path / name, DoseMap(grid=grid, values=np.ones(grid.shape, np.float32), engine="one")
    )
    assert (tmp_path / name).stat().st_size > 0


def test_a_dose_in_an_unknown_format_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"known: \.nii\.gz, \.nii, \.nrrd"):
        require_dose_name(Path("dose.png"))


def test_every_possible_step_is_done_and_what_is_not_possible_is_said(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path, CASE.replace('path = "maa.nii"', 'path = "maa.nii"')))
    result = evaluate(case, site(), RunOptions(made_at=NOW))
    assert result.workup is not None
    assert result.plan is not None
    assert result.verification is not None
    assert result.verification.delivery is not None
    assert result.verification.delivery.planned_structures
    assert result.provenance.made_at == NOW
    assert result.provenance.inputs == case.inputs


def test_two_runs_differ_in_nothing_but_their_instant(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path, WITHOUT_SCOUT))
    first = evaluate(case, site(), RunOptions(made_at=NOW))
    again = evaluate(case, site(), RunOptions(made_at=datetime(2026, 3, 4, tzinfo=UTC)))
    assert first.findings == again.findings
    assert first.verification is not None
    assert again.verification is not None
    assert np.array_equal(
        first.verification.primary_result.dose.values,
        again.verification.primary_result.dose.values,
    )


def test_a_step_that_is_asked_for_must_be_possible(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path, WITHOUT_SCOUT))
    for step in ("work-up", "plan"):
        with pytest.raises(MissingInputError, match="scout"):
            evaluate(case, site(), RunOptions(made_at=NOW, step=step))
    with pytest.raises(UnknownNameError, match="unknown step 'order'"):
        RunOptions(made_at=NOW, step="order")
    with pytest.raises(InputError, match="no step is named"):
        do_step(tmp_path, RunOptions(made_at=NOW))


def test_steps_are_done_up_to_the_one_asked_for(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path))
    result = evaluate(case, site(), RunOptions(made_at=NOW, step="work-up"))
    assert result.workup is not None
    assert (result.plan, result.verification) == (None, None)
    result = evaluate(case, site(), RunOptions(made_at=NOW, step="plan"))
    assert result.plan is not None
    assert result.verification is None
    assert set(steps_of(case, result)) == {"work-up", "plan"}


def test_records_are_numbered_on_and_never_replaced(tmp_path: Path) -> None:
    case = read_case(write_case(tmp_path, WITHOUT_SCOUT))
    result = evaluate(case, site(), RunOptions(made_at=NOW))
    records = tmp_path / "records"
    records.mkdir()
    (records / "0041-verify.json").write_text("{}")
    path = add_record(tmp_path, "verify", case, result)
    assert path.name == "0042-verify.json"
    assert (records / "0041-verify.json").read_text() == "{}"
    assert json.loads(path.read_text())["case"] == "phantom"


def test_records_need_a_folder_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = read_case(write_case(tmp_path, WITHOUT_SCOUT))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match="make the case folder writable"):
        add_record(tmp_path, "verify", case, evaluate(case, site(), RunOptions(made_at=NOW)))


def test_a_run_without_records_writes_into_its_folder_only(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", WITHOUT_SCOUT)
    run_case(read_case(folder), site(), tmp_path / "out", RunOptions(made_at=NOW))
    assert not (folder / "records").exists()
    assert (tmp_path / "out" / "results.json").is_file()


def test_there_are_three_schemas() -> None:
    with pytest.raises(UnknownNameError, match="known: case, site, results"):
        schema_of("plan")

"""The main job: every step that a case's data allow, and all of its results on disk."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from opensirt.app.software import software_versions
from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap
from opensirt.domain.record import CaseResult, DoseResult, Plan, TruthRow, Verification, Workup
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Structure
from opensirt.errors import InputError, MissingInputError
from opensirt.provenance import Provenance, sha256_of_file

Progress = Callable[[str], None]
"""Told what begins now; the command line shows it on standard error."""

RESULTS_NAME = "results.json"
DOSE_NAME = "dose.nii.gz"
RTDOSE_NAME = "RTDOSE.dcm"

_STAGING_PREFIX = ".partial-run-"
_RANK = {Severity.STOP: 0, Severity.WARN: 1, Severity.NOTE: 2}

StepT = TypeVar("StepT")


def silent(_: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a run may be told beside the case and the site."""

    made_at: datetime
    engine: str | None = None
    """Dose engine in place of the site's."""
    progress: Progress = silent


def evaluate(case: Case, site: SiteProfile, options: RunOptions) -> CaseResult:
    """Do every step that the case's data allow; nothing is written.

    Raises
    ------
    MissingInputError
        When no step at all is possible, with what the first one lacks.
    InputError
        When the input of a step cannot be used.
    """
    from opensirt.workflow.plan import plan
    from opensirt.workflow.verify import verify
    from opensirt.workflow.work_up import work_up

    software = software_versions()
    lacking: list[tuple[str, MissingInputError]] = []

    def attempt(name: str, step: Callable[[], StepT]) -> StepT | None:
        options.progress(name)
        try:
            return step()
        except MissingInputError as error:
            lacking.append((name, error))
            return None

    workup: Workup | None = None
    planned: Plan | None = None
    measured: Verification | None = None
    if case.scout() is not None:
        workup = attempt("work-up", lambda: work_up(case, site))
    if workup is not None:
        known = workup
        planned = attempt(
            "plan",
            lambda: plan(
                case,
                known,
                site,
                engine=options.engine,
                made_at=options.made_at,
                software=software,
            ),
        )
    if case.verification() is not None:
        measured = attempt(
            "verify",
            lambda: verify(
                case,
                site,
                engine=options.engine,
                planned=prescribed_dose(planned),
                made_at=options.made_at,
                software=software,
            ),
        )
    if workup is None and measured is None:
        if lacking:
            raise lacking[0][1]
        raise MissingInputError(
            "image to work on (role scout for planning, verification after treatment)",
            where=f"case {case.key}",
            remedy="add one to [[images]]",
        )
    skipped = [
        Finding(Severity.NOTE, "step_not_done", f"{name} was not possible: {error}")
        for name, error in lacking
    ]
    steps = [one for one in (workup, planned, measured) if one is not None]
    findings = ordered([*case.findings, *skipped, *(f for one in steps for f in one.findings)])
    exported = exported_dose(planned, measured)
    return CaseResult(
        case_key=case.key,
        findings=findings,
        workup=workup,
        plan=planned,
        verification=measured,
        drawn=_drawn(case, exported),
        provenance=Provenance(
            method="run",
            made_at=options.made_at,
            inputs=case.inputs,
            parameters={
                key: value
                for one in (planned, measured)
                if one is not None
                for key, value in one.provenance.parameters.items()
            },
            reference_data={
                **_reference_data(planned, measured),
                "site profile": f"{site.name} (sha256 {site.sha256 or 'not stated'})",
            },
            software=software,
        ),
    )


def _reference_data(*steps: Plan | Verification | None) -> Mapping[str, str]:
    return {
        key: value
        for one in steps
        if one is not None
        for key, value in one.provenance.reference_data.items()
    }


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings once each: assumptions first, then stops, warnings and notes."""
    once = list(dict.fromkeys(findings))
    return tuple(sorted(once, key=lambda one: (one.rule != "assumed", _RANK[one.severity])))


def prescribed_dose(planned: Plan | None) -> DoseResult | None:
    """Return the predicted dose of the prescribed device and model, or None."""
    if planned is None or planned.chosen is None:
        return None
    return planned.doses.get((planned.chosen.device, planned.chosen.model))


def exported_dose(planned: Plan | None, measured: Verification | None) -> DoseMap | None:
    """Return the dose map that dose.nii.gz and RTDOSE.dcm hold: measured before planned."""
    if measured is not None:
        return measured.primary_result.dose
    chosen = prescribed_dose(planned)
    return None if chosen is None else chosen.dose


def _drawn(case: Case, dose: DoseMap | None) -> tuple[Structure, ...]:
    if dose is None:
        return tuple(case.structures)
    frame = dose.grid.frame_of_reference_uid
    return tuple(one for one in case.structures if one.mask.grid.frame_of_reference_uid == frame)


def run_case(
    case: Case,
    site: SiteProfile,
    out: Path,
    options: RunOptions,
    *,
    all_plans: bool = False,
    truth: Callable[[Case, CaseResult], tuple[TruthRow, ...]] | None = None,
    records: Path | None = None,
) -> CaseResult:
    """Do every possible step and write report, results and dose to a folder.

    Parameters
    ----------
    case, site, options
        See `evaluate`.
    out
        Folder of the results; made when it does not exist. Every file is whole or absent, and
        results.json, written last, holds the hashes of the others.
    all_plans
        Write the predicted dose of every device and model too.
    truth
        For a digital patient: compares the result with what is known of it.
    records
        The case folder, where each step's record is added under ``records``; None adds none.

    Raises
    ------
    InputError
        When the case cannot be used; nothing has been written then.
    """
    result = evaluate(case, site, options)
    if truth is not None:
        result = replace(result, truth=truth(case, result))
    options.progress("report")
    write_results(case, result, out, all_plans=all_plans)
    if records is not None:
        _add_records(case, result, records)
    return result


def write_results(case: Case, result: CaseResult, out: Path, *, all_plans: bool = False) -> None:
    """Write all files of a result beside each other, results.json last.

    They are made in a folder of their own inside `out` and moved into place one by one when all
    are there.

    Raises
    ------
    InputError
        When `out` is a file.
    """
    from opensirt.report.write import write_report

    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name} is a file; name a folder for the results with --out")
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob(f"{_STAGING_PREFIX}*"):  # left by a run that was killed
        shutil.rmtree(stale, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=out))
    try:
        _write_doses(case, result, staging, all_plans=all_plans)
        companions = {one.name: sha256_of_file(one) for one in sorted(staging.iterdir())}
        write_report(staging, case, result, companions=companions)
        made = sorted(staging.iterdir(), key=lambda one: one.name == RESULTS_NAME)
        for one in made:
            one.replace(out / one.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_doses(case: Case, result: CaseResult, folder: Path, *, all_plans: bool) -> None:
    from opensirt.dicom.rtdose import write_rtdose
    from opensirt.files.write import write_nifti

    dose = exported_dose(result.plan, result.verification)
    if dose is not None:
        write_nifti(folder / DOSE_NAME, dose)
        write_rtdose(
            folder / RTDOSE_NAME,
            dose,
            case_key=case.key,
            made_at=result.provenance.made_at,
            software_version=result.provenance.software["opensirt"],
        )
    if all_plans and result.plan is not None:
        for (device, model), one in result.plan.doses.items():
            write_nifti(folder / f"dose_{device}_{model}.nii.gz", one.dose)


def _add_records(case: Case, result: CaseResult, folder: Path) -> None:
    """Add one record for each step that was done; records are never changed."""
    steps: dict[str, CaseResult] = {}
    bare = replace(result, workup=None, plan=None, verification=None, truth=())
    if result.workup is not None:
        steps["work-up"] = replace(bare, workup=result.workup, findings=result.workup.findings)
    if result.plan is not None:
        steps["plan"] = replace(
            bare, workup=result.workup, plan=result.plan, findings=result.plan.findings
        )
    if result.verification is not None:
        steps["verify"] = replace(
            bare, verification=result.verification, findings=result.verification.findings
        )
    for name, part in steps.items():
        add_record(folder, name, case, part)


def add_record(case_folder: Path, step: str, case: Case, result: CaseResult) -> Path:
    """Add ``records/NNNN-<step>.json`` under the next free number and return its path.

    Raises
    ------
    InputError
        When the records cannot be written there.
    """
    import json
    import os

    from opensirt.report.results import results_document

    document: dict[str, Any] = results_document(case, result)
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    room = case_folder / "records"
    try:
        room.mkdir(exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=".partial-", dir=room)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            while True:
                taken = [int(one.name[:4]) for one in room.glob("[0-9][0-9][0-9][0-9]-*.json")]
                target = room / f"{max(taken, default=0) + 1:04d}-{step}.json"
                try:
                    os.link(part, target)  # fails when the name exists: a record is never replaced
                except FileExistsError:
                    continue
                return target
        finally:
            Path(part).unlink(missing_ok=True)
    except PermissionError as error:
        raise InputError(
            f"the records of {case_folder.name} cannot be written ({error.strerror}); make the "
            "case folder writable, or copy it"
        ) from None

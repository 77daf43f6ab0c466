"""The main job: every step that a case's data allow, and all of its results on disk."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from opensirt.app.course_record import compared_plan
from opensirt.app.evaluate import RunOptions, evaluate, exported_dose, ordered
from opensirt.app.follow_up import FOLLOW_UP, follow_up_document, follow_up_of_run
from opensirt.app.ledger import entered, with_site_errors
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document, add_records
from opensirt.app.site import SiteInForce, site_in_force
from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap
from opensirt.domain.record import CaseResult, TruthRow
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.files.case_file import case_file_path
from opensirt.provenance import sha256_of_file
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.effective_dose import effective_dose_maps

REPORT_FOLDER = "report"
RESULTS_NAME = "results.json"
DOSE_NAME = "dose.nii.gz"
EFFECTIVE_DOSE_NAMES = ("bed.nii.gz", "eqd2.nii.gz")
RTDOSE_NAME = "RTDOSE.dcm"
DIFFERENCE_NAME = "dose_difference.nii.gz"
"""Delivered minus planned for the activity given, where both maps lie in one frame."""

_STAGING_PREFIX = ".partial-run-"


def run_folder(
    path: Path,
    options: RunOptions,
    *,
    out: Path | None = None,
    site_path: Path | None = None,
) -> CaseResult:
    """Read a case folder, do every possible step and write the results.

    Parameters
    ----------
    path
        The folder, or its case.toml.
    options
        See `evaluate`.
    out
        Folder of the results; ``report`` in the case folder where not given.
    site_path
        Site profile; otherwise that beside the case, the user's, or the default.

    Raises
    ------
    InputError
        When the case cannot be used; nothing has been written then.
    """
    folder = case_file_path(path).parent
    site = site_in_force(given=site_path, case_folder=folder)
    options.progress("reading")
    case = read_case(path, zone=site.zone)
    options = replace(options, compared=compared_plan(folder, unapproved=False))
    return run_case(
        case,
        site.profile,
        folder / REPORT_FOLDER if out is None else out,
        with_site_errors(options, site, case),
        records=folder,
        ledger_of=site,
    )


def run_case(
    case: Case,
    site: SiteProfile,
    out: Path,
    options: RunOptions,
    *,
    truth: Callable[[Case, CaseResult], tuple[TruthRow, ...]] | None = None,
    records: Path | None = None,
    ledger_of: SiteInForce | None = None,
) -> CaseResult:
    """Do every possible step and write report, results and dose to a folder.

    Parameters
    ----------
    case, site, options
        See `evaluate`.
    out
        Folder of the results; made when it does not exist. Every file is whole or absent, and
        results.json, written last, holds the hashes of the others.
    truth
        For a digital patient: compares the result with what is known of it.
    records
        The case folder, where each step's record is added under ``records``; None adds none.
    ledger_of
        The site in whose ledger a verification is entered; None enters it nowhere.

    Raises
    ------
    InputError
        When the case cannot be used; nothing has been written then.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out.name} is a file; name a folder for the results with --out")
    result = evaluate(case, site, options)
    if ledger_of is not None:
        result = entered(result, case, ledger_of, recorded_at=options.made_at)
    if truth is not None:
        result = replace(result, truth=truth(case, result))
    dose = exported_dose(result.plan, result.verification)
    options.progress("follow-up")
    later = follow_up_of_run(case, site, result.verification, made_at=options.made_at)
    followed = later if isinstance(later, FollowUp) else None
    said = [later] if isinstance(later, Finding) else [] if followed is None else followed.findings
    result = replace(result, findings=ordered([*result.findings, *_negative_dose(dose), *said]))
    options.progress("report")
    write_results(
        case,
        result,
        out,
        all_plans=options.all_plans,
        effective_doses=options.effective_doses,
        records=records,
        follow_up=followed,
    )
    return result


def _negative_dose(dose: DoseMap | None) -> tuple[Finding, ...]:
    """Say that RT Dose, which holds no negative dose, differs from the NIfTI."""
    n_negative = 0 if dose is None else int((dose.values < 0).sum())
    if n_negative == 0:
        return ()
    text = (
        f"{n_negative} voxels of the dose are negative (carried over from the image); they are "
        f"kept in {DOSE_NAME} and written as zero to {RTDOSE_NAME}, which holds no negative dose"
    )
    return (Finding(Severity.NOTE, "negative_dose", text, n_negative),)


def write_results(
    case: Case,
    result: CaseResult,
    out: Path,
    *,
    all_plans: bool = False,
    effective_doses: bool = False,
    records: Path | None = None,
    follow_up: FollowUp | None = None,
) -> None:
    """Write all files of a result beside each other, results.json last.

    They are made in a folder of their own inside `out` and moved into place one by one when all
    are there: a run that is killed leaves the old result, or a folder without results.json for
    the moment of the moves, or the new result.
    """
    from opensirt.report.write import write_report

    is_new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob(f"{_STAGING_PREFIX}*"):  # left by a run that was killed
        shutil.rmtree(stale, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=out))
    try:
        _write_doses(case, result, staging, all_plans=all_plans, effective_doses=effective_doses)
        companions = {one.name: sha256_of_file(one) for one in sorted(staging.iterdir())}
        write_report(staging, case, result, companions=companions, follow_up=follow_up)
        if records is not None:
            add_records(case, result, records)
            if follow_up is not None:
                add_document(records, FOLLOW_UP, follow_up_document(case, follow_up))
        _move(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if is_new and not any(out.iterdir()):
            out.rmdir()


def _move(staging: Path, out: Path) -> None:
    """Put new files in place of old ones; results.json stands only beside what it describes."""
    old = out / RESULTS_NAME
    made = {one.name for one in staging.iterdir()}
    gone = _described(old) - made
    old.unlink(missing_ok=True)
    for name in sorted(gone):
        (out / name).unlink(missing_ok=True)
    for name in sorted(made - {RESULTS_NAME}):
        (staging / name).replace(out / name)
    (staging / RESULTS_NAME).replace(out / RESULTS_NAME)


def _described(results: Path) -> set[str]:
    """Return the names of the files that an earlier results.json lists."""
    if not results.is_file():
        return set()
    try:
        listed = json.loads(results.read_text(encoding="utf-8")).get("files", {})
    except (ValueError, AttributeError):  # not ours: leave its neighbours alone
        return set()
    return {name for name in listed if Path(name).name == name}


def _write_doses(
    case: Case, result: CaseResult, folder: Path, *, all_plans: bool, effective_doses: bool
) -> None:
    from opensirt.dicom.rtdose import write_rtdose
    from opensirt.files.write import write_nifti

    dose = exported_dose(result.plan, result.verification)
    if dose is not None:
        write_nifti(folder / DOSE_NAME, dose)
        if effective_doses:
            half_life_s = radionuclide(dose.radionuclide).half_life_s.value
            maps = effective_dose_maps(dose, result.drawn, half_life_s=half_life_s)
            for name, effective in zip(EFFECTIVE_DOSE_NAMES, maps, strict=True):
                write_nifti(folder / name, effective)
        write_rtdose(
            folder / RTDOSE_NAME,
            dose,
            case_key=case.key,
            made_at=result.provenance.made_at,
            software_version=result.provenance.software["opensirt"],
            negatives_to_zero=True,
        )
    measured = result.verification
    if measured is not None and measured.delivery is not None:
        difference = measured.delivery.difference
        if difference is not None:
            write_nifti(folder / DIFFERENCE_NAME, difference)
    if all_plans and result.plan is not None:
        for (device, model), one in result.plan.doses.items():
            write_nifti(folder / f"dose_{device}_{model}.nii.gz", one.dose)

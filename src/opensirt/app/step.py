"""One step of a case folder, with its record."""

from dataclasses import replace
from pathlib import Path

from opensirt.app.course_record import compared_plan
from opensirt.app.evaluate import RunOptions, evaluate
from opensirt.app.ledger import entered, with_site_errors
from opensirt.app.read_case import read_case
from opensirt.app.record import add_record, steps_of
from opensirt.app.site import site_in_force
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.errors import InputError
from opensirt.files.case_file import case_file_path


def do_step(
    path: Path, options: RunOptions, *, site_path: Path | None = None
) -> tuple[Case, CaseResult, Path]:
    """Do the step that the options name, with those it needs, and add its record.

    Returns the case, the step's part of the result with the findings of reading the case, and
    the path of the record.

    Raises
    ------
    InputError
        When the case cannot be used for this step; no record is added then.
    """
    step = options.step
    if step is None:
        raise InputError("no step is named; run_case does them all")
    folder = case_file_path(path).parent
    site = site_in_force(given=site_path, case_folder=folder)
    options.progress("reading")
    case = read_case(path, zone=site.zone)
    if step == "verify":
        options = replace(options, compared=compared_plan(folder, unapproved=True))
    whole = evaluate(case, site.profile, with_site_errors(options, site, case))
    if step == "verify":
        whole = entered(whole, case, site, recorded_at=options.made_at)
    part = steps_of(case, whole)[step]
    record = add_record(folder, step, case, part)
    return case, part, record

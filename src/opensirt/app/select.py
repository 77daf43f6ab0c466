"""The step `select` of a case folder: its record, and the tumour-board page when asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from opensirt.app.evaluate import RunOptions, evaluate, ordered, silent
from opensirt.app.read_case import read_case
from opensirt.app.record import add_record
from opensirt.app.selection import case_selection
from opensirt.app.site import site_in_force
from opensirt.app.software import software_versions
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult
from opensirt.domain.site import SiteProfile
from opensirt.errors import MissingInputError
from opensirt.files.case_file import case_file_path

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Selected:
    """A selection with the record that was added and the pages that were written."""

    case: Case
    result: CaseResult
    record: Path
    pages: tuple[Path, ...]


def select_folder(
    path: Path,
    *,
    made_at: datetime,
    profile: str | None = None,
    device: str | None = None,
    on: date | None = None,
    page: Path | None = None,
    site_path: Path | None = None,
    progress: Progress = silent,
) -> Selected:
    """Ask rules, liver function, checklist and considerations of a case folder.

    Work-up and plan are done where the data allow, for what they add; neither is needed.

    Parameters
    ----------
    page
        Folder in which to write ``tumour-board.html`` and ``tumour-board.pdf``; None writes none.

    Raises
    ------
    InputError
        When the case cannot be used; no record is added then.
    """
    folder = case_file_path(path).parent
    site = site_in_force(given=site_path, case_folder=folder)
    progress("reading")
    case = read_case(path, zone=site.zone)
    steps = _steps_before(case, site.profile, made_at, progress)
    progress("select")
    selection = case_selection(
        case,
        site.profile,
        workup=None if steps is None else steps.workup,
        plan=None if steps is None else steps.plan,
        made_at=made_at,
        software=software_versions(),
        profile=profile,
        device=device,
        on=on,
    )
    alone = CaseResult(
        case_key=case.key,
        findings=ordered([*case.findings, *selection.findings]),
        selection=selection,
        provenance=selection.provenance,
    )
    pages: tuple[Path, ...] = ()
    if page is not None:
        from opensirt.report.write_board import write_board

        progress("tumour-board page")
        shown = alone if steps is None else replace(steps, selection=selection)
        findings = ordered([*shown.findings, *alone.findings])
        pages = write_board(page, case, replace(shown, findings=findings))
    record = add_record(folder, "select", case, alone)
    return Selected(case=case, result=alone, record=record, pages=pages)


def _steps_before(
    case: Case, site: SiteProfile, made_at: datetime, progress: Progress
) -> CaseResult | None:
    """Return plan and work-up, or the work-up alone, or None: as far as the data allow.

    A case with an image after treatment and no scout shows its measured dose.
    """
    possible: tuple[str, ...] = ()
    if case.scout() is not None:
        possible = ("plan", "work-up")
    elif case.verification() is not None:
        possible = ("verify",)
    for step in possible:
        try:
            return evaluate(case, site, RunOptions(made_at=made_at, step=step, progress=progress))
        except MissingInputError:
            continue
    return None

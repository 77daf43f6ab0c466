"""What a case folder says was given, reckoned and judged, with its record."""

from datetime import datetime
from pathlib import Path

from opensirt.app.course_record import ADMINISTER, approvals_of, plan_in_force, state_of
from opensirt.app.plain import plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document
from opensirt.app.run import REPORT_FOLDER
from opensirt.app.site import site_in_force
from opensirt.app.software import software_versions
from opensirt.domain.administration import Administration
from opensirt.files.case_file import case_file_path
from opensirt.report.content import ASSUMED_RULE
from opensirt.workflow.administer import administer as administration_of

ADMINISTRATION_SCHEMA = "opensirt/administration/1"


def administer(
    path: Path, *, made_at: datetime, site_path: Path | None = None
) -> tuple[Administration, Path]:
    """Reckon what was given by the vials of ``[[administration.vials]]`` and add the record.

    Parameters
    ----------
    path
        The folder, or its case.toml.
    made_at
        Now, with its zone.
    site_path
        Site profile; otherwise that beside the case, the user's, or the default.

    Returns
    -------
    tuple
        The administration and the path of its record. The sheet, administration.html and
        administration.pdf, lies in the folder ``report`` of the case.

    Raises
    ------
    InputError
        When the case states no vials, or its readings contradict each other.
    RuleError
        When the device is ``unknown``.
    """
    from opensirt.report.administration_sheet import write_administration_sheet

    case_file = case_file_path(Path(path))
    folder = case_file.parent
    site = site_in_force(given=site_path, case_folder=folder)
    case = read_case(case_file, zone=site.zone)
    made = administration_of(
        case.administration,
        state_of(case, case_file, site.profile),
        site.profile,
        plan=plan_in_force(folder),
        approvals=approvals_of(folder),
        made_at=made_at,
        software=software_versions(),
        assumed=[one for one in case.findings if one.rule == ASSUMED_RULE],
    )
    record = add_document(folder, ADMINISTER, administration_document(made))
    write_administration_sheet(folder / REPORT_FOLDER, made)
    return made, record


def administration_document(made: Administration) -> dict[str, object]:
    """Return an administration as its record and ``--json`` show it."""
    content = plain(made)
    assert isinstance(content, dict)  # noqa: S101 - of a dataclass
    return {"schema": ADMINISTRATION_SCHEMA, "case": content.pop("case_key"), **content}

"""The follow-up of a case folder, with its record."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from opensirt.app.evaluate import ordered
from opensirt.app.follow_up_course import follow_up_of
from opensirt.app.plain import plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document
from opensirt.app.site import site_in_force
from opensirt.app.software import software_versions
from opensirt.files.case_file import case_file_path
from opensirt.workflow.follow_up import follow_up
from opensirt.workflow.follow_up_record import FollowUp

FOLLOW_UP = "follow-up"
FOLLOW_UP_SCHEMA = "opensirt/follow-up/1"


@dataclass(frozen=True, eq=False, kw_only=True)
class FollowedUp:
    """A follow-up, the document that holds it, and the path of its record."""

    follow_up: FollowUp
    document: dict[str, object]
    record: Path


def follow_up_folder(
    path: Path, *, on: date, made_at: datetime, site_path: Path | None = None
) -> FollowedUp:
    """Follow up the patient of a case folder and add ``records/NNNN-follow-up.json``.

    Parameters
    ----------
    path
        The folder, or its case.toml.
    on
        Day of the follow-up; nothing later is read.
    made_at
        Now, with its zone.
    site_path
        Site profile; otherwise that beside the case, the user's, or the default.

    Raises
    ------
    InputError
        When the case cannot be used; no record is added then.
    """
    case_file = case_file_path(Path(path))
    site = site_in_force(given=site_path, case_folder=case_file.parent)
    case = read_case(case_file, zone=site.zone)
    record, course, said = follow_up_of(case)
    made = follow_up(
        record,
        course,
        site.profile,
        on=on,
        made_at=made_at,
        software=software_versions(),
        inputs=case.inputs,
    )
    made = replace(made, findings=ordered([*case.findings, *said, *made.findings]))
    found = plain(made)
    assert isinstance(found, dict)  # noqa: S101 - a record is a mapping
    document: dict[str, object] = {"schema": FOLLOW_UP_SCHEMA, "case": case.key, **found}
    return FollowedUp(
        follow_up=made,
        document=document,
        record=add_document(case_file.parent, FOLLOW_UP, document),
    )

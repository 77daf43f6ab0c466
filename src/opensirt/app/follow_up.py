"""The follow-up of a case folder, with its record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from opensirt.app.evaluate import ordered
from opensirt.app.follow_up_course import follow_up_of, has_follow_up
from opensirt.app.lesion_dose import measured_doses, recorded_doses
from opensirt.app.plain import plain
from opensirt.app.read_case import read_case
from opensirt.app.record import add_document
from opensirt.app.site import site_in_force
from opensirt.app.software import software_versions
from opensirt.clinical.follow_up_record import FollowUp, LesionDose
from opensirt.clinical.response.criterion import SumCriterion, criterion_of
from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.record import Verification
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError, MissingInputError
from opensirt.files.case_file import case_file_path
from opensirt.workflow.follow_up import follow_up

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
    made = followed_up(
        case, site.profile, on=on, made_at=made_at, doses=recorded_doses(case_file.parent)
    )
    made = replace(made, findings=ordered([*case.findings, *made.findings]))
    document = follow_up_document(case, made)
    return FollowedUp(
        follow_up=made,
        document=document,
        record=add_document(case_file.parent, FOLLOW_UP, document),
    )


def followed_up(
    case: Case,
    site: SiteProfile,
    *,
    on: date,
    made_at: datetime,
    doses: Mapping[str, LesionDose],
) -> FollowUp:
    """Return the follow-up of a case, with what reading its blocks says among the findings.

    `doses` maps the label of a structure to the dose that it got.

    Raises
    ------
    MissingInputError
        When the case states no day of treatment.
    InputError
        When a block cannot be used.
    """
    record, course, said = follow_up_of(case, doses, site)
    made = follow_up(
        record,
        course,
        site,
        on=on,
        made_at=made_at,
        software=software_versions(),
        inputs=case.inputs,
    )
    return replace(made, findings=(*said, *made.findings))


def follow_up_document(case: Case, made: FollowUp) -> dict[str, object]:
    """Return a follow-up as its record and ``--json`` show it."""
    found = plain(made)
    assert isinstance(found, dict)  # noqa: S101 - a record is a mapping
    return {"schema": FOLLOW_UP_SCHEMA, "case": case.key, **found}


def follow_up_of_run(
    case: Case, site: SiteProfile, verification: Verification | None, *, made_at: datetime
) -> FollowUp | Finding | None:
    """Return the follow-up as of the day of a run, why there is none, or None without blocks.

    Raises
    ------
    InputError
        When a block cannot be used.
    """
    if not has_follow_up(case):
        return None
    on = made_at.date()
    try:
        treated_on = follow_up_of(case)[1].treated_on
    except MissingInputError as error:
        return Finding(Severity.NOTE, "step_not_done", f"follow-up was not possible: {error}")
    if treated_on > on:
        text = f"follow-up was not possible: treatment on {treated_on} is yet to come"
        return Finding(Severity.NOTE, "step_not_done", text)
    return followed_up(case, site, on=on, made_at=made_at, doses=measured_doses(verification))


def response_plots_of(
    paths: Sequence[Path],
    out: Path,
    *,
    criterion: str,
    on: date,
    made_at: datetime,
    site_path: Path | None = None,
) -> tuple[Path, ...]:
    """Follow up several case folders and write waterfall, spider and swimmer of them together.

    No record is added: each case keeps its own follow-up.

    Raises
    ------
    InputError
        When a case cannot be used, two have one key, their sites mean different criteria by
        one name, or none has an assessment.
    """
    from opensirt.report.response_plots import write_response_plots

    found: dict[str, FollowUp] = {}
    own: dict[str, SumCriterion] = {}
    for path in paths:
        case_file = case_file_path(Path(path))
        site = site_in_force(given=site_path, case_folder=case_file.parent)
        case = read_case(case_file, zone=site.zone)
        if case.key in found:
            raise InputError(f"two cases are called {case.key}; name each patient once")
        entry = site.profile.clinical.criteria.get(criterion)
        rule = None if entry is None else criterion_of(criterion, entry)
        if found and rule != own.get(criterion):
            raise InputError(
                f"the site profile of {case.key} has another criterion {criterion} than that of "
                "the cases before it; name one profile for all (--site)"
            )
        if rule is not None:
            own[criterion] = rule
        found[case.key] = followed_up(
            case, site.profile, on=on, made_at=made_at, doses=recorded_doses(case_file.parent)
        )
    return write_response_plots(out, found, criterion, own)

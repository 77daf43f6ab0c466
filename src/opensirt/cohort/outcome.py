"""Columns of what became of a patient, and the endpoints that they make."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from opensirt.cohort.baseline import Measure
from opensirt.cohort.course import Course, day_of, days_between
from opensirt.domain.analysis_table import Endpoint, Variable, VariableKind
from opensirt.domain.missing import Missing

CRITERION = "recist_1_1"
_BEST_FIRST = ("CR", "PR", "SD", "non-CR/non-PD", "PD")
_INDEX = "day of treatment ([follow_up] treated_on, else [administration] administered_at)"
_VITAL = "case.toml [follow_up] vital_status"
_RESPONSE = "last follow-up record, RECIST 1.1"
_LIVER = ["liver"]
_HEPATIC = (
    "last follow-up record, RECIST 1.1 of the liver alone; of all organs where every lesion is in "
    "the liver"
)
_TREATED_AGAIN = "case.toml [follow_up] new_therapy_on, no_new_therapy_until, vital_status"
_EVENTS = "case.toml [[adverse_events]], any term, CTCAE as stated with each"
_SEVERE = 3
_CENSORED, _NEXT, _DEATH = "censored", "next treatment", "death"


def vital(course: Course) -> tuple[date | Missing, bool | Missing]:
    """Return the day of the last contact or of death, and whether it is death."""
    found = course.block("follow_up").get("vital_status")
    if not isinstance(found, Mapping):
        return Missing.NOT_RECORDED, Missing.NOT_RECORDED
    return day_of(found["on"]), found["state"] == "dead"


def _os_days(course: Course) -> float | Missing:
    return days_between(course.index_date(), vital(course)[0])


def _died(course: Course) -> bool | Missing:
    return vital(course)[1]


def _response(course: Course) -> Mapping[str, Any] | Missing:
    record = course.latest("follow-up")
    if record is None:
        return Missing.NOT_DONE
    for one in record.get("response", ()):
        if one["criterion"] == CRITERION:
            if one.get("reason") is not None:
                return Missing(one["reason"])
            found: Mapping[str, Any] = one
            return found
    return Missing.NOT_DONE


def _assessments(response: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = response.get("assessments", ())
    return found


def _best(course: Course) -> str | Missing:
    response = _response(course)
    if isinstance(response, Missing):
        return response
    until = response.get("progression_on")
    seen = [one["overall"] for one in _assessments(response) if until is None or one["on"] <= until]
    ranked = [one for one in _BEST_FIRST if one in seen]
    return ranked[0] if ranked else Missing.NOT_EVALUABLE


def _progression(
    course: Course, response: Mapping[str, Any] | Missing
) -> tuple[float | Missing, bool | Missing]:
    """Return days to progression or death, or to the last assessment without either."""
    index = course.index_date()
    if isinstance(response, Missing):
        return response, response
    last, dead = vital(course)
    progressed = response.get("progression_on")
    if isinstance(progressed, str):
        return days_between(index, day_of(progressed)), True
    if dead is True:
        return days_between(index, last), True
    seen = [day_of(one["on"]) for one in _assessments(response)]
    if not seen:
        return Missing.NOT_EVALUABLE, Missing.NOT_EVALUABLE
    return days_between(index, max(seen)), False


def _pfs_days(course: Course) -> float | Missing:
    return _progression(course, _response(course))[0]


def _pfs_event(course: Course) -> bool | Missing:
    return _progression(course, _response(course))[1]


def _hepatic(course: Course) -> Mapping[str, Any] | Missing:
    """Return the reading of the liver alone.

    That of all organs is the same where every lesion of the case, new ones too, is in the liver.
    """
    record = course.latest("follow-up")
    if record is None:
        return Missing.NOT_DONE
    found = [one for one in record.get("response", ()) if one["criterion"] == CRITERION]
    if not found:
        return Missing.NOT_DONE
    chosen = [one for one in found if list(one.get("organs") or ()) == _LIVER]
    if not chosen:
        follow_up = course.block("follow_up")
        lesions = list(follow_up.get("lesions") or ())
        if not lesions:
            return Missing.NOT_RECORDED
        for visit in follow_up.get("visits") or ():
            lesions += visit.get("new_lesions") or ()
        everywhere = [one for one in found if one.get("organs") is None]
        if not everywhere or {one["organ"] for one in lesions} != set(_LIVER):
            return Missing.NOT_EVALUABLE
        chosen = everywhere
    reason = chosen[0].get("reason")
    return chosen[0] if reason is None else Missing(reason)


def _hpfs_days(course: Course) -> float | Missing:
    return _progression(course, _hepatic(course))[0]


def _hpfs_event(course: Course) -> bool | Missing:
    return _progression(course, _hepatic(course))[1]


def _next_treatment(course: Course) -> tuple[float | Missing, str | Missing]:
    """Return days to the next treatment, to death without one, or to the last inquiry for one.

    A case that states neither a new therapy nor until when there was none tells nothing.
    """
    index, follow_up = course.index_date(), course.block("follow_up")
    given, none_until = (follow_up.get(name) for name in ("new_therapy_on", "no_new_therapy_until"))
    what = _CENSORED
    if isinstance(given, str):
        day, what = day_of(given), _NEXT
    elif isinstance(none_until, str):
        day = day_of(none_until)
        last, dead = vital(course)
        if dead is True and not isinstance(last, Missing) and last <= day:
            day, what = last, _DEATH
    else:
        return Missing.NOT_RECORDED, Missing.NOT_RECORDED
    days = days_between(index, day)
    return (days, days) if isinstance(days, Missing) else (days, what)


def _ttnt_days(course: Course) -> float | Missing:
    return _next_treatment(course)[0]


def _ttnt_event(course: Course) -> str | Missing:
    return _next_treatment(course)[1]


def _untreated_event(course: Course) -> bool | Missing:
    found = _next_treatment(course)[1]
    return found if isinstance(found, Missing) else found != _CENSORED


def _organs(course: Course) -> str | Missing:
    if isinstance(_response(course), Missing):
        return Missing.NOT_DONE
    organs = course.block("follow_up").get("organs")
    return "all organs" if organs is None else ", ".join(organs)


def _worst_event(course: Course) -> str | Missing:
    index = course.index_date()
    if isinstance(index, Missing) or "adverse_events" not in course.case:
        return Missing.NOT_RECORDED
    grades = [one["grade"] for one in course.listed("adverse_events") if day_of(one["on"]) >= index]
    return str(max(grades)) if grades else "0"


def _severe_day(course: Course) -> float | Missing:
    """Return days to the first adverse event of grade 3 or more; not reached without one."""
    index = course.index_date()
    if isinstance(index, Missing) or "adverse_events" not in course.case:
        return Missing.NOT_RECORDED
    severe = [
        day_of(one["on"])
        for one in course.listed("adverse_events")
        if one["grade"] >= _SEVERE and day_of(one["on"]) >= index
    ]
    return days_between(index, min(severe)) if severe else Missing.NOT_REACHED


def _severe(course: Course) -> bool | Missing:
    day = _severe_day(course)
    return day if day is Missing.NOT_RECORDED else day is not Missing.NOT_REACHED


OUTCOME: tuple[Measure, ...] = (
    (
        Variable(
            name="os_days",
            meaning="Days from treatment to death or last contact",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_VITAL,
        ),
        _os_days,
    ),
    (
        Variable(
            name="os_event",
            meaning="Death of any cause",
            kind=VariableKind.FLAG,
            source=_VITAL,
        ),
        _died,
    ),
    (
        Variable(
            name="pfs_days",
            meaning="Days from treatment to progression, death or last assessment",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_RESPONSE,
        ),
        _pfs_days,
    ),
    (
        Variable(
            name="pfs_event",
            meaning="Progression or death",
            kind=VariableKind.FLAG,
            source=_RESPONSE,
        ),
        _pfs_event,
    ),
    (
        Variable(
            name="hpfs_days",
            meaning="Days from treatment to progression in the liver, death or last assessment",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_HEPATIC,
        ),
        _hpfs_days,
    ),
    (
        Variable(
            name="hpfs_event",
            meaning="Progression in the liver or death",
            kind=VariableKind.FLAG,
            source=_HEPATIC,
        ),
        _hpfs_event,
    ),
    (
        Variable(
            name="ttnt_days",
            meaning="Days from treatment to the next one, death, or the last day without one",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_TREATED_AGAIN,
        ),
        _ttnt_days,
    ),
    (
        Variable(
            name="ttnt_event",
            meaning="What ended the time to the next treatment",
            kind=VariableKind.CATEGORY,
            levels=(_CENSORED, _NEXT, _DEATH),
            source=_TREATED_AGAIN,
        ),
        _ttnt_event,
    ),
    (
        Variable(
            name="untreated_event",
            meaning="Next treatment or death",
            kind=VariableKind.FLAG,
            source=_TREATED_AGAIN,
        ),
        _untreated_event,
    ),
    (
        Variable(
            name="best_response",
            meaning="Best overall response up to progression",
            kind=VariableKind.ORDINAL,
            levels=_BEST_FIRST,
            source=_RESPONSE,
        ),
        _best,
    ),
    (
        Variable(
            name="response_organs",
            meaning="Organs that response and progression were read in",
            kind=VariableKind.TEXT,
            source="case.toml [follow_up] organs",
        ),
        _organs,
    ),
    (
        Variable(
            name="worst_event_grade",
            meaning="Highest grade of an adverse event since treatment; 0 where a list is empty",
            kind=VariableKind.ORDINAL,
            levels=("0", "1", "2", "3", "4", "5"),
            source="case.toml [[adverse_events]], CTCAE as stated with each",
        ),
        _worst_event,
    ),
    (
        Variable(
            name="severe_event",
            meaning="Any adverse event of grade 3 or more since treatment",
            kind=VariableKind.FLAG,
            source=_EVENTS,
        ),
        _severe,
    ),
    (
        Variable(
            name="severe_event_day",
            meaning="Days from treatment to the first adverse event of grade 3 or more",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_EVENTS,
        ),
        _severe_day,
    ),
)

OVERALL_SURVIVAL = Endpoint(
    name="os",
    title="overall survival",
    time_column="os_days",
    event_column="os_event",
    index_date=_INDEX,
    event="death of any cause",
    censoring="last contact at which the patient was known to be alive",
)
PROGRESSION_FREE = Endpoint(
    name="pfs",
    title="progression-free survival",
    time_column="pfs_days",
    event_column="pfs_event",
    index_date=_INDEX,
    event="progression by RECIST 1.1 in the organs that were read (response_organs), or death",
    censoring="last assessment without progression in a patient not known to have died",
)
HEPATIC_PROGRESSION_FREE = Endpoint(
    name="hpfs",
    title="hepatic progression-free survival",
    time_column="hpfs_days",
    event_column="hpfs_event",
    index_date=_INDEX,
    event="progression in the liver by RECIST 1.1, or death; progression elsewhere does not count",
    censoring="last assessment without progression in the liver in a patient not known to have "
    "died",
)
_NO_THERAPY = "last day until which the case says that there was no new therapy"
NEXT_TREATMENT = Endpoint(
    name="ttnt",
    title="time to next treatment",
    time_column="ttnt_days",
    event_column="ttnt_event",
    index_date=_INDEX,
    event="first day of a new anticancer therapy; death without one competes",
    censoring=_NO_THERAPY,
)
UNTREATED = Endpoint(
    name="untreated",
    title="time untreated",
    time_column="ttnt_days",
    event_column="untreated_event",
    index_date=_INDEX,
    event="first day of a new anticancer therapy, or death of any cause",
    censoring=_NO_THERAPY,
)
ENDPOINTS = (
    OVERALL_SURVIVAL,
    PROGRESSION_FREE,
    HEPATIC_PROGRESSION_FREE,
    NEXT_TREATMENT,
    UNTREATED,
)

"""Columns of what became of a patient."""

from opensirt.cohort.baseline import Measure
from opensirt.cohort.course import Course, day_of, days_between
from opensirt.cohort.response import (
    BEST_FIRST,
    best,
    hepatic,
    organs_read,
    overall,
    progression,
    responded,
    response_day,
    vital,
)
from opensirt.domain.analysis_table import Variable, VariableKind
from opensirt.domain.missing import Missing

_VITAL = "case.toml [follow_up] vital_status"
_RESPONSE = "last follow-up record, RECIST 1.1"
_BEST = f"{_RESPONSE}: best overall response before progression and before a new therapy"
_HEPATIC = (
    "last follow-up record, RECIST 1.1 of the liver alone; of all organs where every lesion is in "
    "the liver"
)
_TREATED_AGAIN = "case.toml [follow_up] new_therapy_on, no_new_therapy_until, vital_status"
_EVENTS = "case.toml [[adverse_events]], any term, CTCAE as stated with each"
_SEVERE = 3
_CENSORED, _NEXT, _DEATH = "censored", "next treatment", "death"


def _os_days(course: Course) -> float | Missing:
    return days_between(course.index_date(), vital(course)[0])


def _died(course: Course) -> bool | Missing:
    return vital(course)[1]


def _pfs_days(course: Course) -> float | Missing:
    return progression(course, overall(course))[0]


def _pfs_event(course: Course) -> bool | Missing:
    return progression(course, overall(course))[1]


def _hpfs_days(course: Course) -> float | Missing:
    return progression(course, hepatic(course))[0]


def _hpfs_event(course: Course) -> bool | Missing:
    return progression(course, hepatic(course))[1]


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
            meaning="Best overall response",
            kind=VariableKind.ORDINAL,
            levels=BEST_FIRST,
            source=_BEST,
            later=True,
        ),
        best,
    ),
    (
        Variable(
            name="responded",
            meaning="Objective response seen: best overall response complete or partial; no where "
            "no imaging was done after treatment, or none could be judged",
            kind=VariableKind.FLAG,
            source=_BEST,
            later=True,
        ),
        responded,
    ),
    (
        Variable(
            name="response_day",
            meaning="Days from treatment to the first complete or partial response",
            kind=VariableKind.NUMBER,
            unit="day",
            source=_RESPONSE,
            later=True,
        ),
        response_day,
    ),
    (
        Variable(
            name="response_organs",
            meaning="Organs that response and progression were read in",
            kind=VariableKind.TEXT,
            source="case.toml [follow_up] organs",
        ),
        organs_read,
    ),
    (
        Variable(
            name="worst_event_grade",
            meaning="Highest grade of an adverse event since treatment; 0 where a list is empty",
            kind=VariableKind.ORDINAL,
            levels=("0", "1", "2", "3", "4", "5"),
            source="case.toml [[adverse_events]], CTCAE as stated with each",
            later=True,
        ),
        _worst_event,
    ),
    (
        Variable(
            name="severe_event",
            meaning="Any adverse event of grade 3 or more since treatment",
            kind=VariableKind.FLAG,
            source=_EVENTS,
            later=True,
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
            later=True,
        ),
        _severe_day,
    ),
)

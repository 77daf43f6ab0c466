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


def _progression(course: Course) -> tuple[float | Missing, bool | Missing]:
    """Return days to progression or death, or to the last assessment without either."""
    index, response = course.index_date(), _response(course)
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
    return _progression(course)[0]


def _pfs_event(course: Course) -> bool | Missing:
    return _progression(course)[1]


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
ENDPOINTS = (OVERALL_SURVIVAL, PROGRESSION_FREE)

"""Response and progression of a course as its last follow-up record read them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from opensirt.cohort.course import Course, day_of, days_between
from opensirt.domain.missing import Missing

CRITERION = "recist_1_1"
BEST_FIRST = ("CR", "PR", "SD", "non-CR/non-PD", "PD")
_OBJECTIVE = ("CR", "PR")
_LIVER = ["liver"]

Reading = Mapping[str, Any]
"""The response by one criterion in some organs, as a follow-up record holds it."""


def vital(course: Course) -> tuple[date | Missing, bool | Missing]:
    """Return the day of the last contact or of death, and whether it is death."""
    found = course.block("follow_up").get("vital_status")
    if not isinstance(found, Mapping):
        return Missing.NOT_RECORDED, Missing.NOT_RECORDED
    return day_of(found["on"]), found["state"] == "dead"


def outdated(course: Course) -> bool:
    """Whether the case holds imaging that came after its last follow-up record."""
    record = course.latest("follow-up")
    if record is None or not isinstance(record.get("on"), str):
        return False
    until = day_of(record["on"])
    visits = course.block("follow_up").get("visits") or ()
    return any(day_of(one["on"]) > until for one in visits)


def _readings(course: Course) -> Sequence[Reading] | Missing:
    record = course.latest("follow-up")
    if record is None or outdated(course):
        return Missing.NOT_DONE
    found = [one for one in record.get("response", ()) if one["criterion"] == CRITERION]
    return found or Missing.NOT_DONE


def overall(course: Course) -> Reading | Missing:
    """Return the reading of all organs, or of those that the case asks for."""
    found = _readings(course)
    return found if isinstance(found, Missing) else found[0]


def hepatic(course: Course) -> Reading | Missing:
    """Return the reading of the liver alone.

    That of all organs is the same where every lesion of the case, new ones too, is in the liver.
    """
    found = _readings(course)
    if isinstance(found, Missing):
        return found
    chosen = [one for one in found if list(one.get("organs") or ()) == _LIVER]
    if chosen:
        return chosen[0]
    follow_up = course.block("follow_up")
    lesions = list(follow_up.get("lesions") or ())
    if not lesions:
        return Missing.NOT_RECORDED
    for visit in follow_up.get("visits") or ():
        lesions += visit.get("new_lesions") or ()
    everywhere = [one for one in found if one.get("organs") is None]
    if not everywhere or {one["organ"] for one in lesions} != set(_LIVER):
        return Missing.NOT_EVALUABLE
    return everywhere[0]


def _reason(reading: Reading | Missing) -> Missing | None:
    if isinstance(reading, Missing):
        return reading
    reason = reading.get("reason")
    return None if reason is None else Missing(reason)


def progression(
    course: Course, reading: Reading | Missing
) -> tuple[float | Missing, bool | Missing]:
    """Return days to progression or death, or to the last assessment without either.

    Who died before any imaging had the event on the day of death.
    """
    index, (last, dead) = course.index_date(), vital(course)
    reason = _reason(reading)
    if not isinstance(reading, Missing) and reason is Missing.NOT_DONE and dead is True:
        return days_between(index, last), True
    if isinstance(reading, Missing) or reason is not None:
        return (reason or Missing.NOT_DONE,) * 2
    progressed = reading.get("progression_on")
    if isinstance(progressed, str):
        return days_between(index, day_of(progressed)), True
    if dead is True:
        return days_between(index, last), True
    seen = [day_of(one["on"]) for one in _assessments(reading)]
    if not seen:
        return Missing.NOT_EVALUABLE, Missing.NOT_EVALUABLE
    return days_between(index, max(seen)), False


def _assessments(reading: Reading) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = reading.get("assessments", ())
    return found


def best(course: Course) -> str | Missing:
    """Return the best overall response as the record has it: before progression and new therapy."""
    reading = overall(course)
    reason = _reason(reading)
    if isinstance(reading, Missing) or reason is not None:
        return reason or Missing.NOT_DONE
    made = reading.get("best")
    if not isinstance(made, Mapping):
        return Missing.NOT_RECORDED
    category = made["category"]
    return category if category in BEST_FIRST else Missing.NOT_EVALUABLE


def responded(course: Course) -> bool | Missing:
    """Whether an objective response was seen; no where nobody looked, or it could not be judged.

    Who died before any imaging has not responded: leaving those out would favour the others.
    """
    reading = overall(course)
    if not isinstance(reading, Missing) and _reason(reading) is Missing.NOT_DONE:
        return False
    found = best(course)
    if found is Missing.NOT_EVALUABLE and _reason(reading) is None:
        return False
    return found if isinstance(found, Missing) else found in _OBJECTIVE


def response_day(course: Course) -> float | Missing:
    """Return days to the first complete or partial response; not reached without one."""
    found = responded(course)
    if isinstance(found, Missing):
        return found
    reading = overall(course)
    if not found or isinstance(reading, Missing):
        return Missing.NOT_REACHED
    first = [day_of(one["on"]) for one in _assessments(reading) if one["overall"] in _OBJECTIVE]
    return days_between(course.index_date(), min(first)) if first else Missing.NOT_EVALUABLE


def organs_read(course: Course) -> str | Missing:
    """Return the organs that response and progression were read in."""
    if _reason(overall(course)) is not None:
        return Missing.NOT_DONE
    organs = course.block("follow_up").get("organs")
    return "all organs" if organs is None else ", ".join(organs)


def of_structure(course: Course, label: str) -> Sequence[Mapping[str, Any]] | Missing:
    """Return what became of the lesion of one structure, visit by visit.

    A lesion names its structure, or is called as it. What counts ends with the lesion's first
    progression, and before a new anticancer therapy.
    """
    reading = overall(course)
    if isinstance(reading, Missing):
        return reading
    follow_up = course.block("follow_up")
    named = [
        one["id"]
        for one in follow_up.get("lesions") or ()
        if (one.get("structure") or one["id"]) == label
    ]
    if len(named) > 1:
        return Missing.NOT_EVALUABLE
    name = named[0] if named else label
    own = [one for one in reading.get("by_lesion", ()) if one["lesion"] == name]
    therapy = follow_up.get("new_therapy_on")
    until: list[Mapping[str, Any]] = []
    for one in sorted(own, key=lambda seen: day_of(seen["on"])):
        if isinstance(therapy, str) and day_of(one["on"]) >= day_of(therapy):
            break
        until.append(one)
        if one["category"] == "PD":
            break
    if own and not until:
        return Missing.NOT_EVALUABLE
    return until or Missing.NOT_DONE

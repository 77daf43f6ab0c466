"""How far a patient of the register came: eligible, treated, with follow-up."""

from opensirt.cohort.baseline import Measure
from opensirt.cohort.course import Course
from opensirt.cohort.response import vital
from opensirt.domain.analysis_table import Variable, VariableKind
from opensirt.domain.missing import Missing
from opensirt.domain.participants import LOSS, REACHED, STEPS

_REGISTERED, _ELIGIBLE, _TREATED, _FOLLOWED = STEPS
_BLOCKING = ("absolute", "indication", "trial")


def reached(course: Course) -> str:
    """Return the last step that a patient reached; who was treated counts as eligible."""
    index = course.index_date()
    if isinstance(index, Missing):
        return _REGISTERED if _against(course) else _ELIGIBLE
    if course.latest("follow-up") is not None:
        return _FOLLOWED
    if "adverse_events" in course.case or course.listed("quality_of_life"):
        return _FOLLOWED
    last = vital(course)[0]
    return _TREATED if isinstance(last, Missing) or last < index else _FOLLOWED


def _against(course: Course) -> tuple[str, ...]:
    """Return the rules of the last selection that stand against treatment, not overridden."""
    record = course.latest("select")
    rules = (record or {}).get("selection", {}).get("rules", ())
    return tuple(
        one["title"]
        for one in rules
        if one["kind"] in _BLOCKING and one["result"] == "fail" and "override" not in one
    )


def loss(course: Course) -> str | Missing:
    """Return why a patient came no further than the step reached."""
    step = reached(course)
    if step == _REGISTERED:
        return f"not eligible: {_against(course)[0]}"
    if step == _ELIGIBLE:
        return "no day of treatment is stated"
    if step == _TREATED:
        last = vital(course)[0]
        if isinstance(last, Missing):
            return "nothing is known after treatment"
        return "the last contact lies before the day of treatment"
    return Missing.NOT_INCLUDED


PARTICIPATION: tuple[Measure, ...] = (
    (
        Variable(
            name=REACHED,
            meaning="Last step from the register to the follow-up that the patient reached",
            kind=VariableKind.ORDINAL,
            levels=STEPS,
            source="last select record (no absolute contraindication, unmet indication or trial "
            "rule without an override; eligible where there is no record, or treated); day of "
            "treatment; vital status, follow-up record, adverse events or questionnaires",
        ),
        reached,
    ),
    (
        Variable(
            name=LOSS,
            meaning="Why the patient came no further; absent for those with follow-up",
            kind=VariableKind.TEXT,
            source="as the step that was reached",
        ),
        loss,
    ),
)

"""The analysis table of one questionnaire: a row for each patient and planned visit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.clinical.quality_of_life import (
    ImportantDifference,
    QualityOfLifeScores,
    Questionnaire,
    ScaleKind,
    change_of,
    score_answers,
)
from opensirt.cohort.course import ONE_COURSE, PATIENT, Course, day_of
from opensirt.cohort.planned_visit import PlannedVisit, require_apart
from opensirt.cohort.response import vital
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.outcomes.quality_summary import (
    CHANGES,
    SUMMARY,
    FormState,
    change_column,
    difference_column,
    score_column,
)

_BETTER = {
    ScaleKind.FUNCTIONAL: "more is better",
    ScaleKind.GLOBAL: "more is better",
    ScaleKind.SYMPTOM: "more is worse",
}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class QualityQuestion:
    """What is scored, at which visits, and which difference matters."""

    name: str
    """The questionnaire's, as cases call it."""
    form: Questionnaire
    difference: ImportantDifference
    visits: tuple[PlannedVisit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    day: int
    scores: QualityOfLifeScores
    n_answers: int


def quality_table(
    courses: Iterable[Course],
    question: QualityQuestion,
    *,
    population: str,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the scores of a questionnaire by patient and planned visit.

    A visit without a form is a row too, with the reason. Changes are since the last form on or
    before the day of treatment, however old.

    Raises
    ------
    InputError
        When planned visits overlap, or an answer is none that its item has.
    """
    visits = require_apart(question.visits)
    rows: list[dict[str, object]] = []
    n_untreated = n_outside = n_patients = n_beside = 0
    for course in courses:
        index = course.index_date()
        if isinstance(index, Missing):
            n_untreated += 1
            continue
        n_patients += 1
        forms = _forms(course, question, index)
        before = [one for one in forms if one.day <= 0]
        baseline = before[-1] if before else None
        taken = 0
        for visit in visits:
            inside = [one for one in forms if visit.first_day <= one.day <= visit.last_day]
            # Of two as near the later one, as before treatment.
            inside.sort(key=lambda one, at=visit.target_day: (abs(one.day - at), -one.day))  # type: ignore[misc]
            taken += len(inside)
            n_beside += max(0, len(inside) - 1)
            form = inside[0] if inside else None
            rows.append(_row(course, index, visit, form, baseline, question))
        n_outside += len(forms) - taken
    variables = _variables(question, visits)
    notes = [ONE_COURSE]
    for count, words in (
        (n_untreated, "patients have no day of treatment and no row"),
        (n_outside, "forms lie in no planned visit and have no row"),
        (n_beside, "forms lie in the visit of another one nearer to its day and have no row"),
    ):
        if count:
            notes.append(f"{count} {words}")
    difference = question.difference
    notes.append(f"an important difference is {difference.text} ({difference.citation.source})")
    return AnalysisTable(
        unit=UnitOfAnalysis.VISIT,
        variables=variables,
        columns={one.name: column_of(one, [row[one.name] for row in rows]) for one in variables},
        row_key=(PATIENT.name, "visit"),
        population=f"{n_patients} patients at {len(visits)} planned visits; {population}",
        notes=tuple(notes),
        provenance=provenance or {},
    )


def questionnaires_of(courses: Iterable[Course]) -> Mapping[str, int]:
    """Return how many forms of each questionnaire the cases hold."""
    found: dict[str, int] = {}
    for course in courses:
        for one in course.listed("quality_of_life"):
            found[one["questionnaire"]] = found.get(one["questionnaire"], 0) + 1
    return found


def _forms(course: Course, question: QualityQuestion, index: date) -> list[_Form]:
    """Return the scored forms in order of time; of one day the last that is written."""
    by_day: dict[int, _Form] = {}
    for one in course.listed("quality_of_life"):
        if one["questionnaire"] != question.name:
            continue
        answers = {int(item): answer for item, answer in one["answers"].items()}
        day = (day_of(one["on"]) - index).days
        by_day[day] = _Form(
            day=day, scores=score_answers(question.form, answers), n_answers=len(answers)
        )
    return [by_day[day] for day in sorted(by_day)]


def _state(course: Course, index: date, visit: PlannedVisit, form: _Form | None) -> FormState:
    if form is not None:
        return FormState.FILLED
    last, dead = vital(course)
    if visit.last_day <= 0:
        return FormState.MISSING
    if isinstance(last, Missing):
        return FormState.UNKNOWN
    if (last - index).days >= visit.last_day:
        return FormState.MISSING
    return FormState.DIED if dead is True else FormState.ENDED


def _row(
    course: Course,
    index: date,
    visit: PlannedVisit,
    form: _Form | None,
    baseline: _Form | None,
    question: QualityQuestion,
) -> dict[str, object]:
    row: dict[str, object] = {
        PATIENT.name: course.key,
        "visit": visit.title,
        "form": _state(course, index, visit, form).value,
        "day": Missing.NOT_DONE if form is None else float(form.day),
        "n_answers": Missing.NOT_DONE if form is None else float(form.n_answers),
        "baseline_day": Missing.NEEDS_BASELINE if baseline is None else float(baseline.day),
    }
    for name, scale in (*question.form.scales.items(), (SUMMARY, None)):
        now, then = _score(form, name), _score(baseline, name)
        if form is not None and baseline is None:
            then = Missing.NEEDS_BASELINE
        row[score_column(name)] = now
        later = form is None or form.day > 0
        gaps = [one for one in (now, then) if isinstance(one, Missing)]
        change: float | Missing = Missing.NOT_INCLUDED
        if later:
            change = gaps[0] if gaps else _number(now) - _number(then)
        row[change_column(name)] = change
        if scale is not None:
            means = (
                change_of(scale, before=then, after=now, difference=question.difference)
                if later
                else Missing.NOT_INCLUDED
            )
            if isinstance(change, Missing):
                means = change
            row[difference_column(name)] = means if isinstance(means, Missing) else means.value
    return row


def _score(form: _Form | None, name: str) -> float | Missing:
    if form is None:
        return Missing.NOT_DONE
    return form.scores.summary if name == SUMMARY else form.scores.scores[name]


def _number(value: float | Missing) -> float:
    if isinstance(value, Missing):
        raise TypeError("asked for a number that is missing")
    return value


def _variables(question: QualityQuestion, visits: Sequence[PlannedVisit]) -> tuple[Variable, ...]:
    form, verified = question.form, question.form.citation.status.verified
    source = f"case.toml [[quality_of_life]], {form.title}; scored by {form.citation.source}"
    words = question.difference.citation.source
    made = [
        PATIENT,
        Variable(
            name="visit",
            meaning="Planned visit: " + ", ".join(one.words for one in visits),
            kind=VariableKind.ORDINAL,
            levels=tuple(one.title for one in visits),
            source="planned visits of the analysis; days from the day of treatment",
        ),
        Variable(
            name="form",
            meaning="What became of the form of this visit",
            kind=VariableKind.CATEGORY,
            levels=tuple(one.value for one in FormState),
            source="case.toml [[quality_of_life]], [follow_up] vital_status",
        ),
        _number_variable("day", "Days from treatment to the form", "day", source),
        Variable(
            name="n_answers",
            meaning="Answered items of the form",
            kind=VariableKind.COUNT,
            source=source,
        ),
        _number_variable(
            "baseline_day", "Days from treatment to the form before it", "day", source
        ),
    ]
    for name, scale in form.scales.items():
        title = f"{scale.title}, 0 to 100, {_BETTER[scale.kind]}"
        capital = title[0].upper() + title[1:]
        made += [
            _number_variable(score_column(name), capital, "points", source, verified=verified),
            _number_variable(
                change_column(name),
                f"{capital}: change since the form before treatment",
                "points",
                source,
                verified=verified,
            ),
            Variable(
                name=difference_column(name),
                meaning=f"{scale.title[0].upper()}{scale.title[1:]}: whether the change matters, "
                "for the patient",
                kind=VariableKind.ORDINAL,
                levels=CHANGES,
                source=f"{question.difference.text} ({words})",
                verified=verified and question.difference.citation.status.verified,
                later=True,
            ),
        ]
    made += [
        _number_variable(
            score_column(SUMMARY),
            "Summary score, 0 to 100, more is better",
            "points",
            source,
            verified=verified,
        ),
        _number_variable(
            change_column(SUMMARY),
            "Summary score: change since the form before treatment",
            "points",
            source,
            verified=verified,
        ),
    ]
    return tuple(made)


def _number_variable(
    name: str, meaning: str, unit: str, source: str, *, verified: bool = True
) -> Variable:
    return Variable(
        name=name,
        meaning=meaning,
        kind=VariableKind.NUMBER,
        unit=unit,
        source=source,
        verified=verified,
    )

"""Pictures of a follow-up: timeline, waterfall, spider, swimmer, dose against response."""

from datetime import date

from opensirt.clinical.follow_up_record import CriterionResponse, FollowUp
from opensirt.clinical.response.criterion import sum_criterion
from opensirt.clinical.timeline import EventKind, TimelineEvent
from opensirt.domain.missing import Missing
from opensirt.report.content import Picture
from opensirt.report.figures.response_plots import (
    dose_response_png,
    spider_png,
    swimmer_png,
    waterfall_png,
)
from opensirt.report.figures.timeline import (
    TimelineLane,
    TimelineMark,
    TimelineSpan,
    timeline_png,
)
from opensirt.report.response_values import (
    dose_points,
    last_known_day,
    lesion_bars,
    lesion_lanes,
    lesion_lines,
    overall_reading,
    plot_limits,
    plot_quantity,
)

_BEFORE_DAYS = 60
_DRAWN = ("recist_1_1", "mrecist")
"""Criteria whose plots are drawn where their sizes were measured; tables show all."""


def timeline_picture(follow_up: FollowUp) -> Picture:
    """Return everything that has a date on one axis."""
    first = _first_day(follow_up)
    last = max(last_known_day(follow_up), 1)
    lanes = _lanes(follow_up, last)
    words = "; ".join(one.label for one in lanes)
    return Picture(
        "timeline",
        timeline_png(lanes, last_day=last, first_shown=first, title="Timeline"),
        "Everything with a date on one axis. Laboratory and events: colour of the worst CTCAE "
        "grade of the day (green 0, yellow 1, orange 2, red 3, purple 4, black 5), grade written; "
        "hatched: no end is recorded. What began earlier enters at the left edge; what ended "
        "earlier stands in the table.",
        f"Timeline from day {first} to day {last} after treatment with the lines {words}.",
    )


def _first_day(follow_up: FollowUp) -> int:
    """Return where the axis begins: at the first entry that is not an earlier treatment."""
    days = [
        (one.on - follow_up.treated_on).days
        for one in follow_up.timeline.events
        if one.kind is not EventKind.TREATMENT
    ]
    return min(-_BEFORE_DAYS, *days) if days else -_BEFORE_DAYS


def _lanes(follow_up: FollowUp, last: int) -> list[TimelineLane]:
    def day(on: date) -> int:
        return (on - follow_up.treated_on).days

    events = follow_up.timeline.events
    given = [
        (one.text.split(": ", 1)[-1], _span(one, follow_up.treated_on, last))
        for one in events
        if one.kind is EventKind.TREATMENT and not one.text.startswith("radioembolization: this")
    ]
    lanes = [
        TimelineLane(label=words, spans=(span,))
        for words, span in given
        if span.last_day >= _first_day(follow_up)
    ]
    grades = _laboratory_grades(follow_up)
    laboratory = sorted({one.on for one in events if one.kind is EventKind.LABORATORY})
    if laboratory:
        lanes.append(
            TimelineLane(
                label="laboratory, worst grade",
                marks=tuple(
                    TimelineMark(
                        day=day(on),
                        grade=grades.get(on),
                        text="" if grades.get(on) is None else f"G{grades[on]}",
                    )
                    for on in laboratory
                ),
            )
        )
    terms = dict.fromkeys(
        one.text.split(" grade ")[0] for one in events if one.kind is EventKind.ADVERSE_EVENT
    )
    for term in terms:
        some = [
            one
            for one in events
            if one.kind is EventKind.ADVERSE_EVENT and one.text.split(" grade ")[0] == term
        ]
        lanes.append(
            TimelineLane(
                label=term.replace("_", " "),
                marks=tuple(
                    TimelineMark(day=day(one.on), grade=_grade(one), text=f"G{_grade(one)}")
                    for one in some
                ),
                spans=tuple(_span(one, follow_up.treated_on, last) for one in some),
            )
        )
    imaging = _imaging_words(follow_up)
    for kind, label in (
        (EventKind.IMAGING, "imaging, response"),
        (EventKind.FDG_SCAN, "FDG scan"),
        (EventKind.LIVER_FUNCTION_SCAN, "hepatobiliary scan"),
        (EventKind.CLINICAL_STATE, "clinical state"),
        (EventKind.SYMPTOM, "symptoms"),
        (EventKind.QUESTIONNAIRE, "questionnaires"),
        (EventKind.PERFORMANCE, "performance status"),
        (EventKind.VITAL_STATUS, "vital status"),
    ):
        some = [one for one in events if one.kind is kind]
        if some:
            words = imaging if kind is EventKind.IMAGING else {one.on: one.text for one in some}
            lanes.append(
                TimelineLane(
                    label=label,
                    marks=tuple(
                        TimelineMark(day=day(on), text=words.get(on, ""))
                        for on in sorted({one.on for one in some})
                    ),
                )
            )
    return lanes


def _span(one: TimelineEvent, treated_on: date, last: int) -> TimelineSpan:
    first = (one.on - treated_on).days
    if one.until is None:
        return TimelineSpan(first_day=first, last_day=first)
    if isinstance(one.until, Missing):
        return TimelineSpan(first_day=first, last_day=last, open_ended=True)
    return TimelineSpan(first_day=first, last_day=(one.until - treated_on).days)


def _grade(one: TimelineEvent) -> int:
    return int(one.text.split(" grade ")[1].split(" ", maxsplit=1)[0])


def _laboratory_grades(follow_up: FollowUp) -> dict[date, int]:
    """Return day → worst known grade in the first version of the follow-up."""
    found: dict[date, int] = {}
    versions = [one.version for one in follow_up.graded]
    for one in follow_up.graded:
        if one.version is versions[0] and not isinstance(one.grade, Missing):
            found[one.on] = max(found.get(one.on, 0), one.grade)
    return found


def _imaging_words(follow_up: FollowUp) -> dict[date, str]:
    reading = next(
        (
            one
            for one in (overall_reading(follow_up, name) for name in _DRAWN)
            if one is not None and one.assessments
        ),
        None,
    )
    if reading is None:
        return {}
    return {one.on: one.overall.value for one in reading.assessments}


def response_pictures(follow_up: FollowUp) -> list[Picture]:
    """Return waterfall, spider and swimmer of the targets, and their dose against response."""
    found: list[Picture] = []
    for name in _DRAWN:
        reading = overall_reading(follow_up, name)
        if reading is None or not reading.by_lesion:
            continue
        found += _of_reading(reading, follow_up)
    return found


def _of_reading(reading: CriterionResponse, follow_up: FollowUp) -> list[Picture]:
    name, title, rule = reading.criterion, reading.title, sum_criterion(reading.criterion)
    limits, quantity = plot_limits(rule), plot_quantity(rule).replace("the sum of ", "")
    bars, lines = lesion_bars(reading), lesion_lines(reading, follow_up)
    each = ", ".join(_bar_words(one.label, one.change_fraction) for one in bars)
    dashed = "Dashed: the limits of partial response and progression of a sum."
    found = [
        Picture(
            f"waterfall_{name}",
            waterfall_png(
                bars, title=f"Best change of each target, {title}", quantity=quantity, limits=limits
            ),
            f"Waterfall: best change of each target since baseline, {title}. {dashed}",
            f"Waterfall of targets by {title}: {each}.",
        ),
        Picture(
            f"spider_{name}",
            spider_png(
                lines, title=f"Targets over time, {title}", quantity=quantity, limits=limits
            ),
            f"Spider: change of each target since baseline, {title}. {dashed}",
            f"Spider plot of targets by {title}; at best {each}.",
        ),
        Picture(
            f"swimmer_{name}",
            swimmer_png(lesion_lanes(reading, follow_up), title=f"Response at each visit, {title}"),
            "Swimmer: response of each target and of the patient at each visit, "
            f"{title}; arrow: alive at the last day.",
            f"Swimmer plot of targets and patient by {title}.",
        ),
    ]
    points = dose_points(follow_up, name)
    if points:
        doses = "; ".join(
            f"{one.label} {one.mean_gy:.0f} Gy {_bar_words('', one.change_fraction).strip()}"
            for one in points
        )
        found.append(
            Picture(
                f"dose_response_{name}",
                dose_response_png(
                    points,
                    title=f"Dose and response of each target, {title}",
                    quantity=quantity,
                    limits=limits,
                ),
                f"Mean dose and change of each target at its last visit, {title}. One patient: no "
                "curve is fitted.",
                f"Dose against change by {title}: {doses}.",
            )
        )
    return found


def _bar_words(label: str, change: float | None) -> str:
    return f"{label} not evaluable" if change is None else f"{label} {100 * change:+.0f} %"

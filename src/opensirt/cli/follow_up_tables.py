"""A follow-up as tables for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import UNVERIFIED, findings, number, table

if TYPE_CHECKING:
    from opensirt.clinical.follow_up_record import CriterionResponse, FollowUp
    from opensirt.domain.citation import Citation


def _yes(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else number(value)


def _mark(citation: "Citation") -> str:
    return "" if citation.verified else f" {UNVERIFIED}"


def say_follow_up(made: "FollowUp") -> None:
    """Write a follow-up to standard output: findings first, then what is known of each part."""
    findings(made.findings)
    watch = "on the watch list for liver disease" if made.on_watch_list else "not on the watch list"
    click.echo(f"day {made.day} after treatment on {made.treated_on}: {watch}")
    for one in made.toxicity:
        rows = [
            (term.term, number(term.baseline_grade), number(term.grade), str(term.on or ""))
            for term in one.laboratory
            if term.n_values
        ]
        rows += [(event.term, "", str(event.grade), str(event.on)) for event in one.events]
        title = f"Worst grades, CTCAE {one.version.value}, days {one.first_day} to {one.last_day}"
        _table(title, ("term", "baseline", "worst", "on"), rows)
    _table(
        "Liver disease by definition",
        ("definition", "called", "met", "window open", "missing"),
        [
            (
                one.title + _mark(one.citation),
                one.called,
                _yes(one.met),
                _yes(one.window_open),
                ", ".join(dict.fromkeys(one.missing)),
            )
            for one in made.reild
        ],
    )
    _table(
        "Braat grade",
        ("CTCAE", "grade", "at least", "at most", "REILD", "missing"),
        [
            (
                version,
                number(one.grade),
                str(one.lowest),
                str(one.highest),
                _yes(one.reild),
                ", ".join(one.missing),
            )
            for version, one in made.braat.items()
        ],
    )
    _table(
        "ALBI",
        ("on", "score", "grade"),
        [(str(one.on), number(one.score.value, 3), number(one.score.grade)) for one in made.albi],
    )
    _table(
        "Response",
        ("criterion", "on", "targets", "overall", "change"),
        [row for one in made.response for row in _response_rows(one)],
    )
    _table(
        "Symptoms",
        ("symptom", "measure", "before", "after", "change"),
        [
            (one.name, one.measure, number(one.before), number(one.after), _word(one.change))
            for one in made.symptoms
        ],
    )
    _table(
        "Markers",
        ("marker", "change", "category"),
        [(one.analyte.value, *_marker_words(one.response)) for one in made.markers],
    )
    _table(
        "Quality of life",
        ("questionnaire", "on", "scale", "score", "change"),
        [
            (form.questionnaire, str(form.on), name, number(score), _word(form.changes.get(name)))
            for form in made.quality_of_life
            for name, score in form.scores.items()
        ],
    )


def _response_rows(one: "CriterionResponse") -> Iterable[tuple[str, ...]]:
    title = one.title + _mark(one.citation)
    if one.reason is not None:
        yield title, "", "", one.reason.value, ""
    for visit in one.assessments:
        change = visit.change_from_baseline_fraction
        yield (
            title,
            str(visit.on),
            "" if visit.target is None else visit.target.value,
            visit.overall.value,
            "" if change is None else f"{change:+.0%}",
        )


def _marker_words(response: object) -> tuple[str, str]:
    from opensirt.clinical.biomarker import MarkerResponse
    from opensirt.domain.missing import Missing

    if not isinstance(response, MarkerResponse):
        return "", _word(response)
    change = response.change_fraction
    shown = change.value if isinstance(change, Missing) else f"{change:+.0%}"
    return shown, _word(response.category)


def _word(value: object) -> str:
    return "" if value is None else str(getattr(value, "value", value))


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        table(title, columns, rows)

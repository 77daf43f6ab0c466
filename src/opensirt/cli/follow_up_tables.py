"""A follow-up as tables for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import UNVERIFIED, findings, number, table

if TYPE_CHECKING:
    from opensirt.clinical.follow_up_record import CriterionResponse, FollowUp
    from opensirt.clinical.reported_record import MarkerFollowUp, SymptomFollowUp
    from opensirt.domain.citation import Citation
    from opensirt.domain.laboratory import LabValue


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
            (
                term.term,
                number(term.baseline_grade),
                str(term.grade) if isinstance(term.grade, int) else f"at least {term.at_least}",
                str(term.on or ""),
            )
            for term in one.laboratory
            if term.n_values
        ]
        rows += [
            (event.term.replace("_", " "), "event", str(event.grade), str(event.on))
            for event in one.events
        ]
        title = f"Worst grades, CTCAE {one.version.value}, days {one.first_day} to {one.last_day}"
        _table(title, ("term", "baseline", "worst", "on"), rows)
    _table(
        "Liver disease by definition",
        ("definition", "called", "met", "window open", "missing"),
        [
            (
                one.title + _mark(one.citation),
                one.called,
                "unknown" if one.missing and not isinstance(one.met, bool) else _yes(one.met),
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
                str(one.grade) if isinstance(one.grade, int) else "unknown",
                str(one.lowest),
                str(one.highest),
                _yes(one.reild) if isinstance(one.reild, bool) else "unknown",
                ", ".join(one.missing).replace("_", " "),
            )
            for version, one in made.braat.items()
        ],
    )
    _liver_tables(made)
    _table(
        "Response",
        ("criterion", "on", "targets", "overall", "change"),
        [row for one in made.response for row in _response_rows(one)],
    )
    _response_tables(made)
    _table(
        "Symptoms, against the last day before treatment",
        ("symptom", "measure", "before", "on", "day", "after", "change"),
        [row for one in made.symptoms for row in _symptom_rows(one)],
    )
    _table(
        "Markers",
        ("marker", "before", "on", "value", "change", "category"),
        [row for one in made.markers for row in _marker_rows(one)],
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


def _liver_tables(made: "FollowUp") -> None:
    """Write scores over time, hepatobiliary function and late change."""
    from opensirt.domain.missing import Missing

    _table(
        "Liver function",
        ("score", "on", "value", "grade", "missing"),
        [
            (
                trend.name,
                str(one.on),
                number(one.score.value, 3) if one.score.known else "unknown",
                one.score.grade if isinstance(one.score.grade, str) else "",
                ", ".join(sorted(one.score.missing)),
            )
            for trend in made.liver_function
            for one in trend.values
        ],
    )
    _table(
        "Hepatobiliary function in %/min/m² (cut-offs are surgical)",
        ("on", "liver", "remnant", "part of the whole"),
        [
            (
                str(one.on),
                number(one.whole.value, 3),
                number(one.remnant.value, 3),
                _percent(one.remnant_fraction, sign=False),
            )
            for one in made.hepatobiliary
        ],
    )
    late = made.late_liver
    if not isinstance(late, Missing):
        change = late.change
        _table(
            "Late change of the liver since baseline",
            ("what", "change"),
            [
                ("spleen volume", _percent(change.spleen_volume_change_fraction)),
                ("platelets", _percent(change.platelet_change_fraction)),
                ("new varices", _yes(change.new_varices)),
                ("new ascites on imaging", _yes(change.new_ascites)),
                ("cirrhosis-like morphology", _yes(change.cirrhosis_like_morphology)),
            ],
        )


def _response_tables(made: "FollowUp") -> None:
    """Write best response, Choi, FDG, tumour load, and lesions with their doses."""
    from opensirt.clinical.response.metabolic_course import MetabolicCourse
    from opensirt.domain.missing import Missing

    _table(
        "Best overall response",
        ("criterion", "organs", "unconfirmed", "confirmed at 4 weeks", "progression"),
        [
            (
                one.title + _mark(one.citation),
                "all" if one.organs is None else ", ".join(one.organs),
                one.best.category.value,
                "" if one.best_confirmed is None else one.best_confirmed.category.value,
                str(one.progression_on or ""),
            )
            for one in made.response
            if one.best is not None
        ],
    )
    _table(
        "Size and attenuation",
        ("criterion", "on", "response", "size", "attenuation"),
        [
            (
                one.title,
                str(visit.on),
                visit.response.category.value,
                _percent(visit.response.size_change_fraction),
                _percent(visit.response.attenuation_change_fraction),
            )
            for one in made.choi
            if not isinstance(one.visits, Missing)
            for visit in one.visits
        ],
    )
    if isinstance(made.metabolic, MetabolicCourse):
        _table(
            f"Metabolic response ({made.metabolic.limits.title}: {made.metabolic.limits.text})",
            ("on", "response", "SUL peak", "lesion glycolysis", "not known"),
            [
                (
                    str(one.on),
                    one.response.value
                    if isinstance(one.response, Missing)
                    else one.response.category.value,
                    ""
                    if isinstance(one.response, Missing)
                    else _percent(one.response.change_fraction),
                    _percent(one.glycolysis_change_fraction),
                    "" if isinstance(one.response, Missing) else ", ".join(one.response.missing),
                )
                for one in made.metabolic.assessments
            ],
        )
    _table(
        "Tumour load of the liver",
        ("on", "tumour mL", "of the liver", "since baseline", "since smallest"),
        [
            (
                str(one.on),
                number(one.tumour_volume_ml),
                _percent(one.burden_fraction, sign=False),
                _percent(one.change_fraction),
                _percent(one.change_from_smallest_fraction),
            )
            for one in made.tumour_load
        ],
    )
    _table(
        "Lesions with their doses",
        ("lesion", "mean Gy", "criterion", "on", "change", "response"),
        [
            (
                one.lesion,
                "" if isinstance(one.dose, Missing) else number(one.dose.mean_gy),
                one.criterion,
                str(one.on),
                _percent(one.change_fraction),
                one.category.value,
            )
            for one in made.dose_response
        ],
    )


def _percent(value: object, *, sign: bool = True) -> str:
    if isinstance(value, float):
        return f"{value:+.0%}" if sign else f"{value:.1%}"
    return _word(value)


def _response_rows(one: "CriterionResponse") -> Iterable[tuple[str, ...]]:
    organs = "" if one.organs is None else f", {', '.join(one.organs)} only"
    title = one.title + organs + _mark(one.citation)
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


def _symptom_rows(one: "SymptomFollowUp") -> Iterable[tuple[str, ...]]:
    before = number(one.before)
    if not one.visits:
        yield one.name, one.measure, before, "", "", number(one.after), _word(one.change)
    for visit in one.visits:
        yield (
            one.name,
            visit.measure,
            number(visit.before),
            str(visit.on),
            str(visit.day),
            number(visit.after),
            _word(visit.change),
        )


def _marker_rows(one: "MarkerFollowUp") -> Iterable[tuple[str, ...]]:
    from opensirt.domain.laboratory import analyte_facts
    from opensirt.domain.missing import Missing

    name = analyte_facts(one.analyte).name
    if isinstance(one.response, Missing):
        yield name, "", "", "", "", one.response.value
    for visit in one.visits:
        change = visit.change_fraction
        yield (
            name,
            _marker_value(visit.baseline),
            str(visit.now.on),
            _marker_value(visit.now),
            change.value if isinstance(change, Missing) else f"{change:+.0%}",
            _word(visit.category),
        )


def _marker_value(value: "LabValue") -> str:
    """Return a value as printed, with its multiple of the upper limit of normal."""
    times = value.times_upper_limit
    limit = f" ({times:.3g} × upper limit)" if isinstance(times, float) else ""
    return f"{value.value:g} {value.unit}{limit}"


def _word(value: object) -> str:
    return "" if value is None else str(getattr(value, "value", value))


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if rows:
        table(title, columns, rows)

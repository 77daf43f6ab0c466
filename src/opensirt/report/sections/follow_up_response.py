"""Response in words: criteria side by side, lesions with their doses, load, FDG, symptoms."""

from collections.abc import Iterable, Sequence

from opensirt.clinical.follow_up_record import CriterionResponse, FollowUp
from opensirt.clinical.reported_record import FormFollowUp, SymptomFollowUp
from opensirt.clinical.response.metabolic_course import MetabolicCourse
from opensirt.domain.laboratory import analyte_facts
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.report.content import (
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    marked,
    row,
)
from opensirt.report.number import as_gy, as_percent, rounded

_ABSENT = "—"


def response_blocks(follow_up: FollowUp) -> list[Block]:
    """Return the response by every criterion, side by side and never pooled."""
    blocks: list[Block] = []
    if follow_up.response:
        blocks.append(_visits(follow_up.response))
        best = [one for one in follow_up.response if one.best is not None]
        if best:
            blocks.append(_best(best))
        without = [one for one in follow_up.response if one.reason is not None]
        if without:
            blocks.append(_without(without))
    if follow_up.dose_response:
        blocks.append(_lesions(follow_up))
    blocks += [_choi(follow_up)] if follow_up.choi else []
    if follow_up.metabolic is not None:
        blocks.append(_metabolic(follow_up.metabolic))
    if follow_up.tumour_load:
        blocks.append(_load(follow_up))
    return blocks


def _reading(one: CriterionResponse) -> str:
    organs = "" if one.organs is None else f", {', '.join(one.organs)} only"
    return marked(f"{one.title}{organs}", verified=one.citation.verified)


def _category(one: ResponseCategory | None) -> str:
    return _ABSENT if one is None else one.value


def _new(seen: bool | Missing) -> str:  # noqa: FBT001 - an answer, no switch
    if isinstance(seen, Missing):
        return "not said"
    return "yes" if seen else "no"


def _percent(change: float | Missing | None) -> str:
    if change is None:
        return _ABSENT
    return change.value if isinstance(change, Missing) else as_percent(change)


def _visits(found: Sequence[CriterionResponse]) -> Table:
    return Table(
        "Response at each visit, by criterion",
        (
            Column("Criterion", numeric=False, share=2.4),
            Column("Visit", numeric=False, share=1.1),
            Column("Targets", numeric=False, share=0.8),
            Column("Non-targets", numeric=False, share=1.1),
            Column("New lesion", numeric=False, share=0.9),
            Column("Overall", numeric=False, share=0.9),
            Column("Change of targets", "%", share=1.0),
        ),
        tuple(
            row(
                _reading(one),
                visit.on.isoformat(),
                _category(visit.target),
                _category(visit.non_target),
                _new(visit.new_lesion),
                Cell(visit.overall.value, strong=True),
                _percent(visit.change_from_baseline_fraction),
            )
            for one in found
            for visit in one.assessments
        ),
        (
            (
                "NE: not evaluable. Change of targets: since baseline. Criteria answer by "
                "themselves; they are never pooled."
            ),
        ),
    )


def _best(found: Sequence[CriterionResponse]) -> Table:
    days = found[0].best.stable_at_least_days if found[0].best is not None else 0
    minimum = (
        f"Stable disease counts from day {days} after baseline."
        if days
        else "No minimum duration of stable disease is stated in the case: none is asked."
    )
    return Table(
        "Best overall response",
        (
            Column("Criterion", numeric=False, share=2.4),
            Column("Unconfirmed", numeric=False),
            Column("Confirmed at 4 weeks or later", numeric=False, share=1.4),
            Column("Progression first seen", numeric=False, share=1.2),
        ),
        tuple(
            row(
                _reading(one),
                _ABSENT if one.best is None else one.best.category.value,
                _ABSENT if one.best_confirmed is None else one.best_confirmed.category.value,
                _ABSENT if one.progression_on is None else one.progression_on.isoformat(),
            )
            for one in found
        ),
        (minimum,),
    )


def _without(found: Iterable[CriterionResponse]) -> Paragraph:
    words = "; ".join(
        f"{_reading(one)}: {one.reason.value if one.reason else ''}"
        + (f" ({', '.join(one.not_measured_at_baseline)})" if one.not_measured_at_baseline else "")
        for one in found
    )
    return Paragraph(f"No response by {words}.")


def _lesions(follow_up: FollowUp) -> Table:
    titles = {one.criterion: one.title for one in follow_up.response}
    return Table(
        "Lesion by lesion: dose and response",
        (
            Column("Lesion", numeric=False, share=1.4),
            Column("Mean dose", "Gy"),
            Column("D70", "Gy"),
            Column("Criterion", numeric=False, share=2.2),
            Column("Visit", numeric=False, share=1.2),
            Column("Change", "%"),
            Column("Response", numeric=False),
        ),
        tuple(
            row(
                one.lesion,
                "none known" if isinstance(one.dose, Missing) else as_gy(one.dose.mean_gy),
                "" if isinstance(one.dose, Missing) else as_gy(one.dose.d70_gy),
                titles[one.criterion],
                one.on.isoformat(),
                _percent(one.change_fraction),
                one.category.value,
            )
            for one in follow_up.dose_response
        ),
        (
            "A response by lesion is no response by patient. "
            + "; ".join(
                dict.fromkeys(
                    f"Dose: {one.dose.source}"
                    for one in follow_up.dose_response
                    if not isinstance(one.dose, Missing)
                )
            ),
        ),
    )


def _choi(follow_up: FollowUp) -> Table:
    rows = []
    for one in follow_up.choi:
        name = marked(one.title, verified=one.citation.verified)
        if isinstance(one.visits, Missing):
            rows.append(row(name, "", one.visits.value, "", ""))
            continue
        rows += [
            row(
                name,
                visit.on.isoformat(),
                Cell(visit.response.category.value, strong=True),
                _percent(visit.response.size_change_fraction),
                _percent(visit.response.attenuation_change_fraction),
            )
            for visit in one.visits
        ]
    return Table(
        "Size and attenuation (Choi)",
        (
            Column("Criterion", numeric=False, share=1.4),
            Column("Visit", numeric=False),
            Column("Response", numeric=False),
            Column("Change of size", "%"),
            Column("Change of attenuation", "%"),
        ),
        tuple(rows),
    )


def _metabolic(found: MetabolicCourse | Missing) -> Block:
    if isinstance(found, Missing):
        return Paragraph(f"No metabolic response (PERCIST): {found.value}.")
    hot, limits = found.baseline_measurable, found.limits
    words = hot.value if isinstance(hot, Missing) else ("yes" if hot else "no")
    return Table(
        f"Metabolic response ({marked(limits.title, verified=limits.citation.verified)}, FDG)",
        (
            Column("Visit", numeric=False),
            Column("Response", numeric=False),
            Column("Change of SUL peak", "%"),
            Column("Change of total lesion glycolysis", "%", share=1.4),
        ),
        tuple(
            row(
                one.on.isoformat(),
                one.response.value
                if isinstance(one.response, Missing)
                else Cell(one.response.category.value, strong=True),
                "" if isinstance(one.response, Missing) else _percent(one.response.change_fraction),
                _percent(one.glycolysis_change_fraction),
            )
            for one in found.assessments
        ),
        (
            (
                f"Baseline of {found.baseline_on.isoformat()}; hot enough to be followed: {words}. "
                f"Response needs a change of SUL peak of {limits.text} "
                f"({limits.citation.source}). A fall of the total lesion glycolysis by 45 % is "
                "exploratory: no category."
            ),
        ),
    )


def _load(follow_up: FollowUp) -> Table:
    return Table(
        "Tumour load of the liver",
        (
            Column("Visit", numeric=False),
            Column("Tumour", "mL"),
            Column("Liver", "mL"),
            Column("Part of the liver", "%"),
            Column("Change since baseline", "%"),
            Column("Change since smallest", "%"),
        ),
        tuple(
            row(
                one.on.isoformat(),
                rounded(one.tumour_volume_ml),
                rounded(one.liver_volume_ml),
                as_percent(one.burden_fraction),
                _percent(one.change_fraction),
                _percent(one.change_from_smallest_fraction),
            )
            for one in follow_up.tumour_load
        ),
        ("No published rule turns this change into a category.",),
    )


def patient_reported_blocks(follow_up: FollowUp) -> list[Block]:
    """Return symptoms, tumour markers and questionnaires against the last ones before."""
    blocks: list[Block] = []
    if follow_up.symptoms:
        blocks.append(
            Table(
                "Symptoms",
                tuple(
                    Column(name, numeric=False)
                    for name in ("Symptom", "Measure", "Before", "After", "Day", "Change")
                ),
                tuple(cells for one in follow_up.symptoms for cells in _symptom(one)),
                ("Only a patient who had a symptom can improve in it.",),
            )
        )
    if follow_up.markers:
        blocks.append(_markers(follow_up))
    if follow_up.quality_of_life:
        blocks.append(_forms(follow_up))
    return blocks


def _symptom(one: SymptomFollowUp) -> list[tuple[Cell, ...]]:
    if not one.visits:
        cells = one.name, one.measure, _plain(one.before), _plain(one.after), "", one.change.value
        return [row(*cells)]
    return [
        row(
            one.name,
            visit.measure,
            _plain(visit.before),
            _plain(visit.after),
            f"{visit.on.isoformat()} (day {visit.day})",
            visit.change.value,
        )
        for visit in one.visits
    ]


def _plain(value: float | Missing) -> str:
    return value.value if isinstance(value, Missing) else f"{value:g}"


def _markers(follow_up: FollowUp) -> Table:
    rows = []
    for one in follow_up.markers:
        name, response = analyte_facts(one.analyte).name, one.response
        if isinstance(response, Missing):
            rows.append(row(name, "", "", "", response.value, ""))
            continue
        rows += [
            row(
                name,
                f"{visit.baseline.value:g} {visit.baseline.unit}",
                f"{visit.now.value:g} {visit.now.unit}",
                visit.now.on.isoformat(),
                _percent(visit.change_fraction),
                visit.category.value,
            )
            for visit in one.visits
        ]
    return Table(
        "Tumour markers",
        tuple(
            Column(name, numeric=False)
            for name in ("Marker", "Before", "After", "Day", "Change in %", "Category")
        ),
        tuple(rows),
        ("A category needs the definition of a protocol; no published cut-off was verified.",),
    )


def _forms(follow_up: FollowUp) -> Table:
    """Return scores with a column for each day; a change stands beside the score."""
    forms = follow_up.quality_of_life
    names = dict.fromkeys(one.questionnaire for one in forms)
    days = sorted({one.on for one in forms})
    rows = []
    for name in names:
        by_day = {one.on: one for one in forms if one.questionnaire == name}
        for scale in dict.fromkeys(scale for one in by_day.values() for scale in one.scores):
            cells = []
            for day in days:
                form = by_day.get(day)
                cells.append("" if form is None else _form_cell(form, scale))
            title = next(one.titles[scale] for one in by_day.values() if scale in one.titles)
            rows.append(row(name.replace("_", "-").upper(), title, *cells))
    return Table(
        "Quality of life, 0 to 100, and the change since before treatment",
        (
            Column("Questionnaire", numeric=False),
            Column("Scale", numeric=False, share=1.6),
            *(Column(day.isoformat(), numeric=False, share=1.4) for day in days),
        ),
        tuple(rows),
        ("High is good in functions and global health, bad in symptoms.",),
    )


def _form_cell(form: FormFollowUp, scale: str) -> str:
    score, change = form.scores.get(scale, Missing.NOT_DONE), form.changes.get(scale)
    text = score.value if isinstance(score, Missing) else f"{score:.1f}"
    return text if change is None or isinstance(change, Missing) else f"{text}, {change.value}"

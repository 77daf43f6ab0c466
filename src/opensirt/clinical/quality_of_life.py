"""Scores of EORTC questionnaires from the answers; no item text is held here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any

from opensirt.clinical.comparison import at_least
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Number = float | Missing
_FULL = 100.0
_HALF = 0.5


class ScaleKind(Enum):
    """Which way a scale points: functional and global high is good, symptom high is bad."""

    FUNCTIONAL = "functional"
    SYMPTOM = "symptom"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Items of one scale; no items where no verified list exists."""

    name: str
    title: str
    kind: ScaleKind
    items: tuple[int, ...]
    answer_range: int
    """Highest minus lowest answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """Scales of one questionnaire, and those that its summary score averages."""

    name: str
    title: str
    scales: Mapping[str, Scale]
    summary: tuple[str, ...]
    citation: Citation

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", MappingProxyType(dict(self.scales)))
        ranges: dict[int, int] = {}
        for scale in self.scales.values():
            for item in scale.items:
                if ranges.setdefault(item, scale.answer_range) != scale.answer_range:
                    raise InputError(f"{self.title}: item {item} has two ranges of answers")
        unknown = set(self.summary) - set(self.scales)
        if unknown:
            raise InputError(f"{self.title}: the summary names no scale {sorted(unknown)}")

    @property
    def answer_ranges(self) -> Mapping[int, int]:
        """Item → highest minus lowest answer."""
        return {item: scale.answer_range for scale in self.scales.values() for item in scale.items}


def questionnaire_of(name: str, entry: Mapping[str, Any]) -> Questionnaire:
    """Return the questionnaire that a table writes; a site brings the licensed ones.

    Raises
    ------
    InputError
        When an item has two ranges, or the summary names a scale that is not there.
    """
    scales = {}
    for key, one in entry["scales"].items():
        items = tuple(int(item) for item in one.get("items", ()))
        if not items and not one.get("no_verified_value", False):
            raise InputError(f"questionnaire {name}: scale {key} has no items")
        scales[key] = Scale(
            name=key,
            title=one["title"],
            kind=ScaleKind(one["kind"]),
            items=items,
            answer_range=int(one["range"]),
        )
    return Questionnaire(
        name=name,
        title=entry["title"],
        scales=scales,
        summary=tuple(entry.get("summary", ())),
        citation=citation_of(entry, where=f"questionnaire {name}"),
    )


@cache
def questionnaire(name: str) -> Questionnaire:
    """Return a questionnaire of ``quality_of_life.toml``.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    table = read_table("quality_of_life")
    known = tuple(key for key, entry in table.items() if "scales" in entry)
    if name not in known:
        raise UnknownNameError("questionnaire", name, known)
    return questionnaire_of(name, table[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityOfLifeScores:
    """Scores 0 to 100 by scale, and the summary score; each may be missing."""

    questionnaire: Questionnaire
    scores: Mapping[str, Number]
    summary: Number

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))


def score_answers(form: Questionnaire, answers: Mapping[int, int | Missing]) -> QualityOfLifeScores:
    """Score one filled-in form.

    The mean of the answered items is used when at least half of a scale's items were answered.
    Functional scales are reversed, so that a healthy patient has 100; the summary score needs
    all of its scales. An item that is not in `answers` was not answered.

    Raises
    ------
    InputError
        When an answer is none that the item has, or the questionnaire has no such item.
    """
    ranges = form.answer_ranges
    for item, answer in answers.items():
        if item not in ranges:
            if any(not scale.items for scale in form.scales.values()):
                continue
            raise InputError(f"{form.title} has no item {item}")
        if not isinstance(answer, Missing) and not 1 <= answer <= ranges[item] + 1:
            raise InputError(
                f"{form.title}, item {item}: answer {answer}; wanted 1 to {ranges[item] + 1}"
            )
    scores = {name: _score(scale, answers) for name, scale in form.scales.items()}
    return QualityOfLifeScores(questionnaire=form, scores=scores, summary=_summary(form, scores))


def _score(scale: Scale, answers: Mapping[int, int | Missing]) -> Number:
    if not scale.items:
        return Missing.NO_VERIFIED_VALUE
    given = [answers.get(item, Missing.NOT_RECORDED) for item in scale.items]
    known = [one for one in given if not isinstance(one, Missing)]
    if len(known) < _HALF * len(scale.items):
        return Missing.NOT_RECORDED
    part = (sum(known) / len(known) - 1) / scale.answer_range
    return _FULL * (1 - part) if scale.kind is ScaleKind.FUNCTIONAL else _FULL * part


def _summary(form: Questionnaire, scores: Mapping[str, Number]) -> Number:
    if not form.summary:
        return Missing.NO_VERIFIED_VALUE
    parts = []
    for name in form.summary:
        score = scores[name]
        if isinstance(score, Missing):
            return score
        symptom = form.scales[name].kind is ScaleKind.SYMPTOM
        parts.append(_FULL - score if symptom else score)
    return sum(parts) / len(parts)


class Change(Enum):
    """What became of a score, in the patient's sense."""

    IMPROVED = "improved"
    UNCHANGED = "no important difference"
    DETERIORATED = "deteriorated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportantDifference:
    """Points that matter in each direction, for any scale that is not named."""

    improvement: Number
    deterioration: Number
    text: str
    citation: Citation


@cache
def important_difference(name: str) -> ImportantDifference:
    """Return a table of important differences.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    table = read_table("quality_of_life")["important_difference"]
    if name not in table:
        raise UnknownNameError("important difference", name, table)
    entry = table[name]
    return ImportantDifference(
        improvement=entry.get("improvement", Missing.NO_VERIFIED_VALUE),
        deterioration=entry.get("deterioration", Missing.NO_VERIFIED_VALUE),
        text=entry["text"],
        citation=citation_of(entry, where=f"quality_of_life.toml important_difference.{name}"),
    )


def change_of(
    scale: Scale, *, before: Number, after: Number, difference: ImportantDifference
) -> Change | Missing:
    """Return whether a score improved or deteriorated by a difference that matters.

    Improvement is a rise of functional and global scales, and a fall of symptom scales.
    """
    for one in (before, after, difference.improvement, difference.deterioration):
        if isinstance(one, Missing):
            return one
    gain = _known(after) - _known(before)
    if scale.kind is ScaleKind.SYMPTOM:
        gain = -gain
    if at_least(gain, _known(difference.improvement)):
        return Change.IMPROVED
    if at_least(-gain, _known(difference.deterioration)):
        return Change.DETERIORATED
    return Change.UNCHANGED


def _known(number: Number) -> float:
    if isinstance(number, Missing):
        raise TypeError("asked for a number that is missing")
    return number

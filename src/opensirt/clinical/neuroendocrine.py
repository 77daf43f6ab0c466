"""WHO grade of neuroendocrine neoplasms from differentiation, mitoses and Ki-67."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensirt.clinical.comparison import above, at_least, at_most
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuroendocrineGrade:
    """``G1``, ``G2``, ``G3`` or ``NEC`` in one edition, or why there is none."""

    grade: str | Missing
    edition: str
    citation: Citation


def neuroendocrine_grade(
    *,
    well_differentiated: bool | Missing,
    mitoses_per_2_mm2: Number,
    ki67_fraction: Number,
    edition: str = "who_2019",
) -> NeuroendocrineGrade:
    """Return the grade of a gastroenteropancreatic neoplasm: the higher of the two criteria.

    One criterion alone gives a grade only when the other could not raise it. A poorly
    differentiated one is NEC, whatever its numbers. Between 2 and 3 % of Ki-67 the edition of
    2010 prints nothing.

    Raises
    ------
    InputError
        When a number is impossible.
    UnknownNameError
        When there is no such edition.
    """
    editions = read_table("neuroendocrine")["grade"]
    if edition not in editions:
        raise UnknownNameError("edition of the WHO grade", edition, editions)
    limits = editions[edition]
    if not isinstance(mitoses_per_2_mm2, Missing) and mitoses_per_2_mm2 < 0:
        raise InputError(f"{mitoses_per_2_mm2:g} mitoses per 2 mm²; wanted 0 or more")
    if not isinstance(ki67_fraction, Missing) and not 0 <= ki67_fraction <= 1:
        raise InputError(f"Ki-67 of {ki67_fraction:g}; wanted a fraction from 0 to 1")
    return NeuroendocrineGrade(
        grade=_grade(well_differentiated, mitoses_per_2_mm2, ki67_fraction, limits),
        edition=edition,
        citation=citation_of(limits, where=f"neuroendocrine.toml grade.{edition}"),
    )


def _grade(
    well_differentiated: bool | Missing,  # noqa: FBT001 - private
    mitoses: Number,
    ki67: Number,
    limits: Mapping[str, Any],
) -> str | Missing:
    if well_differentiated is False:
        return "NEC"
    if isinstance(well_differentiated, Missing):
        return well_differentiated
    levels = (_by_mitoses(mitoses, limits), _by_ki67(ki67, limits))
    if "G3" in levels:
        return "G3"
    for level in levels:
        if isinstance(level, Missing):
            return level
    return "G2" if "G2" in levels else "G1"


def _by_mitoses(mitoses: Number, limits: Mapping[str, Any]) -> str | Missing:
    if isinstance(mitoses, Missing):
        return mitoses
    if above(mitoses, limits["mitoses_g3_above"]):
        return "G3"
    return "G2" if at_least(mitoses, limits["mitoses_g2_from"]) else "G1"


def _by_ki67(ki67: Number, limits: Mapping[str, Any]) -> str | Missing:
    if isinstance(ki67, Missing):
        return ki67
    if above(ki67, limits["ki67_g3_above_fraction"]):
        return "G3"
    if at_least(ki67, limits["ki67_g2_from_fraction"]):
        return "G2"
    g1_up_to = limits.get("ki67_g1_up_to_fraction")
    return "G1" if g1_up_to is None or at_most(ki67, g1_up_to) else Missing.NOT_EVALUABLE

"""Columns of a patient at the time of treatment."""

from collections.abc import Callable
from datetime import date
from typing import Any

from opensirt.clinical.liver_function.albi import albi
from opensirt.cohort.course import Course, day_of, number_of, stated
from opensirt.domain.analysis_table import Variable, VariableKind
from opensirt.domain.laboratory import Analyte, factor_to_inside
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import TreatmentKind, TumourType

Measure = tuple[Variable, Callable[[Course], object]]
"""One column: its line in the dictionary, and how its value is had."""

_LAB_RULE = "last value on or before the day of treatment"


def _block(
    name: str,
    block: str,
    meaning: str,
    kind: VariableKind,
    *,
    key: str = "",
    unit: str = "",
    levels: tuple[str, ...] = (),
) -> Measure:
    where = key or name
    variable = Variable(
        name=name,
        meaning=meaning,
        kind=kind,
        unit=unit,
        levels=levels,
        source=f"case.toml [{block}] {where}",
    )
    numeric = kind in (VariableKind.NUMBER, VariableKind.COUNT)
    take = number_of if numeric else stated

    def value(course: Course) -> object:
        return take(course.block(block), where)

    return variable, value


def _age(course: Course) -> float | Missing:
    born = course.block("follow_up").get("birth_year")
    treated = course.index_date()
    if isinstance(treated, Missing) or not isinstance(born, int):
        return Missing.NOT_RECORDED
    return float(treated.year - born)


def _prior(kind: TreatmentKind) -> Callable[[Course], object]:
    def value(course: Course) -> object:
        given = [
            one
            for one in course.listed("prior_treatments")
            if one.get("kind") == kind.value and not one.get("planned")
        ]
        if given:
            return True
        # Only a list that is said to be complete means that a treatment was never given.
        complete = course.block("disease").get("prior_treatments_complete")
        return False if complete is True else Missing.NOT_RECORDED

    return value


def _ecog(course: Course) -> str | Missing:
    treated = course.index_date()
    dated: list[tuple[date, int]] = [
        (day_of(one["on"]), one["ecog"]) for one in course.block("follow_up").get("performance", [])
    ]
    disease = course.block("disease")
    if "ecog_performance_status" in disease:
        if "ecog_on" not in disease:
            return str(disease["ecog_performance_status"])
        dated.append((day_of(disease["ecog_on"]), disease["ecog_performance_status"]))
    if isinstance(treated, Missing):
        return Missing.NOT_RECORDED
    before = [one for one in dated if one[0] <= treated]
    return str(max(before)[1]) if before else Missing.NOT_RECORDED


def _lab(analyte: Analyte) -> Callable[[Course], float | Missing]:
    def value(course: Course) -> float | Missing:
        treated = course.index_date()
        if isinstance(treated, Missing):
            return Missing.NOT_RECORDED
        found: tuple[date, Any] | None = None
        for one in course.listed("labs"):
            if one["analyte"] != analyte.value:
                continue
            on = day_of(one["on"])
            if on <= treated and (found is None or on >= found[0]):
                found = (on, one)
        if found is None:
            return Missing.NOT_RECORDED
        return float(found[1]["value"]) * factor_to_inside(analyte, found[1]["unit"])

    return value


_bilirubin, _albumin = _lab(Analyte.BILIRUBIN), _lab(Analyte.ALBUMIN)


def _albi_score(course: Course) -> float | Missing:
    score = albi(bilirubin_umol_per_l=_bilirubin(course), albumin_g_per_l=_albumin(course))
    return score.value


def _albi_grade(course: Course) -> str | Missing:
    score = albi(bilirubin_umol_per_l=_bilirubin(course), albumin_g_per_l=_albumin(course))
    if score.grade is None:
        return Missing.NOT_EVALUABLE
    return score.grade


def _tumour_burden(course: Course) -> float | Missing:
    said = number_of(course.block("disease"), "tumour_burden_fraction")
    record = course.latest("select")
    if not isinstance(said, Missing) or record is None:
        return said
    return number_of(record["selection"].get("facts", {}), "tumour_burden_fraction")


def _lung_shunt(course: Course) -> float | Missing:
    record = course.latest("work-up")
    found = (
        Missing.NOT_RECORDED
        if record is None
        else number_of(record["workup"]["lung_shunt_fraction"], "value")
    )
    if not isinstance(found, Missing):
        return found
    return number_of(course.block("work_up"), "lung_shunt_fraction")


def _variable(name: str, meaning: str, kind: VariableKind, source: str, **more: Any) -> Variable:  # noqa: ANN401
    return Variable(name=name, meaning=meaning, kind=kind, source=source, **more)


_NUMBER, _CATEGORY, _FLAG = VariableKind.NUMBER, VariableKind.CATEGORY, VariableKind.FLAG
_ALBI_SOURCE = f"ALBI (Johnson 2015) of bilirubin and albumin, each the {_LAB_RULE}"

BASELINE: tuple[Measure, ...] = (
    _block("sex", "patient", "Sex", _CATEGORY, levels=("female", "male", "other")),
    (
        _variable(
            "age_years",
            "Age in the year of treatment",
            _NUMBER,
            "year of treatment minus [follow_up] birth_year",
            unit="a",
        ),
        _age,
    ),
    _block(
        "tumour_type",
        "disease",
        "What the liver tumours are",
        _CATEGORY,
        levels=tuple(one.value for one in TumourType),
    ),
    _block("primary_site", "disease", "Organ of the primary tumour", VariableKind.TEXT),
    _block(
        "net_grade",
        "disease",
        "WHO grade of a neuroendocrine neoplasm",
        VariableKind.ORDINAL,
        key="grade",
        levels=("G1", "G2", "G3", "NEC", "MiNEN"),
    ),
    _block("ki67_fraction", "disease", "Ki-67 index as a part of 1", _NUMBER, unit="1"),
    (
        _variable(
            "tumour_burden_fraction",
            "Tumour volume over liver volume",
            _NUMBER,
            "case.toml [disease] tumour_burden_fraction, else that of the last selection",
            unit="1",
        ),
        _tumour_burden,
    ),
    _block(
        "extrahepatic_disease",
        "disease",
        "Disease outside the liver",
        VariableKind.ORDINAL,
        levels=("none", "limited", "disseminated"),
    ),
    _block(
        "liver_distribution",
        "disease",
        "Where in the liver the tumours are",
        VariableKind.ORDINAL,
        levels=("segmental", "unilobar", "bilobar"),
    ),
    (
        _variable(
            "prior_prrt",
            "Earlier PRRT",
            _FLAG,
            "case.toml [[prior_treatments]]; no only where the list is said to be complete",
        ),
        _prior(TreatmentKind.PRRT),
    ),
    (
        _variable(
            "ecog",
            "ECOG performance status",
            VariableKind.ORDINAL,
            "last status on or before the day of treatment",
            levels=("0", "1", "2", "3", "4", "5"),
        ),
        _ecog,
    ),
    (
        _variable("bilirubin_umol_per_l", "Bilirubin", _NUMBER, _LAB_RULE, unit="umol/L"),
        _bilirubin,
    ),
    (_variable("albumin_g_per_l", "Albumin", _NUMBER, _LAB_RULE, unit="g/L"), _albumin),
    (_variable("albi_score", "ALBI score", _NUMBER, _ALBI_SOURCE, unit="1"), _albi_score),
    (
        _variable(
            "albi_grade", "ALBI grade", VariableKind.ORDINAL, _ALBI_SOURCE, levels=("1", "2", "3")
        ),
        _albi_grade,
    ),
    _block(
        "device",
        "administration",
        "Microspheres that were given",
        _CATEGORY,
        levels=("resin", "glass", "holmium", "unknown"),
    ),
    (
        _variable(
            "lung_shunt_fraction",
            "Lung shunt as a part of 1",
            _NUMBER,
            "last work-up record, else case.toml [work_up] lung_shunt_fraction",
            unit="1",
        ),
        _lung_shunt,
    ),
)

"""Child-Pugh in its named variants."""

from collections.abc import Mapping
from enum import Enum
from itertools import product
from typing import Any

from opensirt.clinical.comparison import above, below
from opensirt.clinical.liver_function.table import absent, require_positive, variant_of
from opensirt.domain.citation import citation_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte, factor_to_inside
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score
from opensirt.reference.table import read_table

CHILD_PUGH_VARIANTS = tuple(read_table("liver_function")["child_pugh"])
"""Names of the variants; ``conventional`` is the one that most tables print."""

_POINTS = (1, 2, 3)
_ROUNDING = 0.005
"""Relative distance from a limit within which rounding, or another conversion factor, counts."""


class Ascites(Enum):
    """Ascites as Child-Pugh words it; entered by a clinician, no CTCAE grade stands for it."""

    NONE = "none"
    MILD = "mild or controlled by diuretics"
    MODERATE = "at least moderate despite diuretics"

    @property
    def points(self) -> int:
        """Child-Pugh points."""
        return _POINTS[tuple(Ascites).index(self)]


class Encephalopathy(Enum):
    """Hepatic encephalopathy as Child-Pugh words it."""

    NONE = "none"
    GRADE_1_2 = "grade 1 or 2"
    GRADE_3_4 = "grade 3 or 4"

    @property
    def points(self) -> int:
        """Child-Pugh points."""
        return _POINTS[tuple(Encephalopathy).index(self)]


def child_pugh(
    *,
    bilirubin_umol_per_l: Number,
    albumin_g_per_l: Number,
    ascites: Ascites | Missing,
    encephalopathy: Encephalopathy | Missing,
    inr: Number = Missing.NOT_RECORDED,
    prothrombin_time_prolongation_s: Number = Missing.NOT_RECORDED,
    variant: str = "conventional",
) -> Score:
    """Return the Child-Pugh score 5 to 15 and its class A, B or C, or what it lacks.

    A value on a limit (2.0, 3.0 mg/dL; 2.8, 3.5 g/dL; 1.7, 2.3) has 2 points. With inputs
    missing, `bounds` still say how low and how high the score can be, and the class is given
    when every score between them has the same one. The clotting input is the INR, and the
    prolongation in seconds in the variant ``prothrombin_time``.

    Raises
    ------
    InputError
        When a laboratory value is not positive.
    UnknownNameError
        When there is no such variant.
    """
    limits, citation = variant_of("child_pugh", variant)
    by_time = "prothrombin_time_prolongation" in limits
    require_positive(
        bilirubin_umol_per_l=bilirubin_umol_per_l, albumin_g_per_l=albumin_g_per_l, inr=inr
    )
    laboratory = {
        Analyte.BILIRUBIN: bilirubin_umol_per_l,
        Analyte.ALBUMIN: albumin_g_per_l,
        (Analyte.PROTHROMBIN_TIME_PROLONGATION if by_time else Analyte.INR): (
            prothrombin_time_prolongation_s if by_time else inr
        ),
    }
    points: dict[str, tuple[int, ...]] = {}
    findings: list[Finding] = []
    for analyte, value in laboratory.items():
        if isinstance(value, Missing):
            points[analyte.value] = _POINTS
            continue
        points[analyte.value] = (_laboratory_points(analyte, value, limits),)
        findings += _near_a_limit(analyte, value, limits, citation.source)
    points["ascites"] = _POINTS if isinstance(ascites, Missing) else (ascites.points,)
    points["encephalopathy"] = (
        _POINTS if isinstance(encephalopathy, Missing) else (encephalopathy.points,)
    )
    lacking = absent(
        **{one.value: value for one, value in laboratory.items()},
        ascites=ascites,
        encephalopathy=encephalopathy,
    )
    totals = {sum(one) for one in product(*points.values())}
    classes = {_class_of(total) for total in totals}
    reason = next(iter(lacking.values()), None)
    return Score(
        name="Child-Pugh",
        variant=variant,
        value=float(min(totals)) if reason is None else reason,
        grade=classes.pop() if len(classes) == 1 else reason,
        bounds=(float(min(totals)), float(max(totals))),
        missing=lacking,
        parts={name: float(one[0]) for name, one in points.items() if len(one) == 1},
        citation=citation,
        findings=tuple(findings),
    )


def _laboratory_points(analyte: Analyte, value: float, limits: Mapping[str, Any]) -> int:
    """Points of one laboratory item; the middle range includes both of its ends."""
    low, high = _limits_inside(analyte, limits)
    more_is_worse = analyte is not Analyte.ALBUMIN
    if below(value, low):
        return 1 if more_is_worse else 3
    if above(value, high):
        return 3 if more_is_worse else 1
    return 2


def _limits_inside(analyte: Analyte, limits: Mapping[str, Any]) -> tuple[float, float]:
    entry = limits[analyte.value]
    factor = factor_to_inside(analyte, entry["unit"])
    return entry["low"] * factor, entry["high"] * factor


def _near_a_limit(
    analyte: Analyte, value: float, limits: Mapping[str, Any], source: str
) -> tuple[Finding, ...]:
    for limit in _limits_inside(analyte, limits):
        if abs(value - limit) <= _ROUNDING * limit:
            text = (
                f"{analyte.value} lies within {_ROUNDING:.1%} of a Child-Pugh limit: rounding or "
                "another conversion factor could change its points"
            )
            return (Finding(Severity.NOTE, "child_pugh_near_limit", text, value, limit, source),)
    return ()


def _class_of(total: int) -> str:
    table = read_table("liver_function")["child_pugh_class"]
    citation_of(table, where="liver_function.toml child_pugh_class")
    for name in ("A", "B", "C"):
        if table[name][0] <= total <= table[name][1]:
            return name
    raise AssertionError(f"five items of 1 to 3 points cannot add up to {total}")

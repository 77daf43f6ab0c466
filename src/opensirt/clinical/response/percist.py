"""PERCIST 1.0 for FDG. No rule is known for SSTR tracers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from opensirt.clinical.comparison import above, at_least, below
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Number = float | Missing

_REFERENCES = ("nadir", "baseline")


class MetabolicResponse(Enum):
    """Metabolic response in the letters of PERCIST."""

    COMPLETE = "CMR"
    PARTIAL = "PMR"
    STABLE = "SMD"
    PROGRESSIVE = "PMD"
    NOT_EVALUABLE = "NE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PercistLimits:
    """What sources print differently; a site may choose others in ``[percist]`` of site.toml."""

    title: str
    change_fraction: float
    change_included: bool
    change_absolute_sul: float
    progression_reference: str
    extent_increase_fraction: float
    lean_body_mass: str
    """Variant of `lean_body_mass_kg` that turns SUV into SUL."""
    citation: Citation

    def __post_init__(self) -> None:
        variants = read_table("response_criteria")["lean_body_mass"]
        if self.progression_reference not in _REFERENCES:
            raise UnknownNameError(
                "reference of progression by PERCIST", self.progression_reference, _REFERENCES
            )
        if self.lean_body_mass not in variants:
            raise UnknownNameError("variant of lean body mass", self.lean_body_mass, variants)

    @property
    def text(self) -> str:
        """The limits in words."""
        sign = "≥" if self.change_included else ">"
        return (
            f"{sign} {self.change_fraction:.0%} and ≥ {self.change_absolute_sul:g} SUL, "
            f"progression against {self.progression_reference}"
        )


@cache
def percist_limits() -> PercistLimits:
    """Return the limits of ``response_criteria.toml``: 30 % included, 0.8 SUL, nadir."""
    return percist_limits_of(read_table("response_criteria")["percist"])


def percist_limits_of(entry: Mapping[str, Any]) -> PercistLimits:
    """Return the limits that a table writes; a site may bring its own.

    Raises
    ------
    UnknownNameError
        When there is no such reference of progression or variant of lean body mass.
    """
    return PercistLimits(
        title=entry["title"],
        change_fraction=entry["change_fraction"],
        change_included=entry["change_included"],
        change_absolute_sul=entry["change_absolute_sul"],
        progression_reference=entry["progression_reference"],
        extent_increase_fraction=entry["extent_increase_fraction"],
        lean_body_mass=entry["lean_body_mass"],
        citation=citation_of(entry, where="response_criteria.toml percist"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PercistInput:
    """The hottest lesion of each scan (it may be another one), and what a reader sees.

    SUL peak is the mean in a sphere of 1 mL. `smallest_sul` is the lowest peak so far, baseline
    included. `indistinguishable` says that no lesion stands out from background or blood pool.
    """

    baseline_sul: float
    smallest_sul: float
    now_sul: Number
    liver_mean_sul: Number
    """Of the follow-up scan; of the blood pool where the liver is diseased."""
    indistinguishable: bool | Missing
    new_lesion: bool | Missing
    other_lesion_increased: bool | Missing
    """Whether any other lesion rose by the limit of progression."""
    extent_change_fraction: Number
    """Change of the visible extent (total lesion glycolysis) from baseline."""

    def __post_init__(self) -> None:
        if not 0 < self.smallest_sul <= self.baseline_sul:
            raise InputError(
                f"smallest SUL {self.smallest_sul:g} is not in 0 to baseline {self.baseline_sul:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PercistResponse:
    """The category with the change of SUL peak, and the limits that made it."""

    category: MetabolicResponse
    change_fraction: Number
    limits: PercistLimits
    missing: tuple[str, ...] = ()
    """What makes it not evaluable, empty otherwise."""


def percist_response(
    given: PercistInput, *, limits: PercistLimits | None = None
) -> PercistResponse:
    """Classify one follow-up scan by PERCIST 1.0.

    Progression is tested first: a new lesion, a rise of SUL peak by 30 % and 0.8, or a larger
    extent by 75 %. Not evaluable when what is missing could change the category.
    """
    rule = limits or percist_limits()
    larger = _larger(given, rule)
    seen = (given.new_lesion, given.other_lesion_increased, larger)
    if True in seen or _grown(given, rule):
        category = MetabolicResponse.PROGRESSIVE
    elif isinstance(given.now_sul, Missing) or any(isinstance(one, Missing) for one in seen):
        category = MetabolicResponse.NOT_EVALUABLE
    else:
        category = _not_progressive(given, given.now_sul, rule)
    change = (
        given.now_sul
        if isinstance(given.now_sul, Missing)
        else (given.now_sul - given.baseline_sul) / given.baseline_sul
    )
    return PercistResponse(
        category=category,
        change_fraction=change,
        limits=rule,
        missing=_lacking(given) if category is MetabolicResponse.NOT_EVALUABLE else (),
    )


def _lacking(given: PercistInput) -> tuple[str, ...]:
    """Return what is not known of a scan that is not evaluable, in words."""
    return tuple(
        words
        for words, value in (
            ("SUL peak", given.now_sul),
            ("new lesion", given.new_lesion),
            ("rise of another lesion", given.other_lesion_increased),
            ("total lesion glycolysis", given.extent_change_fraction),
            ("mean SUL of liver or blood pool", given.liver_mean_sul),
            ("indistinguishable from background", given.indistinguishable),
        )
        if isinstance(value, Missing)
    )


def _grown(given: PercistInput, rule: PercistLimits) -> bool:
    if isinstance(given.now_sul, Missing):
        return False
    nadir = rule.progression_reference == "nadir"
    reference = given.smallest_sul if nadir else given.baseline_sul
    rise = given.now_sul - reference
    return _reaches(rise / reference, rule) and at_least(rise, rule.change_absolute_sul)


def _larger(given: PercistInput, rule: PercistLimits) -> bool | Missing:
    change = given.extent_change_fraction
    if isinstance(change, Missing):
        return change
    return at_least(change, rule.extent_increase_fraction)


def _reaches(fraction: float, rule: PercistLimits) -> bool:
    return (at_least if rule.change_included else above)(fraction, rule.change_fraction)


def _not_progressive(given: PercistInput, now: float, rule: PercistLimits) -> MetabolicResponse:
    complete = _complete(given, now)
    fall = given.baseline_sul - now
    partial = _reaches(fall / given.baseline_sul, rule) and at_least(fall, rule.change_absolute_sul)
    otherwise = MetabolicResponse.PARTIAL if partial else MetabolicResponse.STABLE
    if isinstance(complete, Missing):
        return MetabolicResponse.NOT_EVALUABLE
    return MetabolicResponse.COMPLETE if complete else otherwise


def _complete(given: PercistInput, now: float) -> bool | Missing:
    """Below mean liver, and indistinguishable from background: both, each may settle a no."""
    if given.indistinguishable is False:
        return False
    if not isinstance(given.liver_mean_sul, Missing) and not below(now, given.liver_mean_sul):
        return False
    if isinstance(given.liver_mean_sul, Missing):
        return given.liver_mean_sul
    return given.indistinguishable


def baseline_is_measurable(
    *,
    sul_peak: float,
    liver_mean_sul: Number,
    liver_deviation_sul: Number,
    blood_pool_mean_sul: Number,
    blood_pool_deviation_sul: Number,
) -> bool | Missing:
    """Whether the hottest lesion of the baseline scan is hot enough to be followed.

    By the liver (1.5 × mean + 2 standard deviations); by the blood pool (2.0 × mean + 2) where
    the liver is diseased, which is usual in liver metastases: give the liver as missing then.
    """
    entry = read_table("response_criteria")["percist"]
    for name, mean, deviation in (
        ("liver", liver_mean_sul, liver_deviation_sul),
        ("blood_pool", blood_pool_mean_sul, blood_pool_deviation_sul),
    ):
        if isinstance(mean, Missing) or isinstance(deviation, Missing):
            continue
        least = entry[f"{name}_factor"] * mean + entry[f"{name}_standard_deviations"] * deviation
        return at_least(sul_peak, least)
    return Missing.NOT_DONE

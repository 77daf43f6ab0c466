"""Laboratory values as printed, with their unit, limits of normal and date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from math import isfinite
from types import MappingProxyType

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.finding import Confirmation, Finding, refuse_unless_confirmed
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Number = float | Missing
"""A number, or the reason why there is none."""


class Analyte(Enum):
    """What a laboratory measured; the value is the key of ``laboratory.toml``."""

    BILIRUBIN = "bilirubin"
    ALBUMIN = "albumin"
    INR = "inr"
    PROTHROMBIN_TIME_PROLONGATION = "prothrombin_time_prolongation"
    CREATININE = "creatinine"
    GFR = "gfr"
    SODIUM = "sodium"
    AST = "ast"
    ALT = "alt"
    ALP = "alp"
    GGT = "ggt"
    LDH = "ldh"
    PLATELETS = "platelets"
    LEUKOCYTES = "leukocytes"
    NEUTROPHILS = "neutrophils"
    LYMPHOCYTES = "lymphocytes"
    HAEMOGLOBIN = "haemoglobin"
    CHROMOGRANIN_A = "chromogranin_a"
    FIVE_HIAA = "five_hiaa"
    NSE = "nse"
    AFP = "afp"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspicion:
    """Declared in `unit` and outside `lowest` to `highest`: probably meant in `likely`."""

    unit: str
    lowest: float
    highest: float
    likely: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyteFacts:
    """Units of one analyte and the guards against a wrong one."""

    name: str
    inside_unit: str
    convertible: bool
    factors: Mapping[str, float]
    """Unit, spelled as `spelled` gives it → factor to the inside unit."""
    plausible: tuple[float, float]
    suspicions: tuple[_Suspicion, ...]
    upper_limit: tuple[float, float] | None
    lower_limit: tuple[float, float] | None


@cache
def analyte_facts(analyte: Analyte) -> AnalyteFacts:
    """Return units and guards of one analyte from ``laboratory.toml``."""
    entry = read_table("laboratory")["analytes"][analyte.value]

    def pair(key: str) -> tuple[float, float] | None:
        return (float(entry[key][0]), float(entry[key][1])) if key in entry else None

    plausible = pair("plausible")
    if plausible is None:
        raise InputError(f"laboratory.toml: {analyte.value} has no plausible range")
    return AnalyteFacts(
        name=entry["name"],
        inside_unit=entry["inside_unit"],
        convertible=entry.get("convertible", True),
        factors=MappingProxyType({unit: float(one) for unit, one in entry["units"].items()}),
        plausible=plausible,
        suspicions=tuple(
            _Suspicion(
                unit=one["unit"],
                lowest=float(one.get("below", float("-inf"))),
                highest=float(one.get("above", float("inf"))),
                likely=one["likely"],
            )
            for one in entry["suspicious"]
        ),
        upper_limit=pair("upper_limit"),
        lower_limit=pair("lower_limit"),
    )


@cache
def laboratory_citation(part: str) -> Citation:
    """Return where the ``units``, ``guards`` or ``ranges`` of the table come from."""
    return citation_of(read_table("laboratory")["sources"][part], where=f"laboratory.toml {part}")


def spelled(unit: str) -> str:
    """Return the one spelling of a unit that the table knows.

    >>> spelled("µmol / L"), spelled("10E9/l"), spelled("IU/L")
    ('umol/l', '10^9/l', 'u/l')
    """
    plain = "".join(unit.lower().split()).replace("µ", "u").replace("μ", "u")
    plain = plain.replace("³", "3").replace("⁹", "^9").replace("×", "x").removeprefix("x")
    aliases = read_table("laboratory")["spelling"]
    return str(aliases.get(plain, plain))


def factor_to_inside(analyte: Analyte, unit: str) -> float:
    """Return what a value in `unit` is multiplied by to have it in the inside unit.

    Raises
    ------
    UnknownNameError
        When no laboratory prints this analyte in this unit.
    """
    facts = analyte_facts(analyte)
    key = spelled(unit)
    if key not in facts.factors:
        raise UnknownNameError(f"unit of {facts.name}", unit, facts.factors)
    return facts.factors[key]


def wrong_unit_suspected(analyte: Analyte, inside: float) -> str:
    """Return the unit that a number given in the inside unit was probably meant in, or nothing.

    >>> wrong_unit_suspected(Analyte.BILIRUBIN, 1.2), wrong_unit_suspected(Analyte.BILIRUBIN, 12.0)
    ('mg/dL', '')
    """
    facts = analyte_facts(analyte)
    for one in facts.suspicions:
        if one.unit == spelled(facts.inside_unit) and not one.lowest <= inside <= one.highest:
            return one.likely
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabValue:
    """One laboratory value, as printed; valid from birth.

    `value`, `lower_limit` and `upper_limit` are all in `unit`; `inside` and its siblings give
    them in the one unit that every rule uses. `confirmations` are those of the case: they lift
    the refusal of a value that looks as if its unit were wrong.

    Raises
    ------
    InputError
        When a number is not finite or negative, or the limits of normal are the wrong way round.
    UnknownNameError
        When the unit is none of this analyte.
    ConfirmationError
        When the value, or a limit of normal, is implausible in the unit given.
    """

    analyte: Analyte
    value: float
    unit: str
    on: date
    lower_limit: Number = Missing.NOT_RECORDED
    upper_limit: Number = Missing.NOT_RECORDED
    assay: str = ""
    confirmations: tuple[Confirmation, ...] = ()

    def __post_init__(self) -> None:
        facts = analyte_facts(self.analyte)
        factor_to_inside(self.analyte, self.unit)
        for what, number in (
            ("value", self.value),
            ("lower limit of normal", self.lower_limit),
            ("upper limit of normal", self.upper_limit),
        ):
            if isinstance(number, Missing):
                continue
            if not isfinite(number) or number < 0:
                raise InputError(
                    f"{facts.name} of {self.on}: {what} is {number}; a number of at least 0 is "
                    "needed, and a value that was not measured is left out"
                )
        low, high = self.lower_limit, self.upper_limit
        if not isinstance(low, Missing) and not isinstance(high, Missing) and low >= high:
            raise InputError(
                f"{facts.name} of {self.on}: lower limit of normal {low:g} is not below the upper "
                f"limit {high:g} {self.unit}"
            )
        self.findings()

    @property
    def rule(self) -> str:
        """Name of the finding that a confirmation of this value has to carry."""
        return f"laboratory_unit_{self.analyte.value}_{self.on.isoformat().replace('-', '_')}"

    @property
    def inside(self) -> float:
        """The value in the inside unit."""
        return self.value * factor_to_inside(self.analyte, self.unit)

    @property
    def inside_unit(self) -> str:
        """The inside unit; the printed one where the analyte is never converted."""
        facts = analyte_facts(self.analyte)
        return facts.inside_unit if facts.convertible else self.unit

    @property
    def lower_limit_inside(self) -> Number:
        """Lower limit of normal in the inside unit."""
        return self._converted(self.lower_limit)

    @property
    def upper_limit_inside(self) -> Number:
        """Upper limit of normal in the inside unit."""
        return self._converted(self.upper_limit)

    @property
    def times_upper_limit(self) -> Number:
        """The value as a multiple of its own upper limit of normal."""
        if isinstance(self.upper_limit, Missing):
            return self.upper_limit
        return self.value / self.upper_limit if self.upper_limit else Missing.NOT_EVALUABLE

    def findings(self) -> tuple[Finding, ...]:
        """Return the confirmed suspicions; an unconfirmed one is refused."""
        text = self._suspicion()
        if not text:
            return ()
        return (refuse_unless_confirmed(self.rule, text, self.confirmations),)

    def _converted(self, number: Number) -> Number:
        if isinstance(number, Missing):
            return number
        return number * factor_to_inside(self.analyte, self.unit)

    def _suspicion(self) -> str:
        facts = analyte_facts(self.analyte)
        what = f"{facts.name} of {self.on} is {self.value:g} {self.unit}"
        for one in facts.suspicions:
            if one.unit == spelled(self.unit) and not one.lowest <= self.value <= one.highest:
                return f"{what}: probably meant in {one.likely}"
        lowest, highest = facts.plausible
        if facts.convertible and not lowest <= self.inside <= highest:
            return (
                f"{what}, which is {self.inside:.4g} {facts.inside_unit}; "
                f"{lowest:g} to {highest:g} {facts.inside_unit} is plausible"
            )
        for side, number, limits in (
            ("upper", self.upper_limit_inside, facts.upper_limit),
            ("lower", self.lower_limit_inside, facts.lower_limit),
        ):
            if limits is None or isinstance(number, Missing):
                continue
            if not limits[0] <= number <= limits[1]:
                return (
                    f"{what} with the {side} limit of normal of {number:.4g} {facts.inside_unit}; "
                    f"laboratories print {limits[0]:g} to {limits[1]:g} {facts.inside_unit}, so "
                    "the unit is probably wrong"
                )
        return ""

"""From dated laboratory values to the facts that rules ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import Analyte, LabValue, analyte_facts
from opensirt.domain.missing import Missing

_DIRECT = (
    Analyte.BILIRUBIN,
    Analyte.ALBUMIN,
    Analyte.INR,
    Analyte.CREATININE,
    Analyte.GFR,
    Analyte.PLATELETS,
    Analyte.LEUKOCYTES,
    Analyte.NEUTROPHILS,
)
_MULTIPLES = (Analyte.AST, Analyte.ALT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryFacts:
    """Facts of one day, the values that they are, and what there is to say about them."""

    facts: dict[str, float | Missing]
    used: dict[str, LabValue]
    findings: tuple[Finding, ...]


def latest_value(values: Sequence[LabValue], analyte: Analyte, *, on: date) -> LabValue | Missing:
    """Return the last value of an analyte on a day or before it."""
    before = [one for one in values if one.analyte is analyte and one.on <= on]
    return max(before, key=lambda one: one.on, default=Missing.NOT_RECORDED)


def laboratory_facts_on(
    values: Sequence[LabValue], *, on: date, oldest_days: int | None
) -> LaboratoryFacts:
    """Return the facts that laboratory values give for a decision on one day.

    Parameters
    ----------
    oldest_days
        Values older than this get a warning, and are used all the same. None: no limit, because
        no verified one exists; a site states its own.
    """
    facts: dict[str, float | Missing] = {}
    used: dict[str, LabValue] = {}
    findings: list[Finding] = []
    for analyte in (*_DIRECT, *_MULTIPLES):
        value = latest_value(values, analyte, on=on)
        multiple = analyte in _MULTIPLES
        name = f"{analyte.value}_times_upper_limit" if multiple else analyte.value
        if isinstance(value, Missing):
            facts[name] = value
            continue
        facts[name] = value.times_upper_limit if multiple else value.inside
        used[name] = value
        age_days = (on - value.on).days
        if oldest_days is not None and age_days > oldest_days:
            text = f"{analyte_facts(analyte).name} is {age_days} days old, limit {oldest_days} days"
            findings.append(
                Finding(
                    Severity.WARN,
                    "laboratory_value_old",
                    text,
                    float(age_days),
                    float(oldest_days),
                    "site profile",
                )
            )
    return LaboratoryFacts(facts=facts, used=used, findings=tuple(findings))


def inr_under_anticoagulation(anticoagulated: object, *, inr_known: bool) -> tuple[Finding, ...]:
    """Say that the INR of an anticoagulated patient is none of the liver, where it is used."""
    if anticoagulated is not True or not inr_known:
        return ()
    text = (
        "the patient is anticoagulated: Child-Pugh, MELD and rules that ask for the INR count what "
        "the drug does as liver function"
    )
    return (Finding(Severity.WARN, "inr_under_anticoagulation", text),)


def examine_laboratory(values: Sequence[LabValue], *, today: date) -> tuple[Finding, ...]:
    """Return what is wrong with a list of values: dates in the future, two of one day.

    Nothing is dropped; a value of the future is a stop, two different values of one analyte and
    day a warning, the same value twice a note.
    """
    findings: list[Finding] = []
    seen: dict[tuple[Analyte, date], LabValue] = {}
    for one in values:
        name = analyte_facts(one.analyte).name
        if one.on > today:
            text = f"{name} of {one.on.isoformat()} lies in the future of {today.isoformat()}"
            findings.append(Finding(Severity.STOP, "laboratory_date_in_future", text))
        key = (one.analyte, one.on)
        if key not in seen:
            seen[key] = one
            continue
        same = seen[key].inside == one.inside
        text = (
            f"{name} of {one.on.isoformat()} stands twice: {seen[key].value:g} {seen[key].unit} "
            f"and {one.value:g} {one.unit}"
        )
        severity = Severity.NOTE if same else Severity.WARN
        findings.append(Finding(severity, "laboratory_value_twice", text))
    return tuple(findings)

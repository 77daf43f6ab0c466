"""Whether two FDG scans were made alike enough to be compared by PERCIST."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opensirt.clinical.comparison import above, at_least, at_most, below
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """Conditions of one FDG scan; what was not recorded is missing."""

    liver_mean_sul: Number = Missing.NOT_RECORDED
    injected_activity_mbq: Number = Missing.NOT_RECORDED
    uptake_min: Number = Missing.NOT_RECORDED
    glucose_mg_per_dl: Number = Missing.NOT_RECORDED
    fasting_h: Number = Missing.NOT_RECORDED
    days_since_chemotherapy: Number = Missing.NOT_RECORDED


_WORDS = {
    "liver_mean_sul": "liver mean SUL",
    "injected_activity_mbq": "injected activity in MBq",
    "uptake_min": "uptake time in min",
    "glucose_mg_per_dl": "glucose in mg/dL",
    "fasting_h": "hours of fasting",
    "days_since_chemotherapy": "days since chemotherapy",
}


def comparability(
    baseline: ScanFacts,
    follow_up: ScanFacts,
    *,
    names: tuple[str, str] = ("baseline", "follow-up"),
) -> tuple[Finding, ...]:
    """Return what makes two FDG scans hard to compare; the response is kept all the same.

    Conditions that were not recorded are one finding for each scan. After radioembolization the
    uptake of the liver falls by itself, so that its reference does.

    Parameters
    ----------
    names
        What the two scans are called in the findings.
    """
    entry = read_table("response_criteria")["percist"]
    scans = tuple(zip(names, (baseline, follow_up), strict=True))
    return (
        *_apart(baseline, follow_up, names, entry),
        *(said for name, scan in scans for said in _beyond(name, scan, entry)),
        *(said for name, scan in scans for said in _not_recorded(name, scan, entry)),
    )


def _apart(
    baseline: ScanFacts, follow_up: ScanFacts, names: tuple[str, str], entry: dict[str, Any]
) -> Iterator[Finding]:
    """Yield the conditions in which two scans differ too much."""
    for field, relative, absolute, absolute_included in (
        (
            "liver_mean_sul",
            entry["liver_mean_within_fraction"],
            entry["liver_mean_within_sul"],
            False,
        ),
        ("injected_activity_mbq", entry["injected_activity_within_fraction"], None, True),
        ("uptake_min", None, entry["uptake_within_min"], True),
    ):
        before: Number = getattr(baseline, field)
        after: Number = getattr(follow_up, field)
        if isinstance(before, Missing) or isinstance(after, Missing):
            continue
        gap = abs(after - before)
        passed = above if absolute_included else at_least
        if (relative is not None and above(gap, relative * before)) or (
            absolute is not None and passed(gap, absolute)
        ):
            text = (
                f"{_WORDS[field]} {before:g} at {names[0]} and {after:g} at {names[1]}: scans "
                "compare poorly"
            )
            yield _warning(text, after, before, entry)


def _beyond(name: str, scan: ScanFacts, entry: dict[str, Any]) -> Iterator[Finding]:
    """Yield the conditions of one scan that lie outside their limits."""
    for field, lowest, highest, highest_included in (
        ("uptake_min", entry["uptake_from_min"], entry["uptake_to_min"], True),
        ("glucose_mg_per_dl", None, entry["glucose_below_mg_per_dl"], False),
        ("fasting_h", entry["fasting_at_least_h"], None, True),
        ("days_since_chemotherapy", entry["chemotherapy_at_least_days"], None, True),
    ):
        value: Number = getattr(scan, field)
        if isinstance(value, Missing):
            continue
        within = at_most if highest_included else below
        passed: float | None = None
        if lowest is not None and below(value, lowest):
            passed = lowest
        elif highest is not None and not within(value, highest):
            passed = highest
        if passed is not None:
            text = f"{_WORDS[field]} at {name} is {value:g}, limit {passed:g}: scans compare poorly"
            yield _warning(text, value, passed, entry)


def _not_recorded(name: str, scan: ScanFacts, entry: dict[str, Any]) -> Iterator[Finding]:
    """Yield one finding that names all that is not recorded of one scan."""
    absent = [words for field, words in _WORDS.items() if isinstance(getattr(scan, field), Missing)]
    if absent:
        text = (
            f"how well the FDG scans compare is not known in full: {name} records no "
            f"{', no '.join(absent)}"
        )
        yield Finding(
            Severity.NOTE,
            "percist_comparability_unknown",
            text,
            float(len(absent)),
            source=entry["source"],
        )


def _warning(text: str, value: float, limit: float, entry: dict[str, Any]) -> Finding:
    return Finding(
        Severity.WARN, "percist_comparability", text, value, limit, source=entry["source"]
    )

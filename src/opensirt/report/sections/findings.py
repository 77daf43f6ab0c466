"""Findings: what a reader has to know before any number."""

from collections.abc import Sequence

from opensirt.domain.finding import Finding
from opensirt.report.content import (
    ASSUMED_RULE,
    Level,
    Paragraph,
    Remark,
    Remarks,
    Section,
    level_of,
    marked,
)
from opensirt.report.number import compact, rounded
from opensirt.report.wording import UNVERIFIED_LEGEND

_ORDER = (Level.ASSUMPTION, Level.STOP, Level.WARN, Level.NOTE)
_PLURALS = {
    Level.ASSUMPTION: "assumptions",
    Level.STOP: "stops",
    Level.WARN: "warnings",
    Level.NOTE: "notes",
}


def findings_section(findings: Sequence[Finding]) -> Section:
    """Return the findings: assumptions first, then stops, warnings and notes."""
    ordered = sorted(findings, key=lambda one: _ORDER.index(level_of(one)))
    items = tuple(remark(one) for one in ordered)
    blocks: list[Paragraph | Remarks] = [Paragraph(tally_words(findings))]
    if items:
        blocks.append(Remarks(items))
    if not all(one.verified for one in findings):
        blocks.append(Paragraph(UNVERIFIED_LEGEND))
    return Section("Findings", tuple(blocks))


def tally_words(findings: Sequence[Finding]) -> str:
    """Return how many of each level there are, in words.

    >>> tally_words(())
    'No finding.'
    """
    if not findings:
        return "No finding."
    levels = [level_of(one) for one in findings]
    parts = []
    for level in _ORDER:
        number = levels.count(level)
        word = level.value.lower() if number == 1 else _PLURALS[level]
        if number:
            parts.append(f"{number} {word}")
    closing = (
        " A stop finding forbids to go on until it is resolved." if Level.STOP in levels else ""
    )
    return f"{', '.join(parts)}.{closing}"


def remark(finding: Finding) -> Remark:
    """Return a finding as it is printed, with rule, limit and source in small print."""
    parts = [] if finding.rule == ASSUMED_RULE else [f"rule {finding.rule}"]
    if finding.value is not None:
        parts.append(f"value {_shown(finding.value)}")
    if finding.limit is not None:
        parts.append(f"limit {_shown(finding.limit)}")
    if finding.source:
        parts.append(f"source: {finding.source}")
    if not finding.verified:
        parts.append("unverified figure")
    text = finding.text[:1].upper() + finding.text[1:]
    return Remark(
        level_of(finding).value, marked(text, verified=finding.verified), " · ".join(parts)
    )


def _shown(value: float | str) -> str:
    return compact(value) if isinstance(value, str) else rounded(value)

"""Selection in words: eligibility, liver function, considerations, checklist, open questions."""

from collections.abc import Sequence
from itertools import groupby

from opensirt.clinical.option import Option, options
from opensirt.clinical.predicate.facts import fact_named
from opensirt.domain.eligibility import Eligibility, Outcome, RuleKind, RuleResult
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score
from opensirt.domain.selection import Selection
from opensirt.domain.statement import ChecklistItem, Consideration, Side, Stage
from opensirt.report.content import Block, Bullets, Column, Paragraph, Section, Table, marked, row
from opensirt.report.number import as_percent, rounded
from opensirt.report.wording import UNVERIFIED_LEGEND, device_words

_FAILED = {
    RuleKind.INDICATION: "indication not met",
    RuleKind.ABSOLUTE: "absolute contraindication",
    RuleKind.RELATIVE: "relative contraindication",
    RuleKind.INFORMATIVE: "to know",
    RuleKind.TRIAL: "trial criterion not met",
}
_KINDS = {
    RuleKind.ABSOLUTE: "absolute",
    RuleKind.INDICATION: "indication",
    RuleKind.TRIAL: "trial",
    RuleKind.RELATIVE: "relative",
    RuleKind.INFORMATIVE: "to know",
}
"""In the order of the list: what weighs most first."""

_SIDES = {Side.FOR: "For", Side.AGAINST: "Against", Side.NOTE: "To know"}
_STAGES = {
    Stage.BOARD: "At the board",
    Stage.ORDER: "With the order",
    Stage.BEFORE: "Before the procedure",
    Stage.AFTER: "Afterwards",
}


def selection_section(selection: Selection) -> Section:
    """Return the selection for the report: rules, liver function, what is open."""
    blocks: list[Block] = [
        *eligibility_blocks(selection.eligibility, sources=True),
        scores_table(selection.scores),
    ]
    return Section(f"Selection, as of {selection.on.isoformat()}", tuple(blocks))


def eligibility_blocks(eligibility: Eligibility, *, sources: bool) -> tuple[Block, ...]:
    """Return the tally, and the rules that failed or are unknown with the reason.

    Without sources the unknown ones are listed shortly, by their weight: the open questions say
    what each waits for.
    """
    failed, unknown = (
        [
            one
            for kind in _KINDS
            for one in eligibility.results
            if one.outcome is outcome and one.kind is kind
        ]
        for outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    )
    blocks: list[Block] = [Paragraph(tally(eligibility))]
    in_table = [*failed, *unknown] if sources else failed
    if in_table:
        blocks.append(_rules_table(in_table, sources=sources))
    if unknown and not sources:
        blocks.append(
            Bullets(
                tuple(
                    f"{_KINDS[kind]}: " + "; ".join(_shortly(one) for one in some)
                    for kind in _KINDS
                    if (some := [one for one in unknown if one.kind is kind])
                ),
                "Unknown rules",
            )
        )
        if not all(one.verified for one in unknown):
            blocks.append(Paragraph(UNVERIFIED_LEGEND))
    return tuple(blocks)


def _shortly(one: RuleResult) -> str:
    more = " (no verified limit; a site states its own)" if one.no_verified_value else ""
    return marked(f"{one.id} {one.title}", verified=one.verified) + more


def _rules_table(shown: Sequence[RuleResult], *, sources: bool) -> Table:
    columns = [
        Column("Rule", numeric=False, share=0.55),
        Column("Result", numeric=False, share=1.9),
        Column("What it asks", numeric=False, share=3.4),
        Column("Because", numeric=False, share=2.6),
    ]
    if sources:
        columns.append(Column("Source", numeric=False, share=2.4))
    rows = [
        row(
            one.id,
            _result(one),
            marked(one.title, verified=one.verified)
            + ("" if sources else f" [{one.citation.source}]"),
            _because(one),
            *((one.citation.source,) if sources else ()),
            strong=one.outcome is Outcome.FAIL and one.kind is not RuleKind.INFORMATIVE,
        )
        for one in shown
    ]
    legend = (UNVERIFIED_LEGEND,) if sources and not all(one.verified for one in shown) else ()
    caption = "Rules that failed or are unknown" if sources else "Rules that failed"
    return Table(caption, tuple(columns), tuple(rows), legend)


def eligibility_counts(eligibility: Eligibility) -> tuple[int, int, int]:
    """Return how many rules failed, are unknown and passed."""
    results = eligibility.results
    wanted = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS)
    failed, unknown, passed = (sum(one.outcome is each for one in results) for each in wanted)
    return failed, unknown, passed


def tally(eligibility: Eligibility) -> str:
    """Return how many rules of a profile failed, are unknown and passed."""
    results = eligibility.results
    failed, unknown, passed = eligibility_counts(eligibility)
    device = device_words(eligibility.device).lower() if eligibility.device else "any device"
    overridden = sum(one.override is not None for one in results)
    more = f", {overridden} of the failed overridden" if overridden else ""
    return (
        f"Profile {eligibility.profile} ({device}), {len(results)} rules: "
        f"{failed} failed{more}, {unknown} unknown, {passed} passed. Unknown is never pass. The "
        f"decision stays with people. Profile: {eligibility.profile_note}."
    )


def _result(one: RuleResult) -> str:
    if one.outcome is Outcome.FAIL:
        return _FAILED[one.kind] + (" (overridden)" if one.override is not None else "")
    return f"unknown ({_KINDS[one.kind]})"


def _because(one: RuleResult) -> str:
    if one.override is not None:
        return f"overridden by {' and '.join(one.override.by)}: {one.override.reason}"
    if one.no_verified_value:
        return "the rule has no verified limit; a site states its own"
    if one.outcome is Outcome.UNKNOWN:
        return f"not known: {_names(one.missing)}"
    return "; ".join(f"{name.replace('_', ' ')}: {_value(name, one)}" for name in one.facts)


def _value(name: str, one: RuleResult) -> str:
    value = one.facts[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{rounded(value)} {fact_named(name).unit.removeprefix('1')}".rstrip()


def scores_table(scores: Sequence[Score]) -> Table:
    """Return the scores of liver function with their grade, or what each lacks."""
    return Table(
        "",
        (
            Column("Score", numeric=False, share=1.7),
            Column("Value", share=0.9),
            Column("Grade", numeric=False, share=0.9),
            Column("Variant, or what is missing", numeric=False, share=1.9),
        ),
        tuple(
            row(
                marked(_named(one), verified=one.citation.verified),
                as_percent(one.value) + " %"
                if one.unit == "1" and not isinstance(one.value, Missing)
                else _score(one.value),
                _graded(one),
                ("needs " + ", ".join(sorted(one.missing)))
                if isinstance(one.value, Missing)
                else one.variant.replace("_", " "),
            )
            for one in scores
        ),
    )


def _graded(one: Score) -> str:
    """Return the grade of a score, with the cut-off that it was compared with."""
    if not isinstance(one.grade, str):
        return ""
    limits = [said.limit for said in one.findings if said.rule == "hepatobiliary_function_cut_off"]
    return " ".join((one.grade, *(f"{limit:g} (surgical)" for limit in limits)))


def _named(one: Score) -> str:
    """Return the name of a score, with its unit where it has one."""
    return f"{one.name}, {one.unit}" if one.unit not in ("", "1") else one.name


def _score(value: Number) -> str:
    """Return a score; points are whole.

    >>> _score(6.0), _score(-2.7127)
    ('6', '−2.71')
    """
    if isinstance(value, Missing):
        return "unknown"
    return f"{value:.0f}" if value == int(value) else rounded(value)


def considerations_blocks(selection: Selection) -> tuple[Block, ...]:
    """Return what speaks for and against each option in this patient, with sources.

    The options stand in one order for all patients, under their group, each with what is known
    and what is not of the facts that it turns on. Options of a group that turn on the same
    facts share one list.
    """
    blocks: list[Block] = []
    for group, some in groupby(options(), key=lambda one: one.group):
        shown = [(one, *_sentences(one, selection)) for one in some]
        shown = [one for one in shown if one[1] or one[2]]
        together = len({standing for _, _, standing in shown}) == 1 < len(shown)
        if together:
            items = tuple(f"{one.title}: {item}" for one, said, _ in shown for item in said)
            blocks.append(_option_block(group, items, shown[0][2]))
            continue
        blocks += [
            _option_block(f"{group}: {one.title}", said, standing) for one, said, standing in shown
        ]
    return tuple(blocks) or (Paragraph("No consideration that is held here applies."),)


def _sentences(option: Option, selection: Selection) -> tuple[tuple[str, ...], str]:
    """Return the sentences that apply for, against and to know, and how the patient stands.

    Both are empty where no sentence of the option can apply.
    """
    mine = [one for one in selection.considerations if one.option == option.name]
    applying = sorted((one for one in mine if one.applies), key=_side)
    waiting = sum(one.applies is None for one in mine)
    if not applying and not waiting:
        return (), ""
    more = f"{waiting} more may apply" if waiting else ""
    standing = "; ".join(part for part in (option.standing(selection.facts), more) if part)
    return tuple(_consideration(one) for one in applying), standing


def _option_block(title: str, items: tuple[str, ...], standing: str) -> Block:
    caption = f"{title} ({standing})" if standing else title
    return Bullets(items, caption) if items else Paragraph(caption)


def _side(one: Consideration) -> int:
    return list(_SIDES).index(one.side)


def _consideration(one: Consideration) -> str:
    text = marked(one.text, verified=one.citation.verified)
    return f"{_SIDES[one.side]}: {text} [{one.citation.source}]"


def checklist_items(selection: Selection) -> tuple[str, ...]:
    """Return the items of a selection in words."""
    return checklist_words(selection.checklist)


def checklist_words(items: Sequence[ChecklistItem]) -> tuple[str, ...]:
    """Return the items that concern the patient; those that may do so say what is not known."""
    return tuple(
        f"{_STAGES[one.stage]}: {marked(one.text, verified=one.citation.verified)}"
        + ("" if one.applies else f" (if so; not known: {_names(one.missing)})")
        for stage in Stage
        for one in items
        if one.stage is stage and one.applies is not False
    )


def open_questions(selection: Selection) -> tuple[str, ...]:
    """Return every fact that a rule, item or consideration waits for, in words."""
    waiting = {fact: list(rules) for fact, rules in selection.eligibility.missing.items()}
    for missing in (
        *(one.missing for one in selection.checklist),
        *(one.missing for one in selection.considerations),
    ):
        for fact in missing:
            waiting.setdefault(fact, [])
    return tuple(
        f"{fact_named(fact).text}?" + (f" ({', '.join(rules)})" if rules else "")
        for fact, rules in waiting.items()
    )


def _names(facts: Sequence[str]) -> str:
    return ", ".join(name.removesuffix("_gy").replace("_", " ") for name in facts)

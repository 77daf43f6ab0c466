"""Eligibility by rules that are data, in three-valued logic: unknown is never pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from opensirt.clinical.predicate import Condition, Facts, check_facts, evaluate, parse
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.eligibility import (
    Eligibility,
    Outcome,
    Override,
    RuleKind,
    RuleResult,
)
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, RuleError, UnknownNameError
from opensirt.reference.table import read_table

DEVICES = ("resin", "glass", "holmium")
_PEOPLE_FOR_ABSOLUTE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule with its condition parsed; `condition` is None while a limit is not known."""

    id: str
    title: str
    kind: RuleKind
    device: str
    label_region: str
    condition: Condition | None
    fails_when: bool
    """Whether the condition says when the rule fails (or when it passes)."""
    citation: Citation
    kind_citation: Citation
    no_verified_value: bool


def rule_of(
    rule_id: str, entry: Mapping[str, Any], *, parameters: Mapping[str, float] | None = None
) -> Rule:
    """Return the rule that a table writes, with some of its limits replaced.

    A rule without a verified value becomes usable when every limit it names is given.

    Raises
    ------
    InputError
        When the table has not exactly one of fails_when and passes_when.
    UnknownNameError
        When a parameter, fact, unit, kind or device does not exist.
    """
    where = f"eligibility rule {rule_id}"
    written = [one for one in ("fails_when", "passes_when") if one in entry]
    if len(written) != 1:
        raise InputError(f"{where} needs exactly one of fails_when and passes_when")
    device = entry.get("device", "")
    if device and device not in DEVICES:
        raise UnknownNameError(f"device of {where}", device, DEVICES)
    given = dict(parameters or {})
    known = dict(entry.get("parameters", {}))
    named = set(_parameter_names(entry[written[0]]))
    unknown = set(given) - named
    if unknown:
        raise UnknownNameError(f"parameter of {where}", min(unknown), sorted(named))
    limits = known | given
    unverified = bool(entry.get("no_verified_value", False)) and not (named and named <= set(given))
    citation = citation_of(entry, where=where)
    kind_citation = citation
    if "kind_source" in entry:
        kind_entry = {"source": entry["kind_source"], "status": entry["kind_status"]}
        kind_citation = citation_of(kind_entry, where=f"kind of {where}")
    return Rule(
        id=rule_id,
        title=entry["title"],
        kind=RuleKind(entry["kind"]),
        device=device,
        label_region=entry.get("label_region", ""),
        condition=None if unverified else parse(entry[written[0]], where=where, parameters=limits),
        fails_when=written[0] == "fails_when",
        citation=citation,
        kind_citation=kind_citation,
        no_verified_value=unverified,
    )


def _parameter_names(entry: Any) -> Iterable[str]:  # noqa: ANN401 - any TOML value
    if isinstance(entry, str):
        if entry.startswith("$"):
            yield entry[1:]
    elif isinstance(entry, Mapping):
        for one in entry.values():
            yield from _parameter_names(one)
    elif isinstance(entry, Sequence):
        for one in entry:
            yield from _parameter_names(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named choice of rules; `device` empty means any."""

    name: str
    title: str
    note: str
    device: str
    rules: tuple[Rule, ...]


def profile_of(
    name: str, entry: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]] | None = None
) -> Profile:
    """Return the profile that a table writes.

    Parameters
    ----------
    rules
        A site's own rules by id, beside or in place of those of ``eligibility_rules.toml``.

    Raises
    ------
    UnknownNameError
        When it names a rule that does not exist, or changes a rule that it does not ask.
    """
    known = {**read_table("eligibility_rules")["rules"], **(rules or {})}
    changes: Mapping[str, Mapping[str, float]] = entry.get("parameters", {})
    for rule_id in changes:
        if rule_id not in entry["rules"]:
            raise UnknownNameError(f"rule of profile {name}", rule_id, entry["rules"])
    chosen = []
    for rule_id in entry["rules"]:
        if rule_id not in known:
            raise UnknownNameError("eligibility rule", rule_id, known)
        chosen.append(rule_of(rule_id, known[rule_id], parameters=changes.get(rule_id)))
    return Profile(
        name=name,
        title=entry["title"],
        note=entry.get("note", ""),
        device=entry.get("device", ""),
        rules=tuple(chosen),
    )


@cache
def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that ship with this package."""
    return tuple(read_table("eligibility_profiles")["profiles"])


@cache
def profile(name: str) -> Profile:
    """Return one profile of ``eligibility_profiles.toml``.

    Raises
    ------
    UnknownNameError
        When there is none of this name.
    """
    profiles = read_table("eligibility_profiles")["profiles"]
    if name not in profiles:
        raise UnknownNameError("eligibility profile", name, profiles)
    return profile_of(name, profiles[name])


def assess_eligibility(
    facts: Facts,
    asked: Profile,
    *,
    device: str = "",
    overrides: Sequence[Override] = (),
) -> Eligibility:
    """Ask every rule of a profile.

    Rules of another device than `device` are left out; without a device chosen all are asked,
    each with the device it is for. A rule is unknown exactly when some value of the facts that
    are missing could change its outcome.

    Raises
    ------
    InputError
        When a fact has an impossible value, or a rule that did not fail is overridden.
    UnknownNameError
        When a fact, a device or an overridden rule does not exist.
    RuleError
        When an absolute contraindication is overridden by fewer than two people.
    """
    check_facts(facts)
    if device and device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    by_rule = {one.rule: one for one in overrides}
    results = [
        _ask(rule, facts, by_rule.get(rule.id))
        for rule in asked.rules
        if not device or not rule.device or rule.device == device
    ]
    ids = [one.id for one in results]
    for one in by_rule:
        if one not in ids:
            raise UnknownNameError("rule to override", one, ids)
    missing: dict[str, list[str]] = {}
    for result in results:
        for fact in result.missing:
            missing.setdefault(fact, []).append(result.id)
    return Eligibility(
        profile=asked.name,
        profile_note=asked.note,
        device=device or asked.device,
        results=tuple(results),
        missing={fact: tuple(waiting) for fact, waiting in missing.items()},
    )


def _ask(rule: Rule, facts: Facts, override: Override | None) -> RuleResult:
    looked_at: dict[str, float | bool | str] = {}
    missing: tuple[str, ...] = ()
    if rule.condition is None:
        outcome, text = Outcome.UNKNOWN, f"{rule.title}: {Missing.NO_VERIFIED_VALUE.value}"
    else:
        verdict = evaluate(rule.condition, facts)
        missing = verdict.missing
        if verdict.holds is None:
            outcome = Outcome.UNKNOWN
        else:
            outcome = Outcome.FAIL if verdict.holds is rule.fails_when else Outcome.PASS
        for name in rule.condition.facts():
            value = facts.get(name, Missing.NOT_RECORDED)
            if not isinstance(value, Missing):
                looked_at[name] = value
        text = rule.title
    if override is not None:
        _check_override(rule, outcome, override)
    return RuleResult(
        id=rule.id,
        title=rule.title,
        kind=rule.kind,
        outcome=outcome,
        missing=missing,
        facts=looked_at,
        text=text,
        device=rule.device,
        label_region=rule.label_region,
        citation=rule.citation,
        kind_citation=rule.kind_citation,
        no_verified_value=rule.no_verified_value,
        override=override,
    )


def _check_override(rule: Rule, outcome: Outcome, override: Override) -> None:
    if outcome is not Outcome.FAIL:
        raise InputError(
            f"rule {rule.id} is {outcome.value}: only a rule that fails can be overridden; "
            "record the missing facts"
        )
    if rule.kind is RuleKind.ABSOLUTE and len(override.by) < _PEOPLE_FOR_ABSOLUTE:
        raise RuleError(
            f"rule {rule.id} ({rule.title}) is an absolute contraindication: two named people "
            f"have to override it, {len(override.by)} did"
        )

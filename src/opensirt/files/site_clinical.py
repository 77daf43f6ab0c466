"""The clinical part of site.toml: own eligibility profile, checklist items, questionnaires."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from opensirt.clinical.eligibility import profile_of
from opensirt.clinical.quality_of_life import questionnaire_of
from opensirt.clinical.response.criterion import criterion_of, sum_criterion_names
from opensirt.clinical.response.percist import percist_limits_of
from opensirt.clinical.statement import checklist
from opensirt.domain.eligibility import RuleKind
from opensirt.domain.site import SiteClinical
from opensirt.domain.statement import Stage
from opensirt.errors import InputError, UnknownNameError
from opensirt.files.toml_document import Block
from opensirt.files.toml_values import DeviceName, Name
from opensirt.reference.table import read_table

OWN_PROFILE = "site"
"""Name of a site's own eligibility profile."""

_SITE = "site profile: "


class LimitChange(Block):
    """Limits of one rule that the site changes or, where none is verified, states."""

    values: dict[Name, float] = Field(
        min_length=1, description="limit by its name in the rule, such as { limit_g_per_dl = 3.0 }"
    )
    source: Name = Field(description="where the limit comes from: paper, protocol, decision")


class OwnRule(Block):
    """A rule of the site, in the form of those that ship; exactly one of the conditions."""

    title: Name
    kind: Literal["indication", "absolute", "relative", "informative", "trial"]
    device: DeviceName | None = None
    fails_when: dict[str, Any] | None = Field(
        default=None, description='such as { fact = "inr", above = 1.8, unit = "1" }'
    )
    passes_when: dict[str, Any] | None = None
    source: Name


class EligibilityBlock(Block):
    """The site's own eligibility profile; `select` asks it where no other is named."""

    title: Name = "rules of the site"
    note: str = ""
    based_on: Name = Field(
        default="general", description="profile that ships and whose rules are asked"
    )
    leave_out: list[Name] = Field(default_factory=list, description="rules that are not asked")
    add: list[Name] = Field(
        default_factory=list, description="further rules that ship, by their id"
    )
    limits: dict[Name, LimitChange] = Field(default_factory=dict, description="rule = its limits")
    rules: dict[Name, OwnRule] = Field(default_factory=dict, description="own rules by their id")
    oldest_laboratory_days: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="laboratory values older than this are a finding"
    )


class ChecklistBlock(Block):
    """An item of the site's own checklist; it stands beside those that ship."""

    at: Literal["board", "order", "before", "after"]
    text: Name
    when: dict[str, Any] | None = Field(
        default=None, description="for whom; for everybody when left out"
    )
    source: Name


class QuestionnaireBlock(Block):
    """Items of a questionnaire as its owner's scoring sheet assigns them."""

    scales: dict[Name, list[int]] = Field(
        min_length=1, description="scale = numbers of its items, such as { endocrine = [31, 32] }"
    )
    source: Name = Field(description="the scoring sheet and the licence")


class CriterionBlock(Block):
    """A response criterion of the site: one that ships, with other limits or another reference."""

    title: Name
    based_on: Name = Field(description='criterion that ships, such as "mrecist"')
    partial_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="partial response at this part of baseline"
    )
    partial_included: bool | None = Field(default=None, description="at the limit, or below it")
    progression_fraction: Annotated[float, Field(gt=1)] | None = Field(
        default=None, description="progression at this multiple of the reference"
    )
    progression_included: bool | None = Field(default=None, description="at the limit, or above")
    progression_absolute: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="and this much larger, in the unit of the sizes"
    )
    progression_reference: Literal["nadir", "baseline"] | None = None
    progression_of: Literal["sum", "any_lesion"] | None = None
    source: Name


class PercistBlock(Block):
    """Options of PERCIST where sources disagree; what is left out stays as it ships."""

    change_included: bool | None = Field(
        default=None, description="true: a change of 30 % counts (≥); false: above it only (>)"
    )
    change_absolute_sul: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="least change of SUL peak as well, such as 0.8 or 1.0"
    )
    progression_reference: Literal["nadir", "baseline"] | None = Field(
        default=None, description="scan that progression is compared with"
    )
    lean_body_mass: Literal["janmahasatian", "james"] | None = Field(
        default=None, description="variant that turns SUV into SUL"
    )
    source: Name

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_dump(exclude_none=True, exclude={"source"}):
            raise ValueError(
                "change_included, change_absolute_sul, progression_reference or lean_body_mass is "
                "wanted"
            )
        return self


def site_clinical(
    eligibility: EligibilityBlock | None,
    checklist_items: Mapping[str, ChecklistBlock],
    questionnaires: Mapping[str, QuestionnaireBlock],
    criteria: Mapping[str, CriterionBlock],
    percist: PercistBlock | None = None,
) -> SiteClinical:
    """Return the clinical part of a profile, every rule, item and scale checked.

    Raises
    ------
    InputError, UnknownNameError
        When a rule, limit, fact, unit, item or scale is none.
    """
    made = SiteClinical(
        eligibility=None if eligibility is None else _profile(eligibility),
        own_rules={} if eligibility is None else _own_rules(eligibility),
        oldest_laboratory_days=None if eligibility is None else eligibility.oldest_laboratory_days,
        checklist={name: _item(one) for name, one in checklist_items.items()},
        questionnaires={name: _form(name, one) for name, one in questionnaires.items()},
        criteria={name: _criterion(name, one) for name, one in criteria.items()},
        percist=None if percist is None else _percist(percist),
    )
    if made.eligibility is not None:
        profile_of(OWN_PROFILE, made.eligibility, made.own_rules)
    checklist({}, items=made.checklist)
    for name, entry in made.questionnaires.items():
        questionnaire_of(name, entry)
    for name, entry in made.criteria.items():
        criterion_of(name, entry)
    if made.percist is not None:
        percist_limits_of(made.percist)
    return made


def _profile(block: EligibilityBlock) -> dict[str, Any]:
    profiles = read_table("eligibility_profiles")["profiles"]
    if block.based_on not in profiles:
        raise UnknownNameError("eligibility profile", block.based_on, profiles)
    base = profiles[block.based_on]
    unknown = [one for one in block.leave_out if one not in base["rules"]]
    if unknown:
        raise UnknownNameError(f"rule of profile {block.based_on}", unknown[0], base["rules"])
    asked = [one for one in base["rules"] if one not in block.leave_out]
    asked += [one for one in (*block.add, *block.rules) if one not in asked]
    made = {
        "title": block.title,
        "note": block.note or f"the site's own, based on {block.based_on}: {base['note']}",
        "rules": asked,
    }
    if "device" in base:
        made["device"] = base["device"]
    return made


def _own_rules(block: EligibilityBlock) -> dict[str, dict[str, Any]]:
    shipped = read_table("eligibility_rules")["rules"]
    made: dict[str, dict[str, Any]] = {}
    for name, change in block.limits.items():
        if name not in shipped:
            raise UnknownNameError("eligibility rule", name, shipped)
        made[name] = _with_limits(name, shipped[name], change)
    for name, one in block.rules.items():
        if name in shipped:
            raise InputError(
                f"[eligibility.rules.{name}] has the name of a rule that ships; change its limits "
                "in [eligibility.limits], or give the rule another name"
            )
        entry = one.model_dump(exclude_none=True)
        made[name] = {**entry, "source": _SITE + one.source, "status": "verified"}
        RuleKind(one.kind)
    return made


def _with_limits(name: str, shipped: Mapping[str, Any], change: LimitChange) -> dict[str, Any]:
    """Return a rule that ships with limits of the site; its weight keeps its own source."""
    entry: dict[str, Any] = deepcopy(dict(shipped))
    known = set(entry.get("parameters", {})) | _named(entry)
    unknown = [one for one in change.values if one not in known]
    if unknown:
        raise UnknownNameError(f"limit of eligibility rule {name}", unknown[0], sorted(known))
    entry.setdefault("kind_source", entry["source"])
    entry.setdefault("kind_status", entry["status"])
    entry["parameters"] = {**entry.get("parameters", {}), **change.values}
    entry["source"] = _SITE + change.source
    entry["status"] = "verified"
    if _named(entry) <= set(entry["parameters"]):
        entry["no_verified_value"] = False
    limits = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in change.values.items())
    entry["title"] = f"{entry['title']} (site: {limits})"
    return entry


def _named(value: object) -> set[str]:
    """Return the names of the limits that a condition asks for."""
    if isinstance(value, str):
        return {value[1:]} if value.startswith("$") else set()
    if isinstance(value, Mapping):
        return set().union(*(_named(one) for one in value.values()), set())
    if isinstance(value, list):
        return set().union(*(_named(one) for one in value), set())
    return set()


def _item(block: ChecklistBlock) -> dict[str, Any]:
    Stage(block.at)
    entry = block.model_dump(exclude_none=True)
    return {**entry, "source": _SITE + block.source, "status": "verified"}


def _criterion(name: str, block: CriterionBlock) -> dict[str, Any]:
    if name in sum_criterion_names():
        raise InputError(
            f"[response_criteria.{name}] has the name of a criterion that ships; give it another"
        )
    if block.based_on not in sum_criterion_names():
        raise UnknownNameError("response criterion", block.based_on, sum_criterion_names())
    changed = block.model_dump(exclude_none=True, exclude={"based_on"})
    base = read_table("response_criteria")[block.based_on]
    return {**base, **changed, "source": _SITE + block.source, "status": "verified"}


def _percist(block: PercistBlock) -> dict[str, Any]:
    base = read_table("response_criteria")["percist"]
    changed = block.model_dump(exclude_none=True)
    return {
        **base,
        **changed,
        "title": f"{base['title']} with limits of the site",
        "source": _SITE + block.source,
        "status": "verified",
    }


def _form(name: str, block: QuestionnaireBlock) -> dict[str, Any]:
    table = read_table("quality_of_life")
    known = [key for key, entry in table.items() if "scales" in entry]
    if name not in known:
        raise UnknownNameError("questionnaire", name, known)
    entry: dict[str, Any] = deepcopy(dict(table[name]))
    for scale, items in block.scales.items():
        if scale not in entry["scales"]:
            raise UnknownNameError(f"scale of {name}", scale, entry["scales"])
        entry["scales"][scale] = {
            **entry["scales"][scale],
            "items": items,
            "no_verified_value": False,
        }
    entry["source"] = _SITE + block.source
    return entry

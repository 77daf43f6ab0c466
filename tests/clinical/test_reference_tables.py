"""Every figure of the clinical tables has a source and a known status; nothing forbidden ships."""

from collections.abc import Iterator
from typing import Any

import pytest

from opensirt.clinical.eligibility import profile_names
from opensirt.clinical.liver_function import CHILD_PUGH_VARIANTS
from opensirt.clinical.quality_of_life import important_difference, questionnaire
from opensirt.clinical.reild import reild_definition
from opensirt.domain.citation import Status, citation_of
from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table

TABLES = (
    "laboratory",
    "liver_function",
    "ctcae_laboratory",
    "ctcae_clinical",
    "reild",
    "response_criteria",
    "quality_of_life",
    "neuroendocrine",
    "eligibility_rules",
    "checklist",
    "considerations",
)


def sourced(entry: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table that states a source or a status."""
    if isinstance(entry, dict):
        if "source" in entry or "status" in entry:
            yield path, entry
        for key, value in entry.items():
            yield from sourced(value, f"{path}.{key}")
    elif isinstance(entry, list):
        for position, value in enumerate(entry):
            yield from sourced(value, f"{path}[{position}]")


@pytest.mark.parametrize("name", TABLES)
def test_every_source_has_a_status_and_every_status_a_source(name: str) -> None:
    found = list(sourced(read_table(name), name))
    assert found
    for path, entry in found:
        assert citation_of(entry, where=path).source.strip()


@pytest.mark.parametrize("name", ["eligibility_rules", "checklist", "considerations", "reild"])
def test_every_rule_and_sentence_has_a_source(name: str) -> None:
    table = read_table(name)
    entries = [
        *table.get("rules", {}).values(),
        *table.get("items", {}).values(),
        *table.get("statements", []),
        *table.get("definitions", {}).values(),
        *table.get("risk_factors", []),
    ]
    assert entries
    assert all("source" in one and "status" in one for one in entries)


def test_what_must_not_ship_has_no_verified_value() -> None:
    rules = read_table("eligibility_rules")["rules"]
    for rule in ("E10", "E37", "E39"):
        assert rules[rule]["no_verified_value"]
        assert not rules[rule].get("parameters")
    assert reild_definition("sangro_numeric").criteria is None
    net21 = questionnaire("qlq_gi_net21")
    assert all(not scale.items for scale in net21.scales.values())
    assert important_difference("qlq_gi_net21").improvement is Missing.NO_VERIFIED_VALUE


def test_a_figure_from_memory_is_always_marked() -> None:
    for name in TABLES:
        for path, entry in sourced(read_table(name), name):
            citation = citation_of(entry, where=path)
            if citation.status in {Status.MEMORY, Status.SECOND_HAND}:
                assert "⚠" in str(citation)


def test_variants_and_profiles_are_those_that_are_documented() -> None:
    assert CHILD_PUGH_VARIANTS == (
        "conventional",
        "si",
        "prothrombin_time",
        "albumin_3_0",
        "cholestatic",
    )
    assert profile_names() == (
        "general",
        "resin_label_ap",
        "resin_label_us",
        "glass_label",
        "holmium_label",
        "hepar_plus",
    )

"""Doors to ``liver_function.toml`` and the guards that all scores share."""

from collections.abc import Mapping
from typing import Any

from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.missing import Missing
from opensirt.domain.score import Score
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table


def variant_of(score: str, variant: str) -> tuple[Mapping[str, Any], Citation]:
    """Return the constants of one named variant of a score, and where they come from.

    Raises
    ------
    UnknownNameError
        When the score has no such variant.
    """
    variants = read_table("liver_function")[score]
    if variant not in variants:
        raise UnknownNameError(f"variant of {score}", variant, variants)
    entry = variants[variant]
    return entry, citation_of(entry, where=f"liver_function.toml {score}.{variant}")


def absent(**inputs: object) -> dict[str, Missing]:
    """Return the inputs that are missing, by name, with their reasons."""
    return {name: value for name, value in inputs.items() if isinstance(value, Missing)}


def require_positive(**inputs: float | Missing) -> None:
    """Refuse zero and negative numbers, of which no logarithm or ratio exists.

    Raises
    ------
    InputError
        When a known input is not a positive finite number.
    """
    for name, value in inputs.items():
        if not isinstance(value, Missing) and not 0 < value < float("inf"):
            raise InputError(f"{name} is {value}; a positive number is needed")


def without_value(
    name: str, variant: str, lacking: Mapping[str, Missing], citation: Citation
) -> Score:
    """Return a score that lacks what `lacking` names, for the first of its reasons."""
    return Score(
        name=name,
        variant=variant,
        value=next(iter(lacking.values())),
        missing=lacking,
        citation=citation,
    )

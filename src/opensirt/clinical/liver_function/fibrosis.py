"""APRI and FIB-4; exploratory after radioembolization."""

from math import sqrt

from opensirt.clinical.liver_function.table import (
    absent,
    require_positive,
    variant_of,
    without_value,
)
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score


def apri(
    *,
    ast_u_per_l: Number,
    ast_upper_limit_u_per_l: Number,
    platelets_1e9_per_l: Number,
    variant: str = "wai",
) -> Score:
    """Return (AST / its upper limit of normal) / platelets × 100, or what it lacks.

    No cut-off is given: the sources disagree.

    Raises
    ------
    InputError
        When a value is not positive.
    """
    constants, citation = variant_of("apri", variant)
    inputs = {
        "ast": ast_u_per_l,
        "upper limit of normal of ast": ast_upper_limit_u_per_l,
        "platelets": platelets_1e9_per_l,
    }
    require_positive(**inputs)
    if (
        isinstance(ast_u_per_l, Missing)
        or isinstance(ast_upper_limit_u_per_l, Missing)
        or isinstance(platelets_1e9_per_l, Missing)
    ):
        return without_value("APRI", variant, absent(**inputs), citation)
    ratio = ast_u_per_l / ast_upper_limit_u_per_l
    return Score(
        name="APRI",
        variant=variant,
        value=constants["percent"] * ratio / platelets_1e9_per_l,
        citation=citation,
        findings=(_exploratory("apri_exploratory", constants["note"], citation.source),),
    )


def fib_4(
    *,
    age_years: Number,
    ast_u_per_l: Number,
    alt_u_per_l: Number,
    platelets_1e9_per_l: Number,
    variant: str = "sterling",
) -> Score:
    """Return age × AST / (platelets × √ALT), or what it lacks.

    Raises
    ------
    InputError
        When a value is not positive.
    """
    constants, citation = variant_of("fib_4", variant)
    inputs = {
        "age": age_years,
        "ast": ast_u_per_l,
        "alt": alt_u_per_l,
        "platelets": platelets_1e9_per_l,
    }
    require_positive(**inputs)
    if (
        isinstance(age_years, Missing)
        or isinstance(ast_u_per_l, Missing)
        or isinstance(alt_u_per_l, Missing)
        or isinstance(platelets_1e9_per_l, Missing)
    ):
        return without_value("FIB-4", variant, absent(**inputs), citation)
    return Score(
        name="FIB-4",
        variant=variant,
        value=age_years * ast_u_per_l / (platelets_1e9_per_l * sqrt(alt_u_per_l)),
        citation=citation,
        findings=(_exploratory("fib_4_exploratory", constants["note"], citation.source),),
    )


def _exploratory(rule: str, note: str, source: str) -> Finding:
    return Finding(Severity.NOTE, rule, note, source=source)

"""Facts that follow from others: used when nobody entered them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from opensirt.clinical.liver_function.child_pugh import Ascites, Encephalopathy, child_pugh
from opensirt.clinical.predicate.facts import Value
from opensirt.domain.laboratory import Analyte, factor_to_inside
from opensirt.domain.missing import Missing
from opensirt.reference.table import read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """How one fact follows from others.

    `limits` are the values of numeric inputs at which the result changes.
    """

    inputs: tuple[str, ...]
    limits: Mapping[str, tuple[float, ...]]
    compute: Callable[[Mapping[str, Value]], Value]


def _child_pugh_score(facts: Mapping[str, Value]) -> float:
    score = child_pugh(
        bilirubin_umol_per_l=float(facts["bilirubin"]),
        albumin_g_per_l=float(facts["albumin"]),
        inr=float(facts["inr"]),
        ascites=Ascites[str(facts["ascites"]).upper()],
        encephalopathy=Encephalopathy[str(facts["encephalopathy"]).upper()],
    )
    if isinstance(score.value, Missing):
        raise AssertionError("all five inputs are there, so there is a score")  # noqa: TRY004
    return score.value


def _child_pugh_limits() -> Mapping[str, tuple[float, ...]]:
    entry = read_table("liver_function")["child_pugh"]["conventional"]
    found = {}
    for analyte in (Analyte.BILIRUBIN, Analyte.ALBUMIN, Analyte.INR):
        limits = entry[analyte.value]
        factor = factor_to_inside(analyte, limits["unit"])
        found[analyte.value] = (limits["low"] * factor, limits["high"] * factor)
    return found


DERIVED: Mapping[str, Derived] = MappingProxyType(
    {
        "child_pugh_score": Derived(
            inputs=("bilirubin", "albumin", "inr", "ascites", "encephalopathy"),
            limits=_child_pugh_limits(),
            compute=_child_pugh_score,
        )
    }
)
"""Fact → how it is derived."""

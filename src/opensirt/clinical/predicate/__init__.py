"""A small language of conditions on named facts, in three-valued logic.

A condition is written in TOML as one of

    { fact = "bilirubin", above = 2.0, unit = "mg/dL" }     above, at_least, below, at_most
    { fact = "active_hepatitis", is = true }                is (yes/no, or one of the choices)
    { fact = "net_grade", in = ["G1", "G2"] }               in
    { all = [...] }  { any = [...] }  { not = {...} }

It holds, does not hold, or is unknown; unknown exactly when some value of the absent facts
would make it hold and another would not.
"""

from opensirt.clinical.predicate.evaluate import Verdict, evaluate
from opensirt.clinical.predicate.facts import Fact, FactKind, Facts, check_facts, declared_facts
from opensirt.clinical.predicate.parse import parse
from opensirt.clinical.predicate.tree import Condition

__all__ = [
    "Condition",
    "Fact",
    "FactKind",
    "Facts",
    "Verdict",
    "check_facts",
    "declared_facts",
    "evaluate",
    "parse",
]

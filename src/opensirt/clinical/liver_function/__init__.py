"""Scores of liver function: each names its variant and its source, and says what it lacks."""

from opensirt.clinical.liver_function.albi import albi
from opensirt.clinical.liver_function.child_pugh import (
    CHILD_PUGH_VARIANTS,
    Ascites,
    Encephalopathy,
    child_pugh,
)
from opensirt.clinical.liver_function.fibrosis import apri, fib_4
from opensirt.clinical.liver_function.meld import Sex, meld, meld_3_0, meld_na
from opensirt.clinical.liver_function.remnant import (
    future_liver_remnant_fraction,
    hepatobiliary_function,
)

__all__ = [
    "CHILD_PUGH_VARIANTS",
    "Ascites",
    "Encephalopathy",
    "Sex",
    "albi",
    "apri",
    "child_pugh",
    "fib_4",
    "future_liver_remnant_fraction",
    "hepatobiliary_function",
    "meld",
    "meld_3_0",
    "meld_na",
]

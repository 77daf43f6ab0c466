"""Lean body mass, by which SUV becomes SUL."""

from opensirt.clinical.liver_function.meld import Sex
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

_CM_PER_M = 100.0


def lean_body_mass_kg(*, weight_kg: float, height_cm: float, sex: Sex, variant: str) -> float:
    """Return lean body mass for SUL by ``janmahasatian`` (recommended) or ``james``.

    James turns down with growing weight in obesity, an artefact.

    Raises
    ------
    InputError
        When weight or height are not positive, or James gives nothing positive.
    UnknownNameError
        When there is no such variant.
    """
    variants = read_table("response_criteria")["lean_body_mass"]
    if variant not in variants:
        raise UnknownNameError("variant of lean body mass", variant, variants)
    if weight_kg <= 0 or height_cm <= 0:
        raise InputError(f"weight {weight_kg:g} kg and height {height_cm:g} cm must be positive")
    numbers = variants[variant][sex.value]
    if variant == "james":
        mass = numbers["per_kg"] * weight_kg - numbers["quadratic"] * (weight_kg / height_cm) ** 2
    else:
        bmi = weight_kg / (height_cm / _CM_PER_M) ** 2
        mass = numbers["factor"] * weight_kg / (numbers["constant"] + numbers["per_bmi"] * bmi)
    if mass <= 0:
        raise InputError(
            f"lean body mass by {variant} is {mass:.1f} kg; use janmahasatian for this body size"
        )
    return float(mass)

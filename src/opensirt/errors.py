"""Every error this package raises on purpose.

OpenSirtError
├── InputError                what was given cannot be used as it is   (also a ValueError)
│   ├── GeometryError         two things do not lie on the same grid, or not in the same space
│   ├── MissingInputError     a fact that the calculation needs was never recorded
│   ├── UnknownNameError      a name (engine, device, nuclide, …) that is not in the table
│   └── ConfirmationError     suspicious input: refused until a named person confirms it
├── RuleError                 a named clinical or product rule forbids the result
└── StoreError                the record could not be kept or found
    └── ConflictError         another writer was first

A message says what, where, what was found, what was wanted and what to do next. No message
contains anything that identifies a patient.
"""

from collections.abc import Iterable


class OpenSirtError(Exception):
    """Base of all errors that this package raises on purpose."""


class InputError(OpenSirtError, ValueError):
    """What was given cannot be used as it is."""


class GeometryError(InputError):
    """Two things do not lie on the same grid, or not in the same space."""


class MissingInputError(InputError):
    """A fact that the calculation needs was never recorded.

    Parameters
    ----------
    fact
        What is missing, in the words of the field.
    where
        The file, key or record that should hold it.
    remedy
        What the reader can do.
    """

    def __init__(self, fact: str, *, where: str, remedy: str) -> None:
        super().__init__(f"{where} records no {fact}; {remedy}")
        self.fact = fact


class UnknownNameError(InputError):
    """A name that is not in the table it was looked up in.

    Parameters
    ----------
    kind
        What the name should be, such as ``"engine"``.
    name
        What was given.
    known
        The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(known)
        super().__init__(f"unknown {kind} {name!r}; known: {listed}")
        self.kind = kind
        self.name = name


class ConfirmationError(InputError):
    """Suspicious input that is refused until a named person confirms it.

    Parameters
    ----------
    rule
        Name of the finding; the case lifts it with ``[[confirmations]]``.
    text
        What is suspicious, with the numbers.
    """

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(
            f"{text}. Refused until confirmed: check the input, or add to case.toml "
            f'[[confirmations]] with finding = "{rule}", by = "<your name>", on = <date>'
        )
        self.rule = rule


class RuleError(OpenSirtError):
    """A named clinical or product rule forbids the result."""


class StoreError(OpenSirtError):
    """The record could not be kept or found."""


class ConflictError(StoreError):
    """Another writer was first: nothing was written, and the latest record is to be read again."""

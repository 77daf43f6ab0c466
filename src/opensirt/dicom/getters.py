"""Typed ways to ask a DICOM dataset: `required_*` refuses, `optional_*` says `Missing`.

Nothing else reads a value out of a dataset, so that no caller meets an absent or empty tag.
Messages name the attribute and the series, never what identifies a patient.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import isfinite
from typing import Any, TypeVar

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue

from opensirt.domain.missing import Missing
from opensirt.errors import InputError, MissingInputError

_T = TypeVar("_T")

UNREADABLE = (ValueError, TypeError, OverflowError, BytesLengthException)
"""What pydicom raises when a value is not of its type."""

_REMEDY = "export it again with the full header, or enter the value by hand"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings of libraries from standard error."""
    # pydicom warns in words that may quote a patient's data; what matters is checked here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def where(dataset: Dataset) -> str:
    """Return words for the series that a dataset belongs to."""
    modality = str(dataset.get("Modality", "") or "DICOM")
    uid = str(dataset.get("SeriesInstanceUID", "") or "without UID")
    return f"{modality} series {uid}"


def optional_text(dataset: Dataset, keyword: str) -> str | Missing:
    """Return the text of an attribute, stripped; `Missing` when it is absent or empty."""
    value = _value(dataset, keyword)
    if value is None:
        return Missing.NOT_RECORDED
    if isinstance(value, MultiValue | list | tuple):
        value = "\\".join(str(one) for one in value)
    return str(value).strip() or Missing.NOT_RECORDED


def required_text(dataset: Dataset, keyword: str) -> str:
    """Return the text of an attribute, or raise `MissingInputError`."""
    value = optional_text(dataset, keyword)
    return _required(value, dataset, keyword)


def optional_floats(dataset: Dataset, keyword: str) -> tuple[float, ...] | Missing:
    """Return the finite numbers of an attribute; `Missing` when there is none.

    Raises
    ------
    InputError
        When a value is no finite number.
    """
    value: Any = _value(dataset, keyword)
    if value is None:
        return Missing.NOT_RECORDED
    parts = value if isinstance(value, MultiValue | list | tuple) else [value]
    try:
        numbers = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        numbers = (float("nan"),)
    if not all(isfinite(number) for number in numbers):
        raise InputError(
            f"{where(dataset)}: {keyword} holds no number; wanted finite numbers; {_REMEDY}"
        )
    return numbers or Missing.NOT_RECORDED


def required_floats(dataset: Dataset, keyword: str, *, n: int) -> tuple[float, ...]:
    """Return exactly `n` numbers, or raise `MissingInputError` or `InputError`."""
    numbers = _required(optional_floats(dataset, keyword), dataset, keyword)
    if len(numbers) != n:
        raise InputError(
            f"{where(dataset)}: {keyword} holds {len(numbers)} numbers; wanted {n}; {_REMEDY}"
        )
    return numbers


def optional_float(dataset: Dataset, keyword: str) -> float | Missing:
    """Return the first number of an attribute; `Missing` when there is none."""
    numbers = optional_floats(dataset, keyword)
    return numbers if isinstance(numbers, Missing) else numbers[0]


def required_float(dataset: Dataset, keyword: str) -> float:
    """Return one number, or raise `MissingInputError`."""
    return _required(optional_float(dataset, keyword), dataset, keyword)


def optional_int(dataset: Dataset, keyword: str) -> int | Missing:
    """Return the first number of an attribute as a whole number."""
    number = optional_float(dataset, keyword)
    return number if isinstance(number, Missing) else round(number)


def required_int(dataset: Dataset, keyword: str) -> int:
    """Return one whole number, or raise `MissingInputError`."""
    return _required(optional_int(dataset, keyword), dataset, keyword)


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence; none when it is absent."""
    value = _value(dataset, keyword)
    return tuple(value) if isinstance(value, Sequence) else ()


def _required(value: _T | Missing, dataset: Dataset, keyword: str) -> _T:
    if isinstance(value, Missing):
        raise MissingInputError(keyword, where=where(dataset), remedy=_REMEDY)
    return value


def _value(dataset: Dataset, keyword: str) -> object | None:
    if tag_for_keyword(keyword) is None:
        raise KeyError(keyword)  # a slip in this package, not in the file
    try:
        is_raw = isinstance(dataset.get_item(keyword), RawDataElement)
        with quiet() if is_raw else nullcontext():  # converted now, or long ago
            value: object = dataset.get(keyword)
    except UNREADABLE as error:
        # pydicom converts on access; its message quotes the value, which may identify someone.
        raise InputError(
            f"{where(dataset)}: {keyword} cannot be read; wanted a value of its type; {_REMEDY}"
        ) from error
    empty = value is None or (
        isinstance(value, str | MultiValue | list | Sequence) and len(value) == 0
    )
    return None if empty else value


def common_text(headers: Sequence[Dataset], keyword: str) -> str | Missing:
    """Return a text that all slices share.

    Raises
    ------
    InputError
        When two slices say different things.
    """
    found = {optional_text(header, keyword) for header in headers}
    if len(found) > 1:
        listed = ", ".join(sorted("none" if isinstance(one, Missing) else one for one in found))
        raise InputError(
            f"{where(headers[0])}: its images differ in {keyword} ({listed}); wanted one for the "
            "whole series; sort the files into series again"
        )
    return found.pop()

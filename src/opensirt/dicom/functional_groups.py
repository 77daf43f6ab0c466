"""Enhanced multi-frame images: what a frame shares and what is its own, in one flat header."""

from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from opensirt.dicom.getters import UNREADABLE, items, quiet, where
from opensirt.errors import InputError

_KEPT_WHOLE = "RealWorldValueMappingSequence"


def flat_headers(header: Dataset) -> list[Dataset]:
    """Return one header for each frame, as single-frame files would have; none for those.

    The frame's own functional groups win over the shared ones, and both over the file's header.
    """
    shared = items(header, "SharedFunctionalGroupsSequence")
    flat = []
    for own in items(header, "PerFrameFunctionalGroupsSequence"):
        one = Dataset()
        for element in _readable(header, header):
            if "FunctionalGroupsSequence" not in element.keyword:
                one.add(element)
        for group in (*shared, own):
            for element in _elements(group, header):
                one.add(element)
        flat.append(one)
    return flat


def _elements(group: Dataset, header: Dataset) -> Iterator[DataElement]:
    for element in _readable(group, header):
        if element.keyword == _KEPT_WHOLE:
            yield element
        elif element.VR == "SQ":
            for item in element.value:
                yield from _readable(item, header)


def _readable(dataset: Dataset, header: Dataset) -> Iterator[DataElement]:
    """Yield the elements, which pydicom converts on the way; its message would quote the value."""
    try:
        with quiet():
            elements = list(dataset)
        yield from elements
    except UNREADABLE as error:
        raise InputError(
            f"{where(header)}: a value in its header cannot be read; wanted values of their types; "
            "export it again"
        ) from error

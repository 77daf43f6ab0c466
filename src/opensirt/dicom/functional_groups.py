"""Enhanced multi-frame images: what a frame shares and what is its own, in one flat header."""

from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from opensirt.dicom.getters import items

_KEPT_WHOLE = "RealWorldValueMappingSequence"


def flat_headers(header: Dataset) -> list[Dataset]:
    """Return one header for each frame, as single-frame files would have; none for those.

    The frame's own functional groups win over the shared ones, and both over the file's header.
    """
    shared = items(header, "SharedFunctionalGroupsSequence")
    flat = []
    for own in items(header, "PerFrameFunctionalGroupsSequence"):
        one = Dataset()
        for element in header:
            if "FunctionalGroupsSequence" not in element.keyword:
                one.add(element)
        for group in (*shared, own):
            for element in _elements(group):
                one.add(element)
        flat.append(one)
    return flat


def _elements(group: Dataset) -> Iterator[DataElement]:
    for element in group:
        if element.keyword == _KEPT_WHOLE:
            yield element
        elif element.VR == "SQ":
            for item in element.value:
                yield from item

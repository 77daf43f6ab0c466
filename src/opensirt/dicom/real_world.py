"""From stored values to numbers with a unit: rescale, or the real-world value mapping."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from opensirt.dicom.getters import (
    items,
    optional_float,
    optional_floats,
    optional_text,
    required_float,
    where,
)
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.units import ImageUnit, image_unit


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """value = stored × slope + intercept, for stored values from `first` to `last`."""

    slope: float = 1.0
    intercept: float = 0.0
    first: float = -np.inf
    last: float = np.inf

    def applied(self, stored: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the values; raise `InputError` for stored values that the mapping leaves out."""
        values = np.asarray(stored, np.float64)
        low, high = float(values.min()), float(values.max())
        if low < self.first or high > self.last:
            raise InputError(
                f"stored values from {low:g} to {high:g}, but the real-world value mapping covers "
                f"{self.first:g} to {self.last:g}; wanted all of them; export the series again"
            )
        mapped: NDArray[np.float32] = (values * self.slope + self.intercept).astype(np.float32)
        return mapped


def rescale(dataset: Dataset, *, required: bool) -> ValueMapping:
    """Return RescaleSlope and RescaleIntercept; without them the stored values are the values.

    Raises
    ------
    MissingInputError
        When `required` (CT and PET images) and one of the two is absent.
    InputError
        When the slope is zero.
    """
    if required:
        slope = required_float(dataset, "RescaleSlope")
        intercept = required_float(dataset, "RescaleIntercept")
    else:
        found = optional_float(dataset, "RescaleSlope"), optional_float(dataset, "RescaleIntercept")
        slope = 1.0 if isinstance(found[0], Missing) else found[0]
        intercept = 0.0 if isinstance(found[1], Missing) else found[1]
    if slope == 0:
        raise InputError(
            f"{where(dataset)}: RescaleSlope is 0, which makes all voxels equal; wanted another "
            "number; export the series again"
        )
    return ValueMapping(slope, intercept)


def activity_mapping(dataset: Dataset) -> tuple[ValueMapping, ImageUnit] | None:
    """Return the linear mapping to an activity concentration, or None when there is none.

    Raises
    ------
    InputError
        When there are several, or the mapping is a table.
    """
    found: list[tuple[ValueMapping, ImageUnit]] = []
    for item in items(dataset, "RealWorldValueMappingSequence"):
        unit = _unit(item)
        if unit is None:
            continue
        slope = optional_float(item, "RealWorldValueSlope")
        if isinstance(slope, Missing):
            raise InputError(
                f"{where(dataset)}: the real-world value mapping is a table; wanted slope and "
                "intercept; export the series with Units BQML"
            )
        mapping = ValueMapping(
            slope,
            required_float(item, "RealWorldValueIntercept"),
            _bound(item, "First", -np.inf),
            _bound(item, "Last", np.inf),
        )
        found.append((mapping, unit))
    if len(found) > 1:
        raise InputError(
            f"{where(dataset)}: {len(found)} real-world value mappings to an activity "
            "concentration; wanted one; export the series with Units BQML"
        )
    return found[0] if found else None


def _unit(item: Dataset) -> ImageUnit | None:
    for code in items(item, "MeasurementUnitsCodeSequence"):
        text = optional_text(code, "CodeValue")
        try:
            unit = None if isinstance(text, Missing) else image_unit(text)
        except UnknownNameError:
            unit = None  # SUV and other mappings are of no use here
        if unit in (ImageUnit.BQ_PER_ML, ImageUnit.KBQ_PER_ML, ImageUnit.MBQ_PER_ML):
            return unit
    return None


def _bound(item: Dataset, which: str, otherwise: float) -> float:
    for kind in ("", "DoubleFloat"):
        keyword = f"{kind}RealWorldValue{which}ValueMapped"
        numbers = optional_floats(item, keyword)
        if not isinstance(numbers, Missing):
            return numbers[0]
    return otherwise

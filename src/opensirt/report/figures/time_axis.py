"""Time since the origin, as people read it: months where the table counts days."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

_DAYS_PER_MONTH = 30.4375
_MOST_TICKS = 8
_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)


@dataclass(frozen=True)
class TimeAxis:
    """Ticks in the unit of the table, with the labels that people see."""

    unit: str
    ticks: NDArray[np.float64]
    labels: tuple[str, ...]
    scale: float

    def label(self, origin: str) -> str:
        """Return what stands below the axis."""
        return f"{self.unit.capitalize()} since {origin}"


def time_axis(end: float, unit: str) -> TimeAxis:
    """Return ticks from 0 to an end in the unit of the table (days become months)."""
    days = unit in ("d", "day", "days")
    scale = _DAYS_PER_MONTH if days else 1.0
    shown = end / scale
    step = next((one for one in _STEPS if shown / one <= _MOST_TICKS), None)
    if step is None:
        step = int(np.ceil(shown / _MOST_TICKS))
    values = np.arange(0.0, shown + 1e-9, step)
    return TimeAxis(
        unit="months" if days else unit,
        ticks=values * scale,
        labels=tuple(f"{one:.0f}" for one in values),
        scale=scale,
    )


def apply(axes: Axes, axis: TimeAxis, end: float, origin: str) -> None:
    """Set ticks, limits and label of the abscissa."""
    axes.set_xticks(axis.ticks, axis.labels)
    axes.set_xlim(0.0, end * 1.02)
    axes.set_xlabel(axis.label(origin))

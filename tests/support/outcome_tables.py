"""Small tables with known shape for the tests of survival and dose–response."""

import numpy as np
from numpy.typing import NDArray

from opensirt.outcomes.cox import CoxData
from opensirt.outcomes.endpoint import Endpoint
from opensirt.outcomes.times import EventTimes, event_times

Floats = NDArray[np.float64]


def endpoint(unit: str = "days") -> Endpoint:
    return Endpoint(
        name="overall_survival",
        title="Overall survival",
        event="death of any cause",
        origin="first treatment",
        censoring="at the last day known alive",
        source="made by the test",
        unit=unit,
    )


def tied_times(seed: int, n: int = 120) -> tuple[EventTimes, Floats]:
    """Times on a coarse scale, so that many tie, with two columns that matter."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n)]).astype(np.float64)
    event = rng.exponential(20.0 * np.exp(-0.4 * x[:, 0] - 0.5 * x[:, 1]))
    censored = rng.uniform(2.0, 50.0, n)
    time = np.ceil(np.minimum(event, censored))
    return event_times(endpoint(), time, event <= censored), x


def cox_data(seed: int, n: int = 120) -> CoxData:
    times, x = tied_times(seed, n)
    return CoxData.of(times, x, ("first", "second"))

"""Small programs of two territories that a grid of activities can be tried on."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from opensirt.physics.optimise import ActivityProgram, LinearLimit, Logistic

GRID = np.linspace(0.0, 1.0, 61)
"""Parts of the largest activity of each territory that a search over all tries."""


def limit(key: str, per_gbq: Sequence[float], at_most: float, already: float = 0.0) -> LinearLimit:
    return LinearLimit(
        key=key,
        words=f"{key} {at_most:g} Gy",
        territory="",
        per_gbq=np.array(per_gbq, dtype=np.float64),
        at_most=at_most,
        already=already,
    )


positive = st.floats(5.0, 60.0)
tumour = st.floats(20.0, 300.0)


@st.composite
def programs(draw: st.DrawFn, *, objective: str) -> ActivityProgram:
    """Two territories, three tumours (one in both), four limits of a plan."""
    rows = np.array(
        [[draw(tumour), 0.0], [0.0, draw(tumour)], [draw(tumour), draw(tumour)]], dtype=np.float64
    )
    limits = (
        limit("normal_liver", [draw(positive), draw(positive)], draw(st.floats(20.0, 90.0))),
        limit("perfused_right", [draw(positive), 0.0], draw(st.floats(20.0, 120.0))),
        limit("perfused_left", [0.0, draw(positive)], draw(st.floats(20.0, 120.0))),
        limit("lung", [draw(st.floats(0.5, 10.0))] * 2, 30.0, draw(st.floats(0.0, 15.0))),
    )
    weights = np.array([0.5, 0.2, 0.3]) if objective == "mean" else None
    control = Logistic(d50_gy=150.0, slope_per_gy=0.02) if objective == "control" else None
    return ActivityProgram(
        territories=("right", "left"),
        rows=rows,
        limits=limits,
        weights=weights,
        control=control,
        second=rows.mean(axis=0),
    )


def tried(program: ActivityProgram) -> NDArray[np.float64]:
    """Return every pair of activities on the grid that no limit forbids."""
    most = [
        min(one.room / one.per_gbq[index] for one in program.limits if one.per_gbq[index] > 0)
        for index in range(2)
    ]
    all_pairs = np.array([(x * most[0], y * most[1]) for x in GRID for y in GRID])
    kept = [not program.exceeded(one) for one in all_pairs]
    found: NDArray[np.float64] = all_pairs[np.array(kept)]
    return found

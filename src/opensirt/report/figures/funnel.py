"""Funnel and bubble plots: estimates against precision, and against a moderator."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Floats, normal_quantile
from opensirt.outcomes.evidence.pooling import Pooled
from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, png, sheet, style, wrapped
from opensirt.report.figures.palette import BLUE, INK, SOFT_INK, VERMILION

_HEIGHT_IN = 3.6
_LINE_IN = 0.15


def funnel_png(
    pooled: Pooled, *, title: str, axis: str, notes: Sequence[str], filled: int = 0
) -> bytes:
    """Return estimates against their standard errors, with the cone of a fixed effect.

    Parameters
    ----------
    pooled
        A fit without moderators; its last `filled` studies are drawn open, as filled in.
    axis
        What the horizontal axis shows, with its scale.
    """
    effects = pooled.effects
    errors = np.sqrt(effects.variance)
    lines = wrapped(notes)
    with style():
        figure = sheet(_HEIGHT_IN + _LINE_IN * len(lines))
        axes = figure.add_axes(_plot(len(lines)))
        z = normal_quantile(pooled.level)
        middle = pooled.pooled.estimate
        deepest = 1.08 * float(errors.max())
        axes.fill(
            [middle, middle - z * deepest, middle + z * deepest],
            [0.0, deepest, deepest],
            facecolor="#eef3f8",
            edgecolor="#b9c8d8",
            linewidth=0.6,
        )
        axes.axvline(middle, color=BLUE, linewidth=0.9, linestyle="--")
        real = effects.k - filled
        axes.plot(effects.estimate[:real], errors[:real], "o", color=INK, markersize=4.5)
        axes.plot(
            effects.estimate[real:],
            errors[real:],
            "o",
            markerfacecolor="white",
            markeredgecolor=VERMILION,
            markersize=5,
        )
        axes.set_ylim(deepest, 0.0)
        axes.set_xlabel(axis)
        axes.set_ylabel("Standard error")
        axes.set_title(title)
        _foot(figure, lines)
        return png(figure)


def bubble_png(
    pooled: Pooled,
    moderator: ArrayLike,
    *,
    title: str,
    axis: str,
    across: str,
    notes: Sequence[str],
) -> bytes:
    """Return a meta-regression on one moderator: bubbles by weight, the line and its interval.

    Parameters
    ----------
    pooled
        A fit with an intercept and one moderator.
    moderator : (k,)
        Its values.
    axis, across
        What the vertical and the horizontal axis show.

    Raises
    ------
    InputError
        When the fit has not exactly one moderator.
    """
    if len(pooled.coefficients) != 2:  # noqa: PLR2004 - intercept and slope
        raise InputError(
            f"the fit has {len(pooled.coefficients) - 1} moderators; a bubble plot shows one"
        )
    values = np.asarray(moderator, dtype=np.float64)
    line = np.linspace(float(values.min()), float(values.max()), 100)
    centre, half = _line(pooled, line)
    back = np.vectorize(pooled.back)
    lines = wrapped(notes)
    with style():
        figure = sheet(_HEIGHT_IN + _LINE_IN * len(lines))
        axes = figure.add_axes(_plot(len(lines)))
        axes.fill_between(
            line, back(centre - half), back(centre + half), color="#dfe9f3", linewidth=0
        )
        axes.plot(line, back(centre), color=BLUE, linewidth=1.4)
        axes.scatter(
            values,
            back(pooled.effects.estimate),
            s=20.0 + 320.0 * pooled.weights / float(pooled.weights.max()),
            facecolor="none",
            edgecolor=INK,
            linewidth=1.0,
        )
        axes.set_xlabel(across)
        axes.set_ylabel(axis)
        axes.set_title(title)
        axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
        axes.set_axisbelow(True)
        _foot(figure, lines)
        return png(figure)


def _line(pooled: Pooled, at: Floats) -> tuple[Floats, Floats]:
    """Return the fitted line and half its interval at values of the moderator."""
    beta = np.array([one.estimate for one in pooled.coefficients])
    design = np.column_stack([np.ones(len(at)), at])
    error = np.sqrt(np.einsum("ij,jk,ik->i", design, pooled.covariance, design))
    first = pooled.coefficients[1]
    quantile = (first.high - first.low) / (2.0 * first.standard_error)
    return np.asarray(design @ beta), np.asarray(quantile * error)


def _plot(n_notes: int) -> tuple[float, float, float, float]:
    height = _HEIGHT_IN + _LINE_IN * n_notes
    return 0.1, (0.55 + _LINE_IN * n_notes) / height, 0.86, (_HEIGHT_IN - 0.95) / height


def _foot(figure: Figure, notes: Sequence[str]) -> None:
    height = figure.get_figheight()
    for number, line in enumerate(notes):
        figure.text(
            0.02,
            (0.06 + _LINE_IN * (len(notes) - number - 1)) / height,
            line,
            fontsize=SMALL_PT - 0.5,
            color=SOFT_INK,
        )

"""Chance by dose with what was seen, the ROC curve and calibration, side by side below."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from opensirt.domain.missing import Missing
from opensirt.outcomes.dose_curve import CurveForm
from opensirt.outcomes.dose_response_analysis import DoseResponseAnalysis
from opensirt.report.figures.canvas import GRID_COLOUR, WIDTH_IN, sheet, style, wrapped
from opensirt.report.figures.foot import LINE_IN, say_at_foot
from opensirt.report.figures.palette import BLACK, BLUE, ORANGE, SOFT_INK, VERMILION
from opensirt.report.number import as_gy, rounded

_CURVE_IN = 2.7
_SMALL_IN = 2.3
_PERCENT = 100.0


def dose_response_figure(found: DoseResponseAnalysis) -> Figure:
    """Return the curve with its band, and below it ROC and calibration."""
    words = _footer(found)
    foot = 0.14 + LINE_IN * len(words)
    height = 0.35 + _CURVE_IN + 0.85 + _SMALL_IN + 0.6 + foot
    with style():
        figure = sheet(height)
        left = 0.6 / WIDTH_IN
        lower = (foot + 0.6) / height
        upper = (foot + 0.6 + _SMALL_IN + 0.85) / height
        _curve(
            figure.add_axes((left, upper, 1.0 - left - 0.15 / WIDTH_IN, _CURVE_IN / height)), found
        )
        side = _SMALL_IN / WIDTH_IN
        _roc(figure.add_axes((left, lower, side, _SMALL_IN / height)), found)
        _calibration(figure.add_axes((left + 0.52, lower, side, _SMALL_IN / height)), found)
        say_at_foot(figure, words, height)
    return figure


def _curve(axes: Axes, found: DoseResponseAnalysis) -> None:
    curve = found.fit.curve
    low_gy, high_gy = curve.dose_range_gy
    doses = np.geomspace(low_gy, high_gy, 200)
    low, high = curve.chance_interval(doses)
    axes.fill_between(doses, _PERCENT * low, _PERCENT * high, color=BLUE, alpha=0.15, linewidth=0)
    fitted = "averaged over patients" if curve.spread else "fitted"
    axes.plot(
        doses, _PERCENT * curve.chance(doses), color=BLUE, linewidth=1.8, label=f"Chance, {fitted}"
    )
    if found.ignoring_patients is not None and curve.spread:
        axes.plot(
            doses,
            _PERCENT * found.ignoring_patients.curve.chance(doses),
            color=ORANGE,
            linewidth=1.1,
            linestyle="--",
            label="Patients ignored (for comparison only)",
        )
    at = [one.dose_gy for one in found.dose_groups]
    seen = np.array([one.observed.fraction for one in found.dose_groups])
    bounds = np.array([one.observed.wilson for one in found.dose_groups]).T
    spread = np.abs(bounds - seen)
    axes.errorbar(
        at,
        _PERCENT * seen,
        yerr=_PERCENT * spread,
        fmt="o",
        color=BLACK,
        markersize=4,
        linewidth=0.9,
        label=f"Seen, fifths by dose (Wilson {found.fit.curve.level:.0%})",
    )
    interval = found.fit.d50_gy
    axes.axvline(curve.d50_gy, color=VERMILION, linewidth=0.9, linestyle=":", label="D50")
    if not isinstance(interval.low, Missing) and not isinstance(interval.high, Missing):
        axes.axvspan(
            interval.low,
            interval.high,
            color=VERMILION,
            alpha=0.08,
            linewidth=0,
            label=f"D50, {curve.level:.0%} interval",
        )
    axes.set_xscale("log" if curve.form is CurveForm.LOG_LOGISTIC else "linear")
    if curve.form is CurveForm.LOG_LOGISTIC:
        ticks = [one for one in _TICKS_GY if low_gy <= one <= high_gy]
        axes.set_xticks(ticks, [f"{one:g}" for one in ticks])
        axes.minorticks_off()
    axes.set_xlim(low_gy, high_gy)
    axes.set_ylim(0.0, 102.0)
    axes.set_xlabel(f"{found.dose_meaning} (Gy)")
    axes.set_ylabel(f"{found.outcome} (%)")
    axes.set_title(f"{found.title} (n = {found.n} {found.unit_of_analysis}s)")
    axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
    axes.legend(loc="upper left")


_TICKS_GY = (1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000)


def _roc(axes: Axes, found: DoseResponseAnalysis) -> None:
    one = found.threshold
    false = np.append(0.0, one.roc.false_positive)
    axes.step(
        _PERCENT * false,
        _PERCENT * np.append(0.0, one.roc.sensitivity),
        where="post",
        color=BLUE,
        linewidth=1.5,
    )
    axes.plot([0, 100], [0, 100], color=SOFT_INK, linewidth=0.7, linestyle=":")
    axes.plot(
        _PERCENT * (1 - one.specificity),
        _PERCENT * one.sensitivity,
        "o",
        color=ORANGE,
        markersize=5,
        label=f"{as_gy(one.value)} Gy as found",
    )
    axes.plot(
        _PERCENT * (1 - one.specificity_corrected),
        _PERCENT * one.sensitivity_corrected,
        "s",
        color=VERMILION,
        markersize=5,
        label="optimism corrected",
    )
    axes.set_xlabel("1 − specificity (%)")
    axes.set_ylabel("Sensitivity (%)")
    axes.set_title(f"ROC, area {one.area:.2f}")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    axes.legend(loc="lower right")


def _calibration(axes: Axes, found: DoseResponseAnalysis) -> None:
    axes.plot([0, 100], [0, 100], color=SOFT_INK, linewidth=0.7, linestyle=":")
    groups = found.calibration.groups
    seen = np.array([one.observed.fraction for one in groups])
    spread = np.abs(np.array([one.observed.wilson for one in groups]).T - seen)
    axes.errorbar(
        [_PERCENT * one.predicted for one in groups],
        _PERCENT * seen,
        yerr=_PERCENT * spread,
        fmt="o-",
        color=BLUE,
        markersize=4,
        linewidth=0.9,
    )
    slope = found.calibration.line.estimate[1]
    axes.set_xlabel("Predicted (%)")
    axes.set_ylabel("Seen (%)")
    axes.set_title(f"Calibration, same data, slope {slope:.2f}")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)


def _footer(found: DoseResponseAnalysis) -> list[str]:
    curve = found.fit.curve
    interval = found.fit.d50_gy
    low, high = (
        "open" if isinstance(one, Missing) else as_gy(one) for one in (interval.low, interval.high)
    )
    said = (
        f"{found.outcome}: {found.n_events} of {found.n} {found.unit_of_analysis}s in "
        f"{found.n_patients} patients; criterion: {found.criterion}. Source: {found.population}."
    )
    fitted = (
        f"D50 {as_gy(curve.d50_gy)} Gy ({curve.level:.0%} profile likelihood {low} to {high}), "
        f"{curve.form.steepness} {rounded(curve.steepness)}; {curve.form.value}."
    )
    sentences = [said, fitted]
    if curve.spread:
        sentences.append(f"Random intercept of patients, SD {curve.spread:.2f} on the logit scale.")
    if found.left_out:
        sentences.append(f"{found.left_out} rows left out for missing values.")
    sentences += found.notes
    return wrapped([" ".join(sentences)])

"""Dose–volume histograms with the interval of each dose, one panel for each structure."""

from collections.abc import Mapping
from math import ceil

import numpy as np

from opensirt.domain.dvh import Dvh
from opensirt.domain.uncertainty import SampledDose
from opensirt.errors import InputError
from opensirt.report.figures.canvas import GRID_COLOUR, SMALL_PT, WIDTH_IN, png, sheet, style
from opensirt.report.figures.marks import legend_text, shortened
from opensirt.report.figures.palette import BLUE, VERMILION

MOST_PANELS = 12
_COLUMNS = 4
_ROW_IN = 1.5
_HEAD_IN, _FOOT_IN = 0.3, 0.75
_OPACITY = 0.25
_LONGEST_LABEL = 26


def bands_png(dvhs: Mapping[str, Dvh], bands: Mapping[str, SampledDose]) -> bytes:
    """Return one small histogram for each structure: as imaged, estimate, and interval.

    Parameters
    ----------
    dvhs
        Label → histogram as imaged, for every label of `bands`.
    bands
        Label → doses with intervals, at most `MOST_PANELS` of them.
    """
    if not 0 < len(bands) <= MOST_PANELS:
        raise InputError(f"{len(bands)} histograms to draw with bands; wanted 1 to {MOST_PANELS}")
    columns = min(_COLUMNS, len(bands))
    n_rows = ceil(len(bands) / columns)
    height = _HEAD_IN + n_rows * _ROW_IN + _FOOT_IN
    with style():
        figure = sheet(height)
        every = figure.subplots(n_rows, columns, squeeze=False, sharey=True)
        figure.subplots_adjust(
            left=0.55 / WIDTH_IN,
            right=1 - 0.1 / WIDTH_IN,
            top=1 - _HEAD_IN / height,
            bottom=_FOOT_IN / height,
            hspace=0.55,
            wspace=0.12,
        )
        for axes in list(every.flat)[len(bands) :]:
            axes.remove()
        for axes, (label, band) in zip(every.flat, bands.items(), strict=False):
            parts = 100.0 * np.array(list(band.at_volume))
            doses = list(band.at_volume.values())
            low, middle, high = (
                [getattr(one, end) for one in doses] for end in ("low_gy", "estimate_gy", "high_gy")
            )
            axes.fill_betweenx(
                parts, low, high, color=BLUE, alpha=_OPACITY, linewidth=0, label="95 % interval"
            )
            axes.plot(middle, parts, color=BLUE, label="estimate")
            seen, volume = dvhs[label].curve(400)
            volume *= 100.0
            axes.plot(seen, volume, color=VERMILION, linestyle="--", linewidth=1, label="as imaged")
            axes.set_xlim(0.0, max(1e-3, 1.08 * max(high)))
            axes.set_ylim(0.0, 102.0)
            axes.set_title(legend_text(shortened(label, _LONGEST_LABEL)), fontsize=SMALL_PT)
            axes.tick_params(labelsize=SMALL_PT)
            axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.5)
        figure.supxlabel("Absorbed dose (Gy)", fontsize=SMALL_PT, y=0.3 / height)
        figure.supylabel("Volume (%)", fontsize=SMALL_PT, x=0.06 / WIDTH_IN)
        handles, names = every.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="lower center", ncols=3, fontsize=SMALL_PT, frameon=False)
        return png(figure)

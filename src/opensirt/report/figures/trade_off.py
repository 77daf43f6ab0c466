"""What tumour dose costs in normal-liver dose: one panel for each device."""

from collections.abc import Sequence

from opensirt.domain.optimised_plan import OptimisedPlan
from opensirt.errors import InputError
from opensirt.report.figures.canvas import GRID_COLOUR, WIDTH_IN, png, sheet, style
from opensirt.report.figures.palette import BLUE, SOFT_INK, VERMILION
from opensirt.report.wording import device_words

_HEIGHT_IN = 2.75
_LEFT_IN, _RIGHT_IN, _BETWEEN_IN = 0.6, 0.15, 0.55
_FOOT_IN, _HEAD_IN = 0.75, 0.3


def trade_off_png(plans: Sequence[OptimisedPlan]) -> bytes:
    """Return least and mean tumour dose against the whole normal liver's, the plan marked.

    Raises
    ------
    InputError
        When no plan has a trade-off.
    """
    drawn = [one for one in plans if one.trade_off and not one.refused]
    if not drawn:
        raise InputError("no optimised plan has a trade-off to draw")
    width = (WIDTH_IN - _LEFT_IN - _RIGHT_IN - _BETWEEN_IN * (len(drawn) - 1)) / len(drawn)
    with style():
        figure = sheet(_HEIGHT_IN)
        for number, plan in enumerate(drawn):
            axes = figure.add_axes(
                (
                    (_LEFT_IN + number * (width + _BETWEEN_IN)) / WIDTH_IN,
                    _FOOT_IN / _HEIGHT_IN,
                    width / WIDTH_IN,
                    (_HEIGHT_IN - _FOOT_IN - _HEAD_IN) / _HEIGHT_IN,
                )
            )
            liver = [one.normal_liver_gy for one in plan.trade_off]
            for values, colour, dashes, label in (
                ([one.least_tumour_gy for one in plan.trade_off], BLUE, "-", "least-dosed tumour"),
                ([one.mean_tumour_gy for one in plan.trade_off], VERMILION, "--", "all tumours"),
            ):
                axes.plot(liver, values, color=colour, linestyle=dashes, linewidth=1.6, label=label)
            at = plan.normal_liver_gy
            if isinstance(at, float):
                axes.plot(
                    [at],
                    [min(plan.tumour_doses_gy.values())],
                    "o",
                    color=BLUE,
                    markersize=6,
                    label="this plan",
                )
                axes.axvline(at, color=SOFT_INK, linewidth=0.7, linestyle=":")
            axes.set_xlim(left=0.0)
            axes.set_ylim(bottom=0.0)
            axes.set_title(device_words(plan.device))
            axes.set_xlabel("Whole normal liver (Gy)")
            if number == 0:
                axes.set_ylabel("Tumour, mean dose (Gy)")
            axes.grid(visible=True, color=GRID_COLOUR, linewidth=0.6)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, handlelength=2.6)
        return png(figure)

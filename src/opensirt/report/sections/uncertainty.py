"""How sure the doses are: their intervals, and what makes each mean dose uncertain."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import DoseInterval, DoseUncertainty, SampledDose
from opensirt.report.content import Cell, Column, Table, marked
from opensirt.report.number import as_gy, as_percent
from opensirt.report.wording import UNVERIFIED_LEGEND

REPORTED_PERCENT = (95, 70, 50)
"""Volumes, in per cent, whose doses are given with their intervals."""

_LOWER_BOUND = "lower bound"
_ABSENT = "–"
_READING = (
    "Components are relative standard uncertainties (k = 1) of the mean dose; correlated ones do "
    "not add in quadrature. {absent}: not included, so that the interval is called a lower bound."
)
_LARGEST = 10.0
"""Of the mean dose: a structure with hardly any dose has no relative uncertainty worth a number."""

_NO_INTERVAL = (
    f"No interval: the standard uncertainty is more than {_LARGEST:g} times the dose, which says "
    "only that the structure has hardly any."
)

_INTERVALS = (
    "Estimate (interval): the median of drawn realisations of contour, edge, resolution, "
    "calibration and noise, and the interval that holds {probability:.0%} of them; it need not be "
    "symmetric. Corrected: for the resolution of the image, and where contours were taken as "
    "aligned, for the place at which the image shows the tumours. The other tables are as imaged. "
    "Lower bound: something is not included, so that the interval is at least that wide."
)


def interval_table(found: Sequence[DoseUncertainty]) -> Table | None:
    """Return the doses with their intervals, or None where nothing was drawn."""
    drawn = [(one, one.sampled) for one in found if not isinstance(one.sampled, Missing)]
    if not drawn:
        return None
    sure = all(one.verified for one, _ in drawn)
    return Table(
        "Doses with their 95 % intervals",
        (
            Column("Structure", numeric=False, share=1.6),
            *(
                Column(marked(name, verified=sure), "Gy", share=1.8)
                for name in ("Mean", *(f"D{part}" for part in REPORTED_PERCENT))
            ),
            Column("Corrected", numeric=False),
            Column("Interval", numeric=False),
        ),
        tuple(_interval_row(one, sampled) for one, sampled in drawn),
        (
            _INTERVALS.format(probability=drawn[0][1].probability),
            *((_NO_INTERVAL,) if any(_beyond(one) for one, _ in drawn) else ()),
            *(() if sure else (UNVERIFIED_LEGEND,)),
        ),
    )


def _interval_row(one: DoseUncertainty, sampled: SampledDose) -> tuple[Cell, ...]:
    doses = (sampled.mean, *(sampled.dose(part / 100) for part in REPORTED_PERCENT))
    words = _no_interval if _beyond(one) else with_interval
    return (
        Cell(one.label),
        *(Cell(words(dose), strong=n == 0) for n, dose in enumerate(doses)),
        Cell("yes" if sampled.corrected else "no"),
        Cell(_LOWER_BOUND if one.lower_bound else "whole"),
    )


def no_relative_uncertainty(dose_gy: float, expanded_gy: float, coverage: float = 2.0) -> bool:
    """Whether an uncertainty is so large beside its dose that it is no figure worth printing."""
    return expanded_gy > coverage * _LARGEST * abs(dose_gy)


def expanded_words(dose_gy: float, expanded_gy: float | Missing) -> str:
    """Return an expanded uncertainty in Gy, or that it is far beyond its dose.

    >>> expanded_words(104.4, 10.84), expanded_words(0.004, 735.0)
    ('10.8', '>10 × mean')
    """
    if not isinstance(expanded_gy, Missing) and no_relative_uncertainty(dose_gy, expanded_gy):
        return f">{_LARGEST:g} × mean"
    return as_gy(expanded_gy)


def with_interval(dose: DoseInterval) -> str:
    """Return an estimate with its interval as text."""
    between = " to " if dose.low_gy < 0 else "–"
    return f"{as_gy(dose.estimate_gy)} ({as_gy(dose.low_gy)}{between}{as_gy(dose.high_gy)})"


def _no_interval(dose: DoseInterval) -> str:
    return f"{as_gy(dose.estimate_gy)} (no interval)"


def _beyond(one: DoseUncertainty) -> bool:
    combined = one.combined_fraction
    return not isinstance(combined, Missing) and combined > _LARGEST


def uncertainty_table(found: Sequence[DoseUncertainty]) -> Table:
    """Return one row for each structure, one column for each component."""
    names = list(dict.fromkeys(part.name for one in found for part in one.components))
    sure = {
        name: all(
            part.verified or isinstance(part.relative_standard_uncertainty, Missing)
            for one in found
            for part in one.components
            if part.name == name
        )
        for name in names
    }
    all_sure = all(sure.values())
    return Table(
        "What makes the mean dose uncertain",
        (
            Column("Structure", numeric=False, share=1.6),
            *(
                Column(marked(name.capitalize(), verified=sure[name]), "%", share=1.2)
                for name in names
            ),
            Column(marked("Together", verified=all_sure), "%"),
        ),
        tuple(_row(one, names) for one in found),
        (
            _READING.format(absent=_ABSENT),
            *_how(found),
            *(() if all_sure else (UNVERIFIED_LEGEND,)),
        ),
    )


def _row(one: DoseUncertainty, names: Sequence[str]) -> tuple[Cell, ...]:
    held = {part.name: part.relative_standard_uncertainty for part in one.components}
    return (
        Cell(one.label),
        *(Cell(_per_cent(held.get(name, Missing.NOT_INCLUDED))) for name in names),
        Cell(_per_cent(one.combined_fraction), strong=True),
    )


def _per_cent(value: float | Missing) -> str:
    """Return a part in per cent; one that is beyond ten times the dose says no more than that."""
    if isinstance(value, Missing):
        return _ABSENT
    return f">{as_percent(_LARGEST)}" if value > _LARGEST else as_percent(value, 2)


def _how(found: Sequence[DoseUncertainty]) -> tuple[str, ...]:
    """Say once what each component that is nowhere included lacks."""
    reasons: dict[str, str] = {}
    for one in found:
        for part in one.components:
            if isinstance(part.relative_standard_uncertainty, Missing):
                reasons.setdefault(part.name, part.how)
    nowhere = [
        f"{name}: {why}"
        for name, why in reasons.items()
        if all(name in one.not_included for one in found)
    ]
    return (f"Not included: {'; '.join(nowhere)}.",) if nowhere else ()

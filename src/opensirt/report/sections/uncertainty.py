"""What makes each mean dose uncertain, in one table."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.report.content import Cell, Column, Table, marked
from opensirt.report.number import as_gy, as_percent
from opensirt.report.wording import UNVERIFIED_LEGEND

_LOWER_BOUND = "lower bound"
_ABSENT = "–"
_READING = (
    "Components are relative standard uncertainties (k = 1); correlated ones do not add in "
    "quadrature. {absent}: not included, so that the interval is called a lower bound. The "
    "estimate is corrected for the resolution of the image where that is known, and U is its "
    "expanded uncertainty (k = {factor:g})."
)


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
        "Uncertainty of the mean dose and what contributes to it",
        (
            Column("Structure", numeric=False, share=1.6),
            *(
                Column(marked(name.capitalize(), verified=sure[name]), "%", share=1.2)
                for name in names
            ),
            Column("Estimate", "Gy"),
            Column(marked("U", verified=all_sure), "Gy"),
            Column("U is a", numeric=False, share=1.1),
        ),
        tuple(_row(one, names) for one in found),
        (
            _READING.format(absent=_ABSENT, factor=found[0].coverage_factor),
            *_how(found),
            *(() if all_sure else (UNVERIFIED_LEGEND,)),
        ),
    )


def _row(one: DoseUncertainty, names: Sequence[str]) -> tuple[Cell, ...]:
    held = {part.name: part.relative_standard_uncertainty for part in one.components}
    return (
        Cell(one.label),
        *(Cell(_per_cent(held.get(name, Missing.NOT_INCLUDED))) for name in names),
        Cell(as_gy(one.best_estimate_gy)),
        Cell(as_gy(one.expanded_gy), strong=True),
        Cell(_LOWER_BOUND if one.lower_bound else "95 % interval"),
    )


def _per_cent(value: float | Missing) -> str:
    return _ABSENT if isinstance(value, Missing) else as_percent(value, 2)


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

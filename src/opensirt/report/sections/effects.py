"""Probabilities of toxicity and of control, or why there are none."""

from collections.abc import Sequence
from dataclasses import replace

from opensirt.domain.missing import Missing
from opensirt.domain.structure_effect import StructureEffect
from opensirt.report.content import Cell, Column, Table, marked
from opensirt.report.number import as_gy, as_percent, rounded
from opensirt.report.wording import UNVERIFIED_LEGEND

_NAMES = {"toxicity": "NTCP", "control": "TCP"}
_READING = (
    "NTCP: probability of the toxicity, TCP: of the control that the column of the endpoint names, "
    "by a model of the same device and disease. In brackets: at the ends of the dose's interval; "
    "the spread of the model's own parameters is not included."
)


def effects_table(found: Sequence[StructureEffect], title: str) -> Table:
    """Return one row for each structure and model, alike answers that there is none as one."""
    sure = all(one.verified for one in found)
    sources = dict.fromkeys(f"{one.model}: {one.source}." for one in found if one.model)
    return Table(
        title,
        (
            Column("Structure", numeric=False, share=1.6),
            Column("", numeric=False, share=0.6),
            Column(marked("Probability", verified=sure), "%", share=1.2),
            Column("Dose", "Gy"),
            Column("Over that of 50 %"),
            Column("Endpoint and model", numeric=False, share=3.4),
        ),
        tuple(_row(one) for one in _joined(found)),
        (_READING, *sources, *(() if sure else (UNVERIFIED_LEGEND,))),
    )


def _row(one: StructureEffect) -> tuple[Cell, ...]:
    dose, over = one.dose_gy, one.over_half_effect
    return (
        Cell(one.label),
        Cell(_NAMES[one.effect]),
        Cell(_probability(one), strong=not isinstance(one.probability, Missing)),
        Cell("–" if isinstance(dose, Missing) else as_gy(dose)),
        Cell("–" if isinstance(over, Missing) else rounded(over)),
        Cell(_said(one)),
    )


def _joined(found: Sequence[StructureEffect]) -> list[StructureEffect]:
    """Say once what holds for several structures without a model."""
    made: dict[tuple[str, str], StructureEffect] = {}
    rest: list[StructureEffect] = []
    for one in found:
        if one.model:
            rest.append(one)
            continue
        key = (one.effect, one.reason)
        before = made.get(key)
        label = one.label if before is None else f"{before.label}, {one.label}"
        made[key] = replace(one, label=label)
    return [*rest, *made.values()]


def _probability(one: StructureEffect) -> str:
    if isinstance(one.probability, Missing):
        return "–"
    text = as_percent(one.probability, 2)
    if isinstance(one.low, Missing) or isinstance(one.high, Missing):
        return text
    return f"{text} ({as_percent(one.low, 2)}–{as_percent(one.high, 2)})"


def _said(one: StructureEffect) -> str:
    if not one.model:
        return one.reason[:1].upper() + one.reason[1:]
    text = f"{one.endpoint}; {one.quantity}; {one.model}"
    conditions = f"; holds for: {', '.join(one.conditions)}" if one.conditions else ""
    return f"{text}{conditions}" + (f"; {one.reason}" if one.reason else "")

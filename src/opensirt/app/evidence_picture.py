"""The picture of a meta-analysis that a person asks for by name."""

from pathlib import Path

from opensirt.app.evidence_meta import RATIO, MetaAnalysis
from opensirt.errors import InputError, UnknownNameError
from opensirt.report.evidence_plots import (
    bubble_of_proportion,
    forest_of_proportion,
    forest_of_values,
    funnel_of_proportion,
)
from opensirt.whole_file import whole_file

FOREST, FUNNEL, BUBBLE = "forest", "funnel", "bubble"
PICTURES = (FOREST, FUNNEL, BUBBLE)


def write_picture(path: Path, meta: MetaAnalysis, *, kind: str = FOREST) -> None:
    """Write a picture of a meta-analysis as PNG.

    Raises
    ------
    UnknownNameError
        When there is no such picture.
    InputError
        When the meta-analysis has nothing that the picture shows, or the name does not end in
        ``.png``.
    """
    if kind not in PICTURES:
        raise UnknownNameError("picture", kind, PICTURES)
    if path.suffix != ".png":
        raise InputError(f"a picture is written as PNG; call {path.name} something.png")
    image = _picture(meta, kind)
    with whole_file(path) as part:
        part.write_bytes(image)


def _picture(meta: MetaAnalysis, kind: str) -> bytes:
    if meta.proportion is None:
        if kind != FOREST:
            raise InputError(f"a {kind} plot is for proportions; take {FOREST}")
        unit = "ratio" if meta.kind == RATIO else _unit(meta)
        return forest_of_values(
            meta.selected.outcomes,
            meta.selected,
            meta.base,
            median=meta.median,
            ratios=meta.ratios,
            unit=unit,
        )
    if kind == FUNNEL:
        return funnel_of_proportion(meta.proportion, meta.base)
    if kind == BUBBLE:
        return bubble_of_proportion(meta.proportion, meta.base)
    return forest_of_proportion(meta.proportion, meta.base, meta.comparison)


def _unit(meta: MetaAnalysis) -> str:
    units = sorted({one.value_unit for one in meta.selected.outcomes})
    if len(units) != 1:
        raise InputError(f"the values have different units ({', '.join(units)}); name studies")
    return units[0]

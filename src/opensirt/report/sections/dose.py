"""Dose of every structure, with volumes at dose levels and radiobiology."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, StructureDose
from opensirt.domain.structure import StructureKind
from opensirt.report.content import Block, Cell, Column, Section, Table, marked, merged, row
from opensirt.report.number import as_grams, as_gy, as_mbq, as_percent_of_volume, rounded
from opensirt.report.sections.chosen import in_order
from opensirt.report.sections.uncertainty import expanded_words
from opensirt.report.wording import UNVERIFIED_LEGEND, engine_words, kind_words

_READING = (
    "Volume and mass are those of the whole structure as drawn. D95 is the highest dose that "
    "95\u00a0% of the volume receives; lowest and highest are of single voxels."
)

_UNCERTAINTY = (
    "Expanded uncertainty: k = 2, about 95 %; where the image states its resolution it holds the "
    "correction that was left out. Which components it holds, and where it is a lower bound, "
    "stands in the checks."
)


def dose_section(dose: DoseResult, title: str, more: Sequence[Block] = ()) -> Section:
    """Return the tables of one dose map, and what else is said of it."""
    return Section(title, (_doses(dose), *_volumes(dose), *more), wide=True)


def _doses(dose: DoseResult) -> Table:
    rows = in_order(dose)
    uncertain = any(not isinstance(one.mean_gy_expanded_uncertainty, Missing) for one in rows)
    sure = all(one.radiobiology_verified or isinstance(one.bed_gy, Missing) for one in rows)
    columns = [
        Column("Structure", numeric=False, share=1.9),
        Column("Volume", "mL"),
        Column("Mass", "g"),
        Column("Activity", "MBq"),
        Column("Mean", "Gy"),
        Column("Lowest", "Gy"),
        Column("Highest", "Gy"),
        Column("D95", "Gy"),
        Column("D70", "Gy"),
        Column("D50", "Gy"),
        Column("D5", "Gy"),
        Column(marked("BED", verified=sure), "Gy"),
        Column(marked("EQD2", verified=sure), "Gy"),
        Column(marked("EUBED", verified=sure), "Gy"),
    ]
    if uncertain:
        columns.insert(5, Column("Expanded uncertainty of the mean", "Gy", share=1.2))
    return Table(
        f"{dose.radionuclide}, {engine_words(dose.engine)}, {dose.calibration}",
        tuple(columns),
        tuple(_dose_row(one, uncertain=uncertain) for one in rows),
        (*_dose_notes(rows), *(() if sure else (UNVERIFIED_LEGEND,))),
    )


def _dose_row(one: StructureDose, *, uncertain: bool) -> tuple[Cell, ...]:
    strong = one.kind in {StructureKind.TUMOUR, StructureKind.NORMAL_LIVER}
    cells = [
        Cell(one.label, strong=strong),
        Cell(rounded(one.volume_ml)),
        Cell(as_grams(one.mass_kg)),
        Cell(as_mbq(one.activity_bq)),
        Cell(as_gy(one.mean_gy), strong=True),
        *(
            Cell(as_gy(value))
            for value in (
                one.min_gy,
                one.max_gy,
                one.d95_gy,
                one.d70_gy,
                one.d50_gy,
                one.d5_gy,
            )
        ),
        *merged([Cell(as_gy(one.bed_gy)), Cell(as_gy(one.eqd2_gy)), Cell(as_gy(one.eubed_gy))]),
    ]
    if uncertain:
        cells.insert(5, Cell(expanded_words(one.mean_gy, one.mean_gy_expanded_uncertainty)))
    return tuple(cells)


def _dose_notes(rows: Sequence[StructureDose]) -> tuple[str, ...]:
    notes = [_READING]
    if any(not isinstance(one.mean_gy_expanded_uncertainty, Missing) for one in rows):
        notes.append(_UNCERTAINTY)
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in rows:
        if isinstance(one.bed_gy, Missing):
            continue
        key = (
            rounded(one.alpha_beta_ratio_gy, 2),
            rounded(one.repair_half_life_h, 2),
            one.radiobiology_source,
        )
        groups.setdefault(key, []).append(one.label)
    for (ratio, repair, source), labels in groups.items():
        text = (
            f"BED and EQD2 of {', '.join(labels)}: from the mean dose with α/β {ratio} Gy and a "
            f"repair half-life of {repair} h; EUBED: of all voxels"
        )
        notes.append(f"{text}; {source}" if source else text)
    notes += [
        f"{one.label}: {rounded(one.volume_outside_ml)} mL lie outside the image; the dose "
        "figures are of the rest."
        for one in rows
        if one.volume_outside_ml > 0
    ]
    return tuple(notes)


def _volumes(dose: DoseResult) -> list[Block]:
    """Return one table for all structures that are reported at the same dose levels."""
    groups: dict[tuple[float, ...], list[StructureDose]] = {}
    for one in in_order(dose):
        levels = tuple(sorted(one.volume_fraction_at_gy))
        if levels:
            groups.setdefault(levels, []).append(one)
    tables: list[Block] = []
    for levels, members in groups.items():
        kinds = ", ".join(dict.fromkeys(kind_words(one.kind) for one in members))
        tables.append(
            Table(
                f"Volume that receives at least a dose, in % of the volume: {kinds}",
                (
                    Column("Structure", numeric=False, share=1.9),
                    *(Column(f"≥ {level:g} Gy", "%") for level in levels),
                ),
                tuple(
                    row(
                        one.label,
                        *(
                            as_percent_of_volume(one.volume_fraction_at_gy[level])
                            for level in levels
                        ),
                    )
                    for one in members
                ),
            )
        )
    return tables

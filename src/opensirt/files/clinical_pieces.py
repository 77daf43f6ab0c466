"""What one row of an imported table says, piece by piece, by the blocks of its mapping."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opensirt.clinical.predicate import check_facts
from opensirt.clinical.quality_of_life import questionnaire, score_answers
from opensirt.domain.adverse_event import AdverseEvent
from opensirt.domain.ctcae import HIGHEST_GRADE
from opensirt.domain.laboratory import LabValue
from opensirt.domain.lesion import NewLesion, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import (
    DatedSymptom,
    EarlierTreatment,
    FilledForm,
    PerformanceStatus,
    TumourType,
    VitalStatus,
)
from opensirt.files.clinical_mapping import (
    AdverseEventColumns,
    ClinicalMapping,
    EcogColumn,
    EnteredFact,
    FactColumn,
    FormColumns,
    LaboratoryColumn,
    LesionColumns,
    SymptomColumns,
    TreatmentColumns,
    VitalColumns,
)
from opensirt.files.mapping_block import Reading
from opensirt.files.row_view import Piece, RowView, made
from opensirt.files.scan_pieces import fdg_scan, hepatobiliary_scan, liver_view
from opensirt.files.table_cells import CellError

_FLAGS = (
    "well_differentiated",
    "functioning_syndrome",
    "sstr_positive",
    "fdg_positive",
    "progressive",
    "symptomatic",
)
_NUMBERS = ("ki67_fraction", "mitoses_per_2_mm2", "tumour_burden_fraction", "liver_volume_ml")


def pieces_of(
    row: RowView, mapping: ClinicalMapping, applies: Callable[[Reading], bool]
) -> tuple[list[Piece], list[CellError]]:
    """Return everything that one row says, and every cell that cannot be used."""
    pieces: list[Piece] = []
    wrong: list[CellError] = []
    for block, reader in _readers(mapping):
        if not applies(block):
            continue
        try:
            pieces += list(reader(row))
        except CellError as error:
            wrong.append(error)
    return pieces, wrong


Reader = Callable[[RowView], Iterator[Piece]]


def _readers(mapping: ClinicalMapping) -> Iterator[tuple[Reading, Reader]]:
    def bound(read: Callable[..., Iterator[Piece]], *given: object) -> Reader:
        return lambda row: read(row, *given)

    lists: tuple[tuple[Callable[..., Iterator[Piece]], Sequence[Reading | None]], ...] = (
        (_birth_year, [mapping.birth_year]),
        (_laboratory, mapping.labs),
        (_ecog, mapping.performance),
        (_event, mapping.adverse_events),
        (_symptom, mapping.symptoms),
        (_treatment, mapping.treatments),
        (_fact, mapping.facts),
        (_vital, [mapping.vital_status]),
        (_form, mapping.forms),
        (_lesion, mapping.lesions),
        (liver_view, mapping.liver),
        (fdg_scan, mapping.fdg_scans),
        (hepatobiliary_scan, mapping.hepatobiliary_scans),
    )
    for name, fact in mapping.disease.items():
        yield fact, bound(_disease, fact, name)
    for read, blocks in lists:
        for block in blocks:
            if block is not None:
                yield block, bound(read, block)


def _birth_year(row: RowView, block: FactColumn) -> Iterator[Piece]:
    year = row.rules.whole(block.column, row.cell(block.column))
    if year is None:
        return
    this_year = row.rules.today.year
    oldest = 120
    if not this_year - oldest <= year <= this_year:
        raise CellError(
            block.column, row.cell(block.column), f"a year from {this_year - oldest} to {this_year}"
        )
    yield Piece(("birth_year",), year, block.column)


def _answer(row: RowView, block: FactColumn) -> bool | float | str | None:
    cell = row.cell(block.column)
    if block.codes is not None:
        return row.rules.coded(block.column, cell, block.codes)
    found = row.rules.number(block.column, cell)
    return None if found is None else found * block.factor


def _disease(row: RowView, block: FactColumn, name: str) -> Iterator[Piece]:
    if row.empty(block.column):
        return
    cell = row.cell(block.column)
    value: object
    if name == "ki67_on":
        value = row.day(block.column)
    elif name in _NUMBERS:
        value = _answer(row, block)
    else:
        value = row.rules.text(cell) if block.codes is None else _answer(row, block)
    if name in _FLAGS and not isinstance(value, bool):
        raise CellError(block.column, cell, "codes in the mapping that say true or false")
    if name == "tumour_type":
        known = {one.value: one for one in TumourType}
        if value not in known:
            raise CellError(block.column, cell, f"one of {', '.join(known)}")
        value = known[str(value)]
    if name == "extrahepatic_sites":
        value = tuple(one.strip() for one in str(value).split(",") if one.strip())
    yield Piece(("disease", name), value, block.column)


def _laboratory(row: RowView, block: LaboratoryColumn) -> Iterator[Piece]:
    value = row.number(block.column)
    if isinstance(value, Missing):
        return
    on = row.dated(block)
    limits: dict[str, Any] = {}
    for side in ("lower_limit", "upper_limit"):
        stated = getattr(block, side)
        column = getattr(block, f"{side}_column")
        limits[side] = row.number(column) if stated is None else float(stated)
    lab = made(
        block.column,
        row.cell(block.column),
        lambda: LabValue(
            analyte=block.analyte,
            value=value,
            unit=block.unit,
            on=on,
            assay=block.assay,
            **limits,
        ),
    )
    yield Piece(("laboratory", block.analyte, on), lab, block.column)


def _ecog(row: RowView, block: EcogColumn) -> Iterator[Piece]:
    ecog = row.rules.whole(block.column, row.cell(block.column))
    if ecog is None:
        return
    on = row.dated(block)
    status = made(block.column, row.cell(block.column), lambda: PerformanceStatus(ecog, on))
    yield Piece(("performance", on), status, block.column)


def _symptom(row: RowView, block: SymptomColumns) -> Iterator[Piece]:
    per_day = row.number(block.per_day)
    grade: int | Missing = Missing.NOT_RECORDED
    if block.ctcae_grade is not None:
        found = row.rules.whole(block.ctcae_grade, row.cell(block.ctcae_grade))
        grade = Missing.NOT_RECORDED if found is None else found
    column = block.per_day or block.ctcae_grade or ""
    if isinstance(per_day, Missing) and isinstance(grade, Missing):
        return
    if not isinstance(per_day, Missing) and per_day < 0:
        raise CellError(column, row.cell(column), "0 or more a day")
    if not isinstance(grade, Missing) and not 0 <= grade <= HIGHEST_GRADE:
        raise CellError(block.ctcae_grade or "", str(grade), f"a grade of 0 to {HIGHEST_GRADE}")
    on = row.dated(block)
    made = DatedSymptom(name=block.name, on=on, per_day=per_day, ctcae_grade=grade)
    yield Piece(("symptom", block.name, on), made, column)


def _event(row: RowView, block: AdverseEventColumns) -> Iterator[Piece]:
    grade = row.rules.whole(block.grade, row.cell(block.grade))
    if grade is None:
        return
    on = row.dated(block)
    term = block.term
    if term is None:
        assert block.term_column is not None  # noqa: S101 - the mapping has one of the two
        cell = row.cell(block.term_column)
        term = row.rules.coded(block.term_column, cell, block.terms) if block.terms else None
        term = term or row.rules.text(cell)
        if not term:
            raise CellError(block.term_column, "", "the term of the event")
    name = term
    if grade == 0:
        yield Piece(("no event", name, block.version, on), 0, block.grade)
        return
    until = row.day(block.until)
    event = made(
        block.grade,
        row.cell(block.grade),
        lambda: AdverseEvent(term=name, version=block.version, grade=grade, on=on, until=until),
    )
    yield Piece(("event", name, block.version, on), event, block.grade)


def _treatment(row: RowView, block: TreatmentColumns) -> Iterator[Piece]:
    column = block.column or block.first_on
    assert column is not None  # noqa: S101 - the mapping has one of the two
    if block.column is not None:
        given = row.rules.coded(block.column, row.cell(block.column), block.codes)
        if given is None:
            return
        if given is False:
            yield Piece(("never", block.kind), 0, block.column)
            return
    elif row.empty(column):
        return
    cycles = None
    if block.cycles is not None:
        cycles = row.rules.whole(block.cycles, row.cell(block.cycles))
    first, last = row.day(block.first_on), row.day(block.last_on)
    activity = row.number(block.activity_gbq)
    treatment = made(
        column,
        row.cell(column),
        lambda: EarlierTreatment(
            kind=block.kind,
            first_on=first,
            last_on=last,
            cycles=Missing.NOT_RECORDED if cycles is None else cycles,
            activity_gbq=activity,
        ),
    )
    yield Piece(("treatment", block.kind, first), treatment, column)


def _fact(row: RowView, block: EnteredFact) -> Iterator[Piece]:
    value = _answer(row, block)
    if value is None:
        return
    made(block.column, row.cell(block.column), lambda: check_facts({block.fact: value}))
    yield Piece(("fact", block.fact), value, block.column)


def _vital(row: RowView, block: VitalColumns) -> Iterator[Piece]:
    state = row.rules.coded(block.column, row.cell(block.column), block.codes)
    if state is None:
        return
    yield Piece(("vital_status",), VitalStatus(state, row.dated(block)), block.column)


def _form(row: RowView, block: FormColumns) -> Iterator[Piece]:
    answers = {}
    for item, column in block.items.items():
        found = row.rules.whole(column, row.cell(column))
        if found is not None:
            answers[int(item)] = found
            made(
                column,
                row.cell(column),
                lambda given={int(item): found}: score_answers(  # type: ignore[misc]
                    questionnaire(block.questionnaire), given
                ),
            )
    if not answers:
        return
    on = row.dated(block)
    form = FilledForm(block.questionnaire, on, answers)
    yield Piece(("form", block.questionnaire, on), form, next(iter(block.items.values())))


def _lesion(row: RowView, block: LesionColumns) -> Iterator[Piece]:
    columns = block.sizes
    first = next(iter(columns.values()))
    sizes = {field: row.number(column) for field, column in columns.items()}
    known: dict[str, Any] = {
        field: size for field, size in sizes.items() if not isinstance(size, Missing)
    }
    stated_new = block.new_lesion is not None and not row.empty(block.new_lesion)
    if not known and not stated_new:
        return
    on = row.dated(block)
    sight = (
        made(
            first,
            row.cell(first),
            lambda: Sight(state=SightState.MEASURED, **known),
        )
        if known
        else Sight(state=SightState.NOT_EVALUABLE)
    )
    yield Piece(("sight", on, block.lesion), sight, first)
    yield Piece(("lesion", block.lesion), (block.organ, block.kind), first)
    if block.baseline:
        yield Piece(("baseline", block.lesion), sight, first)
    if block.new_lesion is not None:
        new = row.rules.coded(block.new_lesion, row.cell(block.new_lesion), block.new_lesion_codes)
        if new is not None:
            seen = NewLesion(id="new", organ=block.organ, equivocal=False)
            yield Piece(("new lesions", on), (seen,) if new else (), block.new_lesion)
    elif block.assume_no_new_lesion:
        yield Piece(("new lesions", on), (), first)

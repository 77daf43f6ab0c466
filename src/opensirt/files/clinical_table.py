"""Tables of patients, CSV, Excel or REDCap, as patient records; every row is accounted for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opensirt.clinical.quality_of_life import questionnaire
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, LiverView, Sight
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import Disease, PatientRecord
from opensirt.errors import InputError
from opensirt.files.clinical_mapping import ClinicalMapping
from opensirt.files.clinical_pieces import pieces_of
from opensirt.files.mapping_block import Dated, Reading
from opensirt.files.row_view import Piece, RowView, Slot
from opensirt.files.table_cells import CellError, CellRules
from opensirt.files.table_rows import Cell, Table, TableRow, read_table_rows

REDCAP_EVENT = "redcap_event_name"
REDCAP_INSTRUMENT = "redcap_repeat_instrument"
REDCAP_COLUMNS = (REDCAP_EVENT, REDCAP_INSTRUMENT, "redcap_repeat_instance")

_ONCE = {
    "birth_year",
    "disease",
    "fact",
    "vital_status",
    "lesion",
    "treated_on",
    "treatment",
    "never",
    "new lesions",
}
"""Places that hold one value a patient, so that several rows may repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason why a row was not stored: the row as a spreadsheet counts it, and the cell."""

    row: int
    column: str
    found: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What a table gave: every row is in `stored`, or in `refused` with its reasons.

    `treated_on` maps the key of a record to the day of treatment where the table has one.
    """

    records: tuple[PatientRecord, ...]
    treated_on: Mapping[str, date]
    stored: tuple[int, ...]
    """Numbers of the rows that were stored whole."""
    refused: tuple[Refusal, ...]
    n_rows: int
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "treated_on", MappingProxyType(dict(self.treated_on)))

    @property
    def refused_rows(self) -> tuple[int, ...]:
        """Numbers of the rows that were refused, each once."""
        return tuple(sorted({one.row for one in self.refused}))


@dataclass
class _Patient:
    """What has been stored of one patient so far: place → value and row."""

    slots: dict[Slot, tuple[Any, int]] = field(default_factory=dict)

    def conflicts(self, pieces: Sequence[Piece], number: int) -> list[Refusal]:
        """Return the pieces for which the place is taken."""
        found = []
        seen: dict[Slot, tuple[Any, int]] = {}
        for piece in pieces:
            held = self.slots.get(piece.slot) or seen.get(piece.slot)
            seen[piece.slot] = (piece.value, number)
            if held is None:
                continue
            value, row = held
            once = piece.slot[0] in _ONCE
            if once and value == piece.value:
                continue
            what = " ".join(_word(one) for one in piece.slot)
            wanted = (
                f"the same {what} as in row {row}, or a mapping that reads it once"
                if once
                else f"one {what}; row {row} has it already: a duplicate visit"
            )
            found.append(
                Refusal(row=number, column=piece.column, found="a second value", wanted=wanted)
            )
        return found

    def store(self, pieces: Sequence[Piece], number: int) -> None:
        """Keep all pieces of one row."""
        for piece in pieces:
            self.slots.setdefault(piece.slot, (piece.value, number))


def read_clinical_table(path: Path, mapping: ClinicalMapping, *, today: date) -> ImportResult:
    """Return the patient records of a table.

    A row is stored whole or refused whole, with each reason: a cell that is no number, date or
    code, an implausible value in the declared unit, a date after `today`, follow-up before
    treatment, an impossible grade, a second value for the same day. A row that holds nothing
    for the mapping is refused too. Nothing is written anywhere.

    Parameters
    ----------
    path
        CSV, .xlsx, or a flat REDCap export of either form.
    mapping
        From `read_clinical_mapping`.
    today
        The day of the import: later dates are refused.

    Raises
    ------
    InputError
        When the table cannot be read, or has not the columns that the mapping names.
    """
    table = read_table_rows(
        path, delimiter=mapping.delimiter, encoding=mapping.encoding, sheet=mapping.sheet
    )
    _require_columns(path, table, mapping)
    for form in mapping.forms:
        questionnaire(form.questionnaire)
    rules = CellRules(
        decimal=mapping.decimal,
        date_formats=tuple(mapping.date_formats),
        missing=frozenset(mapping.missing),
        today=today,
    )
    treated = _treatment_days(table, mapping, rules)
    patients: dict[str, _Patient] = {}
    stored: list[int] = []
    refused: list[Refusal] = []
    unchecked: set[str] = set()
    for row in table.rows:
        key, pieces, wrong = _read_row(row, table, mapping, rules, treated)
        if not wrong:
            patient = patients.get(key, _Patient())
            wrong = patient.conflicts(pieces, row.number)
        if wrong:
            refused += wrong
            continue
        patient.store(pieces, row.number)
        patients[key] = patient
        stored.append(row.number)
        if key not in treated and _asks_for_treatment(mapping):
            unchecked.add(key)
    assumed = _assumed(mapping)
    return ImportResult(
        records=tuple(
            _record(key, one.slots, assumed, complete=mapping.assume_treatments_complete)
            for key, one in patients.items()
        ),
        treated_on=_treated_on(patients, mapping),
        stored=tuple(stored),
        refused=tuple(refused),
        n_rows=len(table.rows),
        findings=_findings(table, mapping, assumed, patients, unchecked),
    )


def _require_columns(path: Path, table: Table, mapping: ClinicalMapping) -> None:
    absent = [one for one in mapping.columns if one not in table.columns]
    if absent:
        raise InputError(
            f"{path.name} has no column {', '.join(map(repr, absent))}, which the mapping names; "
            f"it has {', '.join(table.columns)}"
        )
    asks_event = any(one.event is not None for one in mapping.readings)
    asks_instrument = any(one.instrument is not None for one in mapping.readings)
    for asked, column in ((asks_event, REDCAP_EVENT), (asks_instrument, REDCAP_INSTRUMENT)):
        if asked and column not in table.columns:
            raise InputError(
                f"the mapping names REDCap events or instruments, but {path.name} has no column "
                f"{column}; export the raw data of a longitudinal or repeating project"
            )


def _cells(row: TableRow, table: Table) -> dict[str, Cell]:
    return dict(zip(table.columns, row.cells, strict=True))


def _treatment_days(table: Table, mapping: ClinicalMapping, rules: CellRules) -> dict[str, date]:
    """Return the first day of treatment that each patient's rows state."""
    found: dict[str, date] = {}
    for row in table.rows:
        if row.problem:
            continue
        cells = _cells(row, table)
        key = rules.text(cells[mapping.key])
        if not key:
            continue
        if mapping.treated_on_date is not None:
            found[key] = mapping.treated_on_date
        elif mapping.treated_on is not None:
            try:
                day = rules.day(mapping.treated_on, cells[mapping.treated_on])
            except CellError:
                continue  # the row is refused for this cell when it is read
            if day is not None:
                found.setdefault(key, day)
    return found


def _read_row(
    row: TableRow,
    table: Table,
    mapping: ClinicalMapping,
    rules: CellRules,
    treated: Mapping[str, date],
) -> tuple[str, list[Piece], list[Refusal]]:
    def refusal(column: str, found: str, wanted: str) -> Refusal:
        return Refusal(row=row.number, column=column, found=found, wanted=wanted)

    if row.problem:
        wanted = "as many cells as columns; check quotation marks and the delimiter"
        return "", [], [refusal("", row.problem, wanted)]
    cells = _cells(row, table)
    key = rules.text(cells[mapping.key])
    if not key:
        return "", [], [refusal(mapping.key, "", "the pseudonym of the patient")]

    def applies(block: Reading) -> bool:
        return all(
            wanted is None or str(cells[column]).strip() == wanted
            for wanted, column in (
                (block.event, REDCAP_EVENT),
                (block.instrument, REDCAP_INSTRUMENT),
            )
        )

    view = RowView(cells, rules, treated.get(key))
    pieces, errors = pieces_of(view, mapping, applies)
    if mapping.treated_on is not None:
        try:
            day = rules.day(mapping.treated_on, cells[mapping.treated_on])
        except CellError as error:
            errors.append(error)
        else:
            if day is not None:
                pieces.append(Piece(("treated_on",), day, mapping.treated_on))
    wrong = [refusal(one.column, one.found, one.wanted) for one in errors]
    if not pieces and not wrong:
        wrong = [refusal("", "nothing that the mapping reads", "a value in a mapped column")]
    return key, pieces, wrong


def _treated_on(patients: Mapping[str, _Patient], mapping: ClinicalMapping) -> dict[str, date]:
    """Return the day of treatment that the stored rows of each patient state."""
    if mapping.treated_on_date is not None:
        return dict.fromkeys(patients, mapping.treated_on_date)
    slot: Slot = ("treated_on",)
    return {key: one.slots[slot][0] for key, one in patients.items() if slot in one.slots}


def _word(one: object) -> str:
    value = getattr(one, "value", one)
    return str(value)


def _record(
    key: str,
    slots: Mapping[Slot, tuple[Any, int]],
    assumed: tuple[str, ...],
    *,
    complete: bool,
) -> PatientRecord:
    kinds: dict[object, dict[Slot, Any]] = defaultdict(dict)
    for slot, (value, _) in slots.items():
        kinds[slot[0]][slot[1:]] = value
    disease: dict[str, Any] = {str(name): value for (name,), value in kinds["disease"].items()}
    return PatientRecord(
        key=key,
        birth_year=kinds["birth_year"].get((), Missing.NOT_RECORDED),
        disease=Disease(**disease),
        treatments=tuple(kinds["treatment"].values()),
        treatments_complete=complete or Missing.NOT_RECORDED,
        symptoms=tuple(sorted(kinds["symptom"].values(), key=lambda one: (one.on, one.name))),
        laboratory=tuple(sorted(kinds["laboratory"].values(), key=lambda one: one.on)),
        performance=tuple(sorted(kinds["performance"].values(), key=lambda one: one.on)),
        adverse_events=tuple(sorted(kinds["event"].values(), key=lambda one: one.on)),
        forms=tuple(sorted(kinds["form"].values(), key=lambda one: one.on)),
        fdg_scans=tuple(sorted(kinds["FDG scan"].values(), key=lambda one: one.on)),
        hepatobiliary_scans=tuple(
            sorted(kinds["hepatobiliary scan"].values(), key=lambda one: one.on)
        ),
        lesions=_lesions(kinds),
        imaging=_imaging(kinds),
        vital_status=kinds["vital_status"].get((), Missing.NOT_RECORDED),
        entered={str(name): value for (name,), value in kinds["fact"].items()},
        assumed=assumed,
    )


def _lesions(kinds: Mapping[object, Mapping[Slot, Any]]) -> tuple[Lesion, ...]:
    found = []
    for (name,), (organ, kind) in kinds["lesion"].items():
        before: Sight | None = kinds["baseline"].get((name,))
        absent = Missing.NOT_RECORDED
        found.append(
            Lesion(
                id=str(name),
                organ=organ,
                role=LesionRole.TARGET,
                kind=kind,
                longest_diameter_mm=absent if before is None else before.longest_diameter_mm,
                short_axis_mm=absent if before is None else before.short_axis_mm,
            )
        )
    return tuple(found)


def _imaging(kinds: Mapping[object, Mapping[Slot, Any]]) -> tuple[ImagingVisit, ...]:
    visits: dict[date, dict[str, Sight]] = defaultdict(dict)
    for slot, sight in kinds["sight"].items():
        on, name = slot
        assert isinstance(on, date)  # noqa: S101 - as clinical_pieces writes it
        visits[on][str(name)] = sight
    livers: dict[date, LiverView] = {}
    for (on,), view in kinds["liver"].items():
        assert isinstance(on, date)  # noqa: S101 - as scan_pieces writes it
        livers[on] = view
    return tuple(
        ImagingVisit(
            on=on,
            sights=visits[on],
            new_lesions=kinds["new lesions"].get((on,), Missing.NOT_RECORDED),
            liver=livers.get(on, LiverView()),
        )
        for on in sorted({*visits, *livers})
    )


def _asks_for_treatment(mapping: ClinicalMapping) -> bool:
    return any(isinstance(one, Dated) and one.after_treatment for one in mapping.readings)


def _assumed(mapping: ClinicalMapping) -> tuple[str, ...]:
    found = []
    if mapping.treated_on_date is not None:
        found.append("treated_on")
    if any(isinstance(one, Dated) and one.on_date is not None for one in mapping.readings):
        found.append("dates that the mapping states for all rows")
    if any(one.assume_no_new_lesion for one in mapping.lesions):
        found.append("no new lesions")
    if mapping.assume_treatments_complete:
        found.append("every earlier treatment is in the table")
    return tuple(found)


def _findings(
    table: Table,
    mapping: ClinicalMapping,
    assumed: tuple[str, ...],
    patients: Mapping[str, _Patient],
    unchecked: set[str],
) -> tuple[Finding, ...]:
    found = []

    def note(rule: str, text: str, value: float, severity: Severity = Severity.NOTE) -> None:
        found.append(Finding(severity, rule, text, value))

    if assumed:
        note("import_assumed", f"assumed by the mapping: {', '.join(assumed)}", len(assumed))
    known = {*mapping.columns, *mapping.ignore, *REDCAP_COLUMNS}
    unread = [one for one in table.columns if one not in known]
    if unread:
        text = f"columns that the mapping does not read: {', '.join(unread)}"
        note("import_columns_not_read", text, len(unread), Severity.WARN)
    if table.n_empty:
        note("import_empty_lines", f"{table.n_empty} empty lines", table.n_empty)
    for kind, words in (
        ("no event", "grades of 0: no event, so none is stored"),
        ("never", "treatments coded as not given: none is stored"),
    ):
        count = sum(slot[0] == kind for one in patients.values() for slot in one.slots)
        if count:
            note(f"import_{kind.replace(' ', '_')}", f"{count} {words}", count)
    if unchecked:
        text = (
            f"{len(unchecked)} patients have no day of treatment: that their follow-up lies after "
            "it was not checked"
        )
        note("import_treatment_day_unknown", text, len(unchecked), Severity.WARN)
    return tuple(found)

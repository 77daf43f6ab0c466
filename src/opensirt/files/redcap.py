"""Analysis tables for REDCap: the records, and the data dictionary that they fit into."""

import csv
import io
from pathlib import Path

from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.whole_file import whole_file

RECORD_ID = "record_id"
_HEADER = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
_VALIDATION = {
    VariableKind.NUMBER: "number",
    VariableKind.COUNT: "integer",
    VariableKind.DATE: "date_ymd",
}
_CHOSEN = (VariableKind.CATEGORY, VariableKind.ORDINAL)
_WHY = "_why"


def write_redcap(path: Path, table: AnalysisTable) -> tuple[Path, Path]:
    """Write ``X.csv`` with the records and ``X.redcap.csv`` with REDCap's data dictionary.

    A patient is a record; lesions and procedures are a repeating instrument of their patient.
    Why a value is absent stands in a field of its own, called as the column with ``_why``.
    """
    path = Path(path)
    dictionary = path.with_suffix(".redcap.csv")
    with whole_file(path) as part:
        part.write_text(redcap_records(table), encoding="utf-8", newline="")
    with whole_file(dictionary) as part:
        part.write_text(redcap_dictionary(table), encoding="utf-8", newline="")
    return path, dictionary


def redcap_dictionary(table: AnalysisTable) -> str:
    """Return REDCap's data dictionary as CSV, in its eighteen columns."""
    form = table.unit.value
    rows = [_line(RECORD_ID, "patient", "text", "Pseudonym of the patient")]
    for one in _shown(table):
        label = f"{one.meaning} ({one.unit})" if one.unit not in ("", "1") else one.meaning
        line = _line(one.name, form, _field_type(one), label, note=one.source)
        if one.kind in _CHOSEN:
            line[5] = " | ".join(f"{code}, {level}" for code, level in enumerate(one.levels, 1))
        line[7] = _VALIDATION.get(one.kind, "")
        rows.append(line)
        if not table.columns[one.name].present.all():
            why = _line(one.name + _WHY, form, "dropdown", f"{one.meaning}: why there is no value")
            why[5] = " | ".join(f"{code}, {word.value}" for code, word in enumerate(Missing, 1))
            rows.append(why)
    return _csv([list(_HEADER), *rows])


def redcap_records(table: AnalysisTable) -> str:
    """Return the records as REDCap imports them: choices by code, flags as 1 and 0."""
    repeated = table.unit is not UnitOfAnalysis.PATIENT
    shown = _shown(table)
    header = [RECORD_ID]
    if repeated:
        header += ["redcap_repeat_instrument", "redcap_repeat_instance"]
    for one in shown:
        header.append(one.name)
        if not table.columns[one.name].present.all():
            header.append(one.name + _WHY)
    patients = table[table.patient_column].values.tolist()
    instance: dict[str, int] = {}
    rows: list[list[str]] = [header]
    for row, patient in enumerate(patients):
        cells = [str(patient)]
        if repeated:
            instance[patient] = instance.get(patient, 0) + 1
            cells += [table.unit.value, str(instance[patient])]
        for one in shown:
            cells += _cells(table, one, row)
        rows.append(cells)
    return _csv(rows)


def _shown(table: AnalysisTable) -> list[Variable]:
    return [one for one in table.variables if one.name != table.patient_column]


def _cells(table: AnalysisTable, variable: Variable, row: int) -> list[str]:
    column = table.columns[variable.name]
    value = column.at(row)
    reasons = not column.present.all()
    if isinstance(value, Missing):
        return ["", str(1 + list(Missing).index(value))]
    if variable.kind in _CHOSEN:
        text = str(1 + variable.levels.index(str(value)))
    elif variable.kind in (VariableKind.COUNT, VariableKind.FLAG):
        text = str(int(float(value)))
    elif variable.kind is VariableKind.NUMBER:
        text = repr(float(value))
    else:
        text = str(value)
    return [text, ""] if reasons else [text]


def _field_type(variable: Variable) -> str:
    if variable.kind in _CHOSEN:
        return "radio"
    return "yesno" if variable.kind is VariableKind.FLAG else "text"


def _line(name: str, form: str, kind: str, label: str, *, note: str = "") -> list[str]:
    line = [""] * len(_HEADER)
    line[0], line[1], line[3], line[4], line[6] = name, form, kind, label, note
    return line


def _csv(rows: list[list[str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()

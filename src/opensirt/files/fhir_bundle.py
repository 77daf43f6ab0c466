"""Analysis tables as a FHIR R4B bundle: patients, procedures, observations."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opensirt.domain.analysis_table import NUMERIC, AnalysisTable, Variable, VariableKind
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.whole_file import whole_file

_UCUM = "http://unitsofmeasure.org"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_COLUMN = "urn:opensirt:column"
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_UNITS = {"day": "d"}
"""Units of ours that UCUM writes in another way."""

_ABSENT_CODES = {
    Missing.NOT_DONE: "not-performed",
    Missing.NOT_RECORDED: "unknown",
    Missing.LOST: "unknown",
    Missing.NOT_EVALUABLE: "error",
    Missing.WITHHELD: "masked",
}
_OTHERWISE = "unknown"
Resource = dict[str, Any]


def write_fhir(path: Path, table: AnalysisTable) -> Path:
    """Write the bundle of a table as JSON, whole or not at all."""
    text = fhir_bundle(table)
    with whole_file(Path(path)) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return Path(path)


def fhir_bundle(table: AnalysisTable) -> str:
    """Return a bundle of type collection, every resource built by its R4B class.

    A patient is a Patient with an Observation for each column; a lesion is an Observation whose
    components are the columns; a procedure is a Procedure with such an Observation. An absent
    value is there with its reason.

    Raises
    ------
    InputError
        When a key cannot be the id of a resource, or a resource is not valid.
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    entries = []
    for resource in _resources(table):
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(
                f"a {resource['resourceType']} is not valid FHIR R4B at {first['loc']}: "
                f"{first['msg']}"
            ) from None
        entries.append({"fullUrl": f"urn:opensirt:{resource['id']}", "resource": resource})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    get_fhir_model_class("Bundle").model_validate(bundle)
    return json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False)


def _resources(table: AnalysisTable) -> Iterator[Resource]:
    patients = [str(one) for one in table[table.patient_column].values.tolist()]
    for key in dict.fromkeys(patients):
        if not _ID.fullmatch(key):
            raise InputError(
                "a pseudonym cannot be the id of a FHIR resource (letters, digits, dots and "
                "hyphens, at most 64); export de-identified, which re-codes it"
            )
        yield {"resourceType": "Patient", "id": f"patient-{key}"[:64], "active": True}
    shown = [one for one in table.variables if one.name not in table.row_key]
    for row, key in enumerate(patients):
        subject = {"reference": f"urn:opensirt:patient-{key}"[: 64 + len("urn:opensirt:")]}
        if table.unit is UnitOfAnalysis.PATIENT:
            for variable in shown:
                yield {
                    "resourceType": "Observation",
                    "id": f"row-{row}-{variable.name}".replace("_", "-")[:64],
                    "status": "final",
                    "subject": subject,
                    **_coded(table, variable, row),
                }
        else:
            yield from _of_row(table, shown, row, subject)


def _of_row(
    table: AnalysisTable, shown: list[Variable], row: int, subject: Resource
) -> Iterator[Resource]:
    unit = table.unit.value
    label = str(table[table.row_key[-1]].values[row])
    observation: Resource = {
        "resourceType": "Observation",
        "id": f"{unit}-{row}",
        "status": "final",
        "subject": subject,
        "code": {"coding": [{"system": _COLUMN, "code": unit}], "text": f"{unit} {label}"},
        "component": [_coded(table, one, row) for one in shown],
    }
    if table.unit is UnitOfAnalysis.PROCEDURE:
        yield {
            "resourceType": "Procedure",
            "id": f"given-{row}",
            "status": "completed",
            "code": {"text": "radioembolization"},
            "subject": subject,
        }
        observation["partOf"] = [{"reference": f"urn:opensirt:given-{row}"}]
    yield observation


def _coded(table: AnalysisTable, variable: Variable, row: int) -> Resource:
    """Return the code of a column and its value, or why there is none."""
    said: Resource = {
        "code": {
            "coding": [{"system": _COLUMN, "code": variable.name, "display": variable.meaning}],
            "text": variable.meaning,
        }
    }
    value = table.columns[variable.name].at(row)
    if isinstance(value, Missing):
        code = _ABSENT_CODES.get(value, _OTHERWISE)
        said["dataAbsentReason"] = {
            "coding": [{"system": _ABSENT, "code": code}],
            "text": value.value,
        }
    elif variable.kind is VariableKind.FLAG:
        said["valueBoolean"] = bool(value)
    elif variable.kind in NUMERIC:
        unit = variable.unit or "1"
        said["valueQuantity"] = {
            "value": float(value),
            "unit": unit,
            "system": _UCUM,
            "code": _UNITS.get(unit, unit),
        }
    elif variable.kind is VariableKind.DATE:
        said["valueDateTime"] = str(value)
    else:
        said["valueString"] = str(value)
    return said

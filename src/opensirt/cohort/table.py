"""Analysis tables out of courses: of patients, of lesions, of procedures."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np

from opensirt.cohort.baseline import BASELINE, Measure
from opensirt.cohort.course import Course, day_of, days_between, number_of
from opensirt.cohort.delivered import delivered, dose_of, dose_source, structures_of
from opensirt.cohort.outcome import CRITERION, ENDPOINTS, NEXT_TREATMENT, OUTCOME
from opensirt.domain.analysis_table import (
    AnalysisTable,
    UnitOfAnalysis,
    Variable,
    VariableKind,
    column_of,
)
from opensirt.domain.missing import Missing
from opensirt.units import BQ_PER_MBQ

_BQ_PER_GBQ = 1000.0 * BQ_PER_MBQ
PATIENT = Variable(
    name="patient",
    meaning="Pseudonym of the patient: the key of the case",
    kind=VariableKind.IDENTIFIER,
    source="case.toml key",
)
_TREATED_ON = Variable(
    name="treated_on",
    meaning="Day of treatment: the index date",
    kind=VariableKind.DATE,
    source="case.toml [follow_up] treated_on, else [administration] administered_at",
)
_ONE_COURSE = "one case of the store is taken as one patient: courses are not joined across cases"


def _treated_on(course: Course) -> date | Missing:
    return course.index_date()


def patient_table(
    courses: Iterable[Course],
    *,
    population: str,
    engine: str | None = None,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the table of patients.

    Parameters
    ----------
    courses
        Any number of them; they are read once.
    population
        Who they are, in words.
    engine
        Doses of batch rows of this engine; of the last verification where None.
    provenance
        What the table is made from, as words and hashes.
    """
    measures: tuple[Measure, ...] = (
        (PATIENT, lambda course: course.key),
        (_TREATED_ON, _treated_on),
        *BASELINE,
        *delivered(engine),
        *OUTCOME,
    )
    values: list[list[object]] = [[] for _ in measures]
    n_backwards, names = 0, [one.name for one, _ in measures]
    for course in courses:
        for place, (_, value) in enumerate(measures):
            values[place].append(value(course))
        n_backwards += _backwards(course)
    notes = [_ONE_COURSE]
    if n_backwards:
        notes.append(
            f"{n_backwards} patients have a last contact before the day of treatment; their times "
            "are left out as not evaluable: correct the dates"
        )
    ended = values[names.index(NEXT_TREATMENT.event_column)]
    n_unstated = sum(isinstance(one, Missing) for one in ended)
    if 0 < n_unstated < len(ended):
        notes.append(
            f"{n_unstated} of {len(ended)} patients state neither a new therapy nor until when "
            "there was none: times to next treatment and untreated leave them out, and come out "
            "too short where these had none"
        )
    return AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=tuple(one for one, _ in measures),
        columns={
            one.name: column_of(one, listed)
            for (one, _), listed in zip(measures, values, strict=True)
        },
        row_key=(PATIENT.name,),
        endpoints=ENDPOINTS,
        population=population,
        notes=tuple(notes),
        provenance=provenance or {},
    )


def _backwards(course: Course) -> bool:
    treated, last = course.index_date(), course.block("follow_up").get("vital_status")
    if isinstance(treated, Missing) or not isinstance(last, Mapping):
        return False
    return day_of(last["on"]) < treated


_LESION_NUMBERS = (
    ("volume_ml", "Volume", "mL"),
    ("mass_kg", "Mass", "kg"),
    ("mean_gy", "Mean absorbed dose", "Gy"),
    ("d95_gy", "Dose that 95 % of the volume receives at least", "Gy"),
    ("d70_gy", "Dose that 70 % of the volume receives at least", "Gy"),
    ("d50_gy", "Dose that 50 % of the volume receives at least", "Gy"),
    ("min_gy", "Lowest dose", "Gy"),
    ("max_gy", "Highest dose", "Gy"),
    ("bed_gy", "Biologically effective dose", "Gy"),
)
_OF_PATIENT = ("device", "tumour_type", "net_grade", "prior_prrt")


def lesion_table(
    courses: Iterable[Course],
    *,
    population: str,
    engine: str | None = None,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the table of lesions: every drawn tumour that has a dose, with its own response.

    A response is joined by name: the lesion of the follow-up is called as the structure.
    """
    source = dose_source(engine)
    of_patient = [one for one in BASELINE if one[0].name in _OF_PATIENT]
    verified = True
    rows: list[dict[str, object]] = []
    for course in courses:
        shared = {one.name: value(course) for one, value in of_patient}
        dose = dose_of(course, engine)
        by_lesion = _by_lesion(course)
        for one in structures_of(course, engine, "tumour"):
            verified &= one.get("radiobiology_status") != "unverified"
            rows.append(
                {
                    PATIENT.name: course.key,
                    "lesion": one["label"],
                    **shared,
                    "dose_engine": (dose or {}).get("engine") or Missing.NOT_RECORDED,
                    **{name: number_of(one, name) for name, *_ in _LESION_NUMBERS},
                    **_lesion_response(by_lesion, one["label"]),
                }
            )
    variables = (
        PATIENT,
        Variable(
            name="lesion",
            meaning="Label of the drawn tumour",
            kind=VariableKind.IDENTIFIER,
            source=source,
        ),
        *(one for one, _ in of_patient),
        Variable(
            name="dose_engine",
            meaning="Engine that the doses were computed with",
            kind=VariableKind.TEXT,
            source=source,
        ),
        *(
            Variable(
                name=name,
                meaning=meaning,
                kind=VariableKind.NUMBER,
                unit=unit,
                source=source,
                verified=verified or name != "bed_gy",
            )
            for name, meaning, unit in _LESION_NUMBERS
        ),
        *_LESION_RESPONSE,
    )
    return AnalysisTable(
        unit=UnitOfAnalysis.LESION,
        variables=variables,
        columns={one.name: column_of(one, [row[one.name] for row in rows]) for one in variables},
        row_key=(PATIENT.name, "lesion"),
        population=population,
        notes=(_ONE_COURSE, "lesions of one patient are not independent: cluster by patient"),
        provenance=provenance or {},
    )


_LEVELS = ("CR", "PR", "SD", "PD")
_RESPONSE_SOURCE = f"last follow-up record, {CRITERION} of each target lesion alone"
_LESION_RESPONSE = (
    Variable(
        name="best_change_fraction",
        meaning="Largest shrinkage of the lesion: lowest size over baseline size, minus 1",
        kind=VariableKind.NUMBER,
        unit="1",
        source=_RESPONSE_SOURCE,
    ),
    Variable(
        name="best_response",
        meaning="Best response of the lesion alone; never counted as one of the patient",
        kind=VariableKind.ORDINAL,
        levels=_LEVELS,
        source=_RESPONSE_SOURCE,
    ),
)


def _by_lesion(course: Course) -> list[Mapping[str, Any]] | Missing:
    record = course.latest("follow-up")
    if record is None:
        return Missing.NOT_DONE
    found = [one for one in record.get("response", ()) if one["criterion"] == CRITERION]
    return list(found[0].get("by_lesion", ())) if found else Missing.NOT_DONE


def _lesion_response(by_lesion: list[Mapping[str, Any]] | Missing, label: str) -> dict[str, object]:
    names = [one.name for one in _LESION_RESPONSE]
    if isinstance(by_lesion, Missing):
        return dict.fromkeys(names, by_lesion)
    own = [one for one in by_lesion if one["lesion"] == label]
    if not own:
        return dict.fromkeys(names, Missing.NOT_DONE)
    changes = [one["change_fraction"] for one in own if one.get("change_fraction") is not None]
    seen = [one["category"] for one in own]
    ranked = [one for one in _LEVELS if one in seen]
    return {
        "best_change_fraction": min(changes) if changes else Missing.NOT_EVALUABLE,
        "best_response": ranked[0] if ranked else Missing.NOT_EVALUABLE,
    }


_PROCEDURE = (
    PATIENT,
    Variable(
        name="procedure",
        meaning="Number of the administration of this patient",
        kind=VariableKind.IDENTIFIER,
        source="administration records in order; 1 where only case.toml states it",
    ),
    Variable(
        name="given_on",
        meaning="Day of the last injection",
        kind=VariableKind.DATE,
        source="administration record, else case.toml [administration] administered_at",
    ),
    Variable(
        name="days_from_index",
        meaning="Days from the index date to this administration",
        kind=VariableKind.NUMBER,
        unit="day",
        source="given_on minus treated_on",
    ),
    Variable(
        name="device",
        meaning="Microspheres",
        kind=VariableKind.CATEGORY,
        levels=("resin", "glass", "holmium", "unknown"),
        source="administration record, else case.toml",
    ),
    Variable(
        name="net_activity_gbq",
        meaning="Net activity of all sites",
        kind=VariableKind.NUMBER,
        unit="GBq",
        source="administration record, else case.toml [administration]",
    ),
    Variable(
        name="n_territories",
        meaning="Injection sites",
        kind=VariableKind.COUNT,
        source="administration record, else case.toml [[territories]]",
    ),
    Variable(
        name="n_vials",
        meaning="Vials",
        kind=VariableKind.COUNT,
        source="administration record",
    ),
)


def procedure_table(
    courses: Iterable[Course],
    *,
    population: str,
    provenance: Mapping[str, str] | None = None,
) -> AnalysisTable:
    """Return the table of procedures: every administration of every patient."""
    rows = [row for course in courses for row in _procedures(course)]
    return AnalysisTable(
        unit=UnitOfAnalysis.PROCEDURE,
        variables=_PROCEDURE,
        columns={one.name: column_of(one, [row[one.name] for row in rows]) for one in _PROCEDURE},
        row_key=(PATIENT.name, "procedure"),
        population=population,
        notes=(_ONE_COURSE,),
        provenance=provenance or {},
    )


def _procedures(course: Course) -> list[dict[str, object]]:
    index = course.index_date()
    records = course.records.get("administer", ())
    stated = course.block("administration")
    if not records and not stated:
        return []
    if not records:
        given = number_of(stated, "administered_activity_mbq")
        at = stated.get("administered_at")
        on: date | Missing = day_of(at) if isinstance(at, str) else index
        return [
            {
                PATIENT.name: course.key,
                "procedure": "1",
                "given_on": on,
                "days_from_index": days_between(index, on),
                "device": stated.get("device", "unknown"),
                "net_activity_gbq": given
                if isinstance(given, Missing)
                else given * BQ_PER_MBQ / _BQ_PER_GBQ,
                "n_territories": float(len(course.listed("territories")))
                if course.listed("territories")
                else Missing.NOT_RECORDED,
                "n_vials": Missing.NOT_RECORDED,
            }
        ]
    made = []
    for number, record in enumerate(records, start=1):
        net, on = number_of(record, "net_bq"), day_of(record["net_at"])
        made.append(
            {
                PATIENT.name: course.key,
                "procedure": str(number),
                "given_on": on,
                "days_from_index": days_between(index, on),
                "device": record["device"],
                "net_activity_gbq": net if isinstance(net, Missing) else net / _BQ_PER_GBQ,
                "n_territories": float(len(record.get("territories", ()))),
                "n_vials": float(len(record.get("vials", ()))),
            }
        )
    return made


def missing_data(table: AnalysisTable) -> list[dict[str, Any]]:
    """Return one row for each column: how many values are absent, and why."""
    report: list[dict[str, Any]] = []
    for one in table.variables:
        column = table.columns[one.name]
        reasons = column.reasons()
        n_absent = int(np.count_nonzero(~column.present))
        report.append(
            {
                "column": one.name,
                "meaning": one.meaning,
                "n": table.n_rows,
                "n_absent": n_absent,
                "absent_fraction": n_absent / table.n_rows if table.n_rows else 0.0,
                "reasons": {reason.value: n for reason, n in reasons.items()},
            }
        )
    return report

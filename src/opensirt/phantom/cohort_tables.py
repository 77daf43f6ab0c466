"""Simulated cohorts as analysis tables, with their data dictionary: patients, lesions, visits."""

from collections.abc import Iterable

import numpy as np

from opensirt.domain.analysis_table import (
    AnalysisTable,
    Column,
    Endpoint,
    Variable,
    VariableKind,
    column_of,
)
from opensirt.domain.missing import Missing
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.outcomes.endpoint import endpoint_names, endpoint_rule
from opensirt.outcomes.times import times_from_course
from opensirt.phantom.cohort import LEVELS, Floats, SimulatedCohort, Texts, cohort_design

SOURCE = "simulated cohort, nelm_cohort.toml"
_ORIGIN = "first radioembolization"
_CRITERION = "RECIST 1.1 at visits every three months"
_CENSORED = "censored"
_DAYS = ("death", "last_contact", "last_imaging", "progression", "hepatic_progression")
_ABSENT = 1 + list(Missing).index(Missing.NOT_DONE)


def _numbers(values: Floats) -> Column:
    gaps = ~np.isfinite(values)
    return Column(np.where(gaps, np.nan, values), np.where(gaps, _ABSENT, 0).astype(np.uint8))


def _texts(values: Texts) -> Column:
    return Column(values, np.zeros(len(values), dtype=np.uint8))


def _variable(
    name: str,
    meaning: str,
    kind: VariableKind,
    *,
    unit: str = "",
    levels: Iterable[str] = (),
    source: str = SOURCE,
    later: bool = False,
) -> Variable:
    return Variable(
        name=name,
        meaning=meaning,
        kind=kind,
        source=source,
        unit=unit,
        levels=tuple(levels),
        later=later,
    )


def _keys(prefix: str, n: int) -> Texts:
    width = len(str(max(n - 1, 0)))
    return np.char.add(prefix, np.char.zfill(np.arange(n).astype(np.str_), width))


def patient_table(cohort: SimulatedCohort) -> AnalysisTable:
    """Return one row for each patient, with every endpoint that has a rule."""
    who, design = cohort.patients, cohort_design()["patient"]
    number, flag, category = VariableKind.NUMBER, VariableKind.FLAG, VariableKind.CATEGORY
    made: list[tuple[Variable, Column]] = [
        (
            _variable("patient_key", "Pseudonym", VariableKind.IDENTIFIER),
            _texts(_keys("S", who.n)),
        ),
        (_variable("age_years", "Age", number, unit="a"), _numbers(who.age_years)),
        (_variable("female", "Female", flag), _numbers(who.female)),
        (
            _variable("grade", "WHO grade", VariableKind.ORDINAL, levels=design["grade_fractions"]),
            _texts(who.grade),
        ),
        (
            _variable("primary", "Primary", category, levels=design["primary_fractions"]),
            _texts(who.primary),
        ),
        (
            _variable("device", "Device", category, levels=design["device_fractions"]),
            _texts(who.device),
        ),
        (_variable("prior_prrt", "PRRT before", flag), _numbers(who.prior_prrt)),
        (_variable("extrahepatic", "Disease elsewhere", flag), _numbers(who.extrahepatic)),
        (_variable("whole_liver", "Both lobes treated", flag), _numbers(who.whole_liver)),
        (
            _variable("ecog", "ECOG performance status", VariableKind.COUNT),
            _numbers(who.ecog.astype(np.float64)),
        ),
        (
            _variable("tumour_burden", "Tumour in liver", number, unit="fraction"),
            _numbers(who.tumour_burden),
        ),
        (
            _variable("normal_liver_gy", "Mean dose of normal liver", number, unit="Gy"),
            _numbers(who.normal_liver_gy),
        ),
        (
            _variable("liver_toxicity", "Liver toxicity of grade 3 or more ever", flag, later=True),
            _numbers(np.isfinite(who.toxicity_day).astype(np.float64)),
        ),
        (
            _variable(
                "liver_toxicity_day", "Day of the first such toxicity", number, unit="d", later=True
            ),
            _numbers(who.toxicity_day),
        ),
        (
            _variable(
                "responding_fraction", "Lesions that responded", number, unit="fraction", later=True
            ),
            _numbers(who.responding_fraction),
        ),
    ]
    endpoints = []
    for name in endpoint_names():
        endpoint, pairs = _endpoint(cohort, name)
        endpoints.append(endpoint)
        made += pairs
    return AnalysisTable(
        unit=UnitOfAnalysis.PATIENT,
        variables=tuple(variable for variable, _ in made),
        columns={variable.name: column for variable, column in made},
        row_key=("patient_key",),
        endpoints=tuple(endpoints),
        population=f"{who.n} simulated patients, seed {cohort.seed}",
        notes=("Simulated: no finding about patients.",),
        provenance={"design": "nelm_cohort.toml", "seed": str(cohort.seed)},
    )


def _endpoint(cohort: SimulatedCohort, name: str) -> tuple[Endpoint, list[tuple[Variable, Column]]]:
    rule, who = endpoint_rule(name), cohort.patients
    made = times_from_course(
        rule,
        {key: getattr(who, f"{key}_day") for key in (*_DAYS, "next_treatment")},
        origin=_ORIGIN,
        source=SOURCE,
        criterion=_CRITERION,
    )
    time, code = np.full(who.n, np.nan), np.full(who.n, np.nan)
    time[made.rows], code[made.rows] = made.times.time, made.times.code
    words = _CRITERION if rule.last == "last_imaging" else "not by imaging"
    time_name, event_name = f"{name}_days", f"{name}_event"
    pairs = [
        (
            _variable(time_name, rule.title, VariableKind.NUMBER, unit="d", source=words),
            _numbers(time),
        )
    ]
    if rule.competing:
        levels = (_CENSORED, name, *rule.competing)
        event = _variable(
            event_name, "What ended it", VariableKind.CATEGORY, levels=levels, source=words
        )
        named = [
            levels[int(one)] if np.isfinite(one) else Missing.NOT_DONE for one in code.tolist()
        ]
        pairs.append((event, column_of(event, named)))
    else:
        event = _variable(event_name, rule.event, VariableKind.FLAG, source=words)
        pairs.append((event, _numbers(code)))
    endpoint = Endpoint(
        name=name,
        title=rule.title,
        time_column=time_name,
        event_column=event_name,
        index_date=_ORIGIN,
        event=rule.event,
        censoring=rule.censoring,
    )
    return endpoint, pairs


def lesion_table(cohort: SimulatedCohort) -> AnalysisTable:
    """Return one row for each lesion: dose by engine, response, and what may change its effect."""
    one, who = cohort.lesions, cohort.patients
    number, design = VariableKind.NUMBER, cohort_design()
    keys = _keys("S", who.n)[one.patient]
    first = np.flatnonzero(np.append(True, np.diff(one.patient) > 0))
    count = np.diff(np.append(first, len(one.patient)))
    inside = np.arange(len(one.patient)) - np.repeat(first, count)
    seen = one.level >= 0
    response = _variable(
        "response",
        "Response of the lesion at three months",
        VariableKind.ORDINAL,
        levels=LEVELS,
        source="longest diameter, RECIST 1.1 thresholds by lesion",
    )
    named = np.array(["", *LEVELS])[one.level + 1]
    made: list[tuple[Variable, Column]] = [
        (_variable("patient_key", "Pseudonym", VariableKind.IDENTIFIER), _texts(keys)),
        (
            _variable("lesion", "Number in the patient", VariableKind.IDENTIFIER),
            _texts(inside.astype(np.str_)),
        ),
        (
            _variable(
                "device",
                "Device",
                VariableKind.CATEGORY,
                levels=design["patient"]["device_fractions"],
            ),
            _texts(who.device[one.patient]),
        ),
        (
            _variable("diameter_mm", "Longest diameter before", number, unit="mm"),
            _numbers(one.diameter_mm),
        ),
        *(
            (
                _variable(f"{name}_gy", f"Mean dose, {name}", number, unit="Gy"),
                _numbers(values),
            )
            for name, values in one.dose_gy.items()
        ),
        (response, Column(named, np.where(seen, 0, _ABSENT).astype(np.uint8))),
        (
            _variable(
                "objective_response",
                "PR or CR",
                VariableKind.FLAG,
                source="longest diameter, RECIST 1.1 thresholds by lesion, three months",
            ),
            _numbers(np.where(seen, (one.level >= LEVELS.index("PR")).astype(np.float64), np.nan)),
        ),
    ]
    return AnalysisTable(
        unit=UnitOfAnalysis.LESION,
        variables=tuple(variable for variable, _ in made),
        columns={variable.name: column for variable, column in made},
        row_key=("patient_key", "lesion"),
        population=f"lesions of {who.n} simulated patients, seed {cohort.seed}",
        notes=("Simulated: no finding about patients.",),
        provenance={"design": "nelm_cohort.toml", "seed": str(cohort.seed)},
    )


def visit_table(cohort: SimulatedCohort) -> AnalysisTable:
    """Return one row for each filled-in form of quality of life."""
    one, who, number = cohort.quality_of_life, cohort.patients, VariableKind.NUMBER
    made: list[tuple[Variable, Column]] = [
        (
            _variable("patient_key", "Pseudonym", VariableKind.IDENTIFIER),
            _texts(_keys("S", who.n)[one.patient]),
        ),
        (
            _variable("visit", "Planned day of the visit", VariableKind.IDENTIFIER),
            _texts(one.day.astype(np.int64).astype(np.str_)),
        ),
        (_variable("day", f"Days since {_ORIGIN}", number, unit="d"), _numbers(one.day)),
        (
            _variable(
                "global_score",
                "Global quality of life, 0 to 100, more is better",
                number,
                unit="points",
            ),
            _numbers(one.values["global_score"]),
        ),
        (
            _variable("whole_liver", "Both lobes treated", VariableKind.FLAG),
            _numbers(who.whole_liver[one.patient]),
        ),
        (
            _variable("age_years", "Age", number, unit="a"),
            _numbers(who.age_years[one.patient]),
        ),
    ]
    return AnalysisTable(
        unit=UnitOfAnalysis.VISIT,
        variables=tuple(variable for variable, _ in made),
        columns={variable.name: column for variable, column in made},
        row_key=("patient_key", "visit"),
        population=f"visits of {who.n} simulated patients, seed {cohort.seed}",
        notes=("Simulated: no finding about patients.",),
        provenance={"design": "nelm_cohort.toml", "seed": str(cohort.seed)},
    )

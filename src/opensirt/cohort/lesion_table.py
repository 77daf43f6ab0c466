"""The analysis table of lesions."""

from collections import Counter
from collections.abc import Iterable, Mapping

from opensirt.cohort.baseline import BASELINE
from opensirt.cohort.course import ONE_COURSE, PATIENT, Course, number_of
from opensirt.cohort.delivered import dose_of, dose_source, structures_of
from opensirt.cohort.response import CRITERION, of_structure
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.missing import Missing
from opensirt.domain.participants import STEPS, FlowStep
from opensirt.domain.unit_of_analysis import UnitOfAnalysis

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

    The lesion of the follow-up names its structure, or is called as it.
    """
    source = dose_source(engine)
    of_patient = [one for one in BASELINE if one[0].name in _OF_PATIENT]
    verified = True
    rows: list[dict[str, object]] = []
    n_courses, without = 0, Counter[str]()
    for course in courses:
        n_courses += 1
        shared = {one.name: value(course) for one, value in of_patient}
        dose = dose_of(course, engine)
        if not structures_of(course, engine, "tumour"):
            why = "no dose after treatment" if dose is None else "no drawn tumour with a dose"
            without[why] += 1
        for one in structures_of(course, engine, "tumour"):
            verified &= one.get("radiobiology_status") != "unverified"
            rows.append(
                {
                    PATIENT.name: course.key,
                    "lesion": one["label"],
                    **shared,
                    "dose_engine": (dose or {}).get("engine") or Missing.NOT_RECORDED,
                    **{name: number_of(one, name) for name, *_ in _LESION_NUMBERS},
                    **_lesion_response(course, one["label"]),
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
        notes=(ONE_COURSE, "lesions of one patient are not independent: cluster by patient"),
        provenance=provenance or {},
        flow=(
            FlowStep(title=STEPS[0], n=n_courses, lost={}),
            FlowStep(
                title="with a drawn tumour that has a dose",
                n=n_courses - without.total(),
                lost=without,
            ),
        ),
    )


_LEVELS = ("CR", "PR", "SD", "PD")
_RESPONSE_SOURCE = (
    f"last follow-up record, {CRITERION} of each target lesion alone, until its first progression "
    "and before a new therapy"
)
_LESION_RESPONSE = (
    Variable(
        name="best_change_fraction",
        meaning="Largest shrinkage of the lesion: lowest size over baseline size, minus 1",
        kind=VariableKind.NUMBER,
        unit="1",
        source=_RESPONSE_SOURCE,
        later=True,
    ),
    Variable(
        name="best_response",
        meaning="Best response of the lesion alone; never counted as one of the patient",
        kind=VariableKind.ORDINAL,
        levels=_LEVELS,
        source=_RESPONSE_SOURCE,
        later=True,
    ),
)


def _lesion_response(course: Course, label: str) -> dict[str, object]:
    own = of_structure(course, label)
    if isinstance(own, Missing):
        return dict.fromkeys((one.name for one in _LESION_RESPONSE), own)
    changes = [one["change_fraction"] for one in own if one.get("change_fraction") is not None]
    seen = [one["category"] for one in own]
    ranked = [one for one in _LEVELS if one in seen]
    return {
        "best_change_fraction": min(changes) if changes else Missing.NOT_EVALUABLE,
        "best_response": ranked[0] if ranked else Missing.NOT_EVALUABLE,
    }

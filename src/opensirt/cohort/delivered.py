"""Columns of what was given: activity, and dose per structure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opensirt.cohort.administration import activity_gbq, n_administrations
from opensirt.cohort.baseline import Measure
from opensirt.cohort.course import Course, number_of
from opensirt.domain.analysis_table import Variable, VariableKind
from opensirt.domain.missing import Missing


def dose_of(course: Course, engine: str | None) -> Mapping[str, Any] | None:
    """Return the measured dose: of a batch row of one engine, or of the last verification."""
    if engine is None:
        record = course.latest("verify")
        found = None if record is None else record.get("dose")
        return found if isinstance(found, Mapping) else None
    rows = [
        one
        for one in course.records.get("dosimetry", ())
        if one.get("engine") == engine and one.get("outcome") == "done"
    ]
    return rows[-1] if rows else None


def structures_of(course: Course, engine: str | None, kind: str) -> Sequence[Mapping[str, Any]]:
    """Return the figures of all structures of one kind."""
    dose = dose_of(course, engine)
    if dose is None:
        return ()
    return [one for one in dose.get("structures", ()) if one.get("kind") == kind]


def _mean(engine: str | None, kind: str) -> Callable[[Course], float | Missing]:
    def value(course: Course) -> float | Missing:
        if dose_of(course, engine) is None:
            return Missing.NOT_DONE
        found = structures_of(course, engine, kind)
        masses = [number_of(one, "mass_kg") for one in found]
        doses = [number_of(one, "mean_gy") for one in found]
        known = [
            (mass, dose)
            for mass, dose in zip(masses, doses, strict=True)
            if not isinstance(mass, Missing) and not isinstance(dose, Missing)
        ]
        if not known or len(known) < len(found):
            return Missing.NEEDS_STRUCTURE if not found else Missing.NOT_EVALUABLE
        return sum(mass * dose for mass, dose in known) / sum(mass for mass, _ in known)

    return value


def _sum(engine: str | None, what: str) -> Callable[[Course], float | Missing]:
    def value(course: Course) -> float | Missing:
        if dose_of(course, engine) is None:
            return Missing.NOT_DONE
        found = structures_of(course, engine, "tumour")
        if what == "count":
            return float(len(found))
        total = 0.0
        for one in found:
            volume = number_of(one, what)
            if isinstance(volume, Missing):
                return volume
            total += volume
        return total

    return value


def _named(engine: str | None) -> Callable[[Course], object]:
    def value(course: Course) -> object:
        dose = dose_of(course, engine)
        if dose is None:
            return Missing.NOT_DONE
        return dose.get("engine") or Missing.NOT_RECORDED

    return value


def dose_source(engine: str | None) -> str:
    """Say where doses come from, for the dictionary."""
    if engine is None:
        return "last verification record of the case"
    return f"batch dosimetry (cohort run) with engine {engine}"


def delivered(engine: str | None) -> tuple[Measure, ...]:
    """Return the columns of what was given, with doses of one engine or of the verification."""
    source = dose_source(engine)
    mean = f"{source}: mean of each structure, weighted by mass"

    def gray(name: str, meaning: str, kind: str) -> Measure:
        variable = Variable(
            name=name, meaning=meaning, kind=VariableKind.NUMBER, unit="Gy", source=mean
        )
        return variable, _mean(engine, kind)

    return (
        (
            Variable(
                name="administered_activity_gbq",
                meaning="Net activity that reached the patient, all administrations together",
                kind=VariableKind.NUMBER,
                unit="GBq",
                source="administration records, the last of each day; else case.toml "
                "[administration]",
            ),
            activity_gbq,
        ),
        (
            Variable(
                name="n_administrations",
                meaning="Days on which microspheres were given; doses are of the last verification",
                kind=VariableKind.COUNT,
                source="administration records, one for each day; else case.toml [administration]",
            ),
            n_administrations,
        ),
        (
            Variable(
                name="dose_engine",
                meaning="Engine that the doses were computed with",
                kind=VariableKind.TEXT,
                source=source,
            ),
            _named(engine),
        ),
        gray("tumour_gy", "Mean absorbed dose of all drawn tumours together", "tumour"),
        gray("normal_liver_gy", "Mean absorbed dose of the liver without tumours", "normal_liver"),
        gray(
            "perfused_normal_liver_gy",
            "Mean absorbed dose of the perfused liver without tumours",
            "perfused_normal_liver",
        ),
        gray("liver_gy", "Mean absorbed dose of the liver", "liver"),
        (
            Variable(
                name="tumour_volume_ml",
                meaning="Volume of all drawn tumours",
                kind=VariableKind.NUMBER,
                unit="mL",
                source=source,
            ),
            _sum(engine, "volume_ml"),
        ),
        (
            Variable(
                name="n_lesions",
                meaning="Drawn tumours with a dose",
                kind=VariableKind.COUNT,
                source=source,
            ),
            _sum(engine, "count"),
        ),
    )

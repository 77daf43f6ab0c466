"""Dose–response of one table from beginning to end: curve, threshold, calibration, comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.analysis_table import AnalysisTable, VariableKind
from opensirt.domain.participants import FlowStep
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.errors import InputError
from opensirt.outcomes.calibration import Calibration, calibration
from opensirt.outcomes.design import complete_rows
from opensirt.outcomes.dose_comparison import (
    EffectModification,
    MetricComparison,
    compare_metrics,
    effect_modification,
)
from opensirt.outcomes.dose_curve_fit import DoseCurveFit, fit_complication, fit_tumour_control
from opensirt.outcomes.mixed_ordinal import ClusteredOutcomes, MixedOrdinalFit, fit_mixed_ordinal
from opensirt.outcomes.participants import absent_losses, participant_flow
from opensirt.outcomes.proportion import Proportion, proportion
from opensirt.outcomes.roc import Threshold, optimism_corrected_threshold

_GROUPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseGroup:
    """Rows of similar dose, for the eye; no fit is made from them."""

    dose_gy: float
    """Geometric mean."""
    observed: Proportion


@dataclass(frozen=True, eq=False, kw_only=True)
class DoseResponseAnalysis:
    """What was found, and everything that has to be said with it."""

    title: str
    outcome: str
    criterion: str
    dose_column: str
    dose_meaning: str
    population: str
    unit_of_analysis: str
    n: int
    n_events: int
    n_patients: int
    left_out: int
    missing: Mapping[str, int]
    fit: DoseCurveFit
    ignoring_patients: DoseCurveFit | None
    """The same curve with lesions taken as independent, to show what that would hide."""
    dose_groups: tuple[DoseGroup, ...]
    threshold: Threshold
    calibration: Calibration
    """Of the chance that the curve gives to the rows it was fitted to."""
    ordinal: MixedOrdinalFit | None
    metrics: MetricComparison | None
    modification: EffectModification | None
    notes: tuple[str, ...]
    participants: tuple[FlowStep, ...]


def dose_response_analysis(
    table: AnalysisTable,
    *,
    dose: str,
    outcome: str,
    complication: bool = False,
    levels: str = "",
    compare: Sequence[str] = (),
    modifier: str = "",
    draws: int = 500,
    rng: np.random.Generator,
) -> DoseResponseAnalysis:
    """Fit a dose–response curve to the rows of a table.

    Parameters
    ----------
    dose, outcome
        A column in Gy, and a flag.
    complication
        Fit Lyman's curve to patients, in place of tumour control of lesions.
    levels
        Ordinal column (best level last) for the ordered model beside it.
    compare
        Further dose columns (metrics, engines) for the same outcome.
    modifier
        Category (device, activity scale) that may change the effect of dose.
    draws
        Bootstrap samples of patients.

    Raises
    ------
    InputError
        When columns are of the wrong kind, or nothing can be fitted.
    """
    _check_kinds(table, dose, outcome, compare)
    needed = [dose, outcome, *([modifier] if modifier else [])]
    complete = complete_rows(table, needed)
    kept = complete.table
    gy, seen = kept.numbers(dose), kept.numbers(outcome)
    patient = kept[kept.patient_column].values
    n_patients = len(np.unique(patient))
    clustered = n_patients < kept.n_rows
    if complication and clustered:
        raise InputError(
            f"a complication curve takes one row for each patient; the table has {kept.n_rows} "
            f"{table.unit.value}s of {n_patients} patients"
        )
    if complication:
        fit, plain = fit_complication(gy, seen), None
    else:
        fit = fit_tumour_control(gy, seen, patient=patient if clustered else None)
        plain = fit_tumour_control(gy, seen, patient=None) if clustered else None
    meaning = table.variable(outcome)
    variable = table.variable(dose)
    title = "Complication by dose" if complication else "Tumour control by dose"
    return DoseResponseAnalysis(
        title=title,
        outcome=meaning.meaning,
        criterion=meaning.source,
        dose_column=dose,
        dose_meaning=f"{variable.meaning} ({variable.source})",
        population=table.population,
        unit_of_analysis=table.unit.value,
        n=len(gy),
        n_events=int(seen.sum()),
        n_patients=n_patients,
        left_out=complete.left_out,
        missing=complete.missing,
        fit=fit,
        ignoring_patients=plain,
        dose_groups=_groups(gy, seen),
        threshold=optimism_corrected_threshold(gy, seen, patient, draws=draws, rng=rng),
        calibration=calibration(fit.curve.chance(gy), seen),
        ordinal=_ordinal(table, dose, levels) if levels else None,
        metrics=_metrics(table, (dose, *compare), outcome, draws, rng) if compare else None,
        modification=(
            effect_modification(gy, seen, patient, kept[modifier].values.tolist())
            if modifier
            else None
        ),
        notes=_notes(table, clustered=clustered),
        participants=participant_flow(table, absent_losses(table, needed)),
    )


def _check_kinds(table: AnalysisTable, dose: str, outcome: str, compare: Sequence[str]) -> None:
    for name in (dose, *compare):
        variable = table.variable(name)
        if variable.unit != "Gy":
            raise InputError(f"column {name} is in {variable.unit or 'no unit'}; wanted Gy")
    if table.variable(outcome).kind is not VariableKind.FLAG:
        raise InputError(
            f"column {outcome} is of kind {table.variable(outcome).kind.value}; wanted a flag"
        )


def _notes(table: AnalysisTable, *, clustered: bool) -> tuple[str, ...]:
    notes = list(table.notes)
    if table.unit is UnitOfAnalysis.LESION and not clustered:
        notes.append("Each patient has one lesion: no spread between patients can be seen.")
    return tuple(notes)


def _groups(gy: np.ndarray, seen: np.ndarray) -> tuple[DoseGroup, ...]:
    order = np.argsort(gy, kind="stable")
    return tuple(
        DoseGroup(
            dose_gy=float(np.exp(np.log(gy[rows]).mean())),
            observed=proportion(int(seen[rows].sum()), len(rows)),
        )
        for rows in np.array_split(order, _GROUPS)
    )


def _ordinal(table: AnalysisTable, dose: str, levels: str) -> MixedOrdinalFit:
    variable = table.variable(levels)
    if variable.kind is not VariableKind.ORDINAL:
        raise InputError(f"column {levels} is of kind {variable.kind.value}; wanted ordinal")
    kept = complete_rows(table, (dose, levels)).table
    values = kept[levels].values
    occurring = [one for one in variable.levels if (values == one).any()]
    data = ClusteredOutcomes.of(
        np.log(kept.numbers(dose)),
        (f"ln {dose}",),
        np.array([occurring.index(one) for one in values.tolist()]),
        occurring,
        kept[kept.patient_column].values,
    )
    return fit_mixed_ordinal(data)


def _metrics(
    table: AnalysisTable, names: Sequence[str], outcome: str, draws: int, rng: np.random.Generator
) -> MetricComparison:
    present = table.complete((outcome,))
    return compare_metrics(
        {name: table[name].values[present] for name in names},
        table[outcome].values[present],
        table[table.patient_column].values[present],
        draws=draws,
        rng=rng,
    )

"""A score over time, from the laboratory values of one patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.clinical.age import age_years
from opensirt.clinical.liver_function.albi import albi
from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.liver_function.panel import PanelInputs, panel_inputs, score_panel
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import ClinicalState
from opensirt.domain.score import Score


@dataclass(frozen=True, slots=True)
class DatedScore:
    """A score and the day of its latest input."""

    on: date
    score: Score


def albi_trend(values: Sequence[LabValue], *, within_days: int) -> tuple[DatedScore, ...]:
    """Return ALBI on every day of a bilirubin or albumin value, in order.

    The other value is the one nearest in time, and no more than `within_days` away; without
    one the score says what it lacks.
    """
    bilirubin = [one for one in values if one.analyte is Analyte.BILIRUBIN]
    albumin = [one for one in values if one.analyte is Analyte.ALBUMIN]
    days = sorted({one.on for one in (*bilirubin, *albumin)})
    return tuple(
        DatedScore(
            day,
            albi(
                bilirubin_umol_per_l=_nearest(bilirubin, day, within_days),
                albumin_g_per_l=_nearest(albumin, day, within_days),
            ),
        )
        for day in days
    )


def _nearest(values: Sequence[LabValue], day: date, within_days: int) -> float | Missing:
    found = _nearest_value(values, day, within_days)
    return found if isinstance(found, Missing) else found.inside


_INPUTS = {
    "ALBI": ("bilirubin", "albumin"),
    "Child-Pugh": ("bilirubin", "albumin", "inr"),
    "MELD": ("bilirubin", "inr", "creatinine"),
    "MELD-Na": ("bilirubin", "inr", "creatinine", "sodium"),
    "MELD 3.0": ("bilirubin", "inr", "creatinine", "sodium", "albumin"),
    "APRI": ("ast", "platelets"),
    "FIB-4": ("ast", "alt", "platelets"),
}
"""Laboratory inputs of each score: it is shown on the days that measured one of them."""


@dataclass(frozen=True, slots=True)
class ScoreTrend:
    """One score on every day that has one of its inputs, in order of time."""

    name: str
    values: tuple[DatedScore, ...]


def score_trends(
    values: Sequence[LabValue],
    states: Sequence[ClinicalState] = (),
    *,
    within_days: int,
    sex: Sex | Missing = Missing.NOT_RECORDED,
    dialysis: bool | Missing = Missing.NOT_RECORDED,
    birth_year: int | Missing = Missing.NOT_RECORDED,
) -> tuple[ScoreTrend, ...]:
    """Return every score over time; what a day lacks is named in its score.

    Of each input the value nearest in time counts, no more than `within_days` away; clinical
    states likewise. Age is that of the year of birth, the lower of the two possible.
    """
    by_analyte = {analyte: [one for one in values if one.analyte is analyte] for analyte in Analyte}
    made = []
    for name, inputs in _INPUTS.items():
        wanted = [Analyte(one) for one in inputs]
        days = sorted({one.on for analyte in wanted for one in by_analyte[analyte]})
        dated = []
        for day in days:
            panel = score_panel(
                _panel_inputs(
                    by_analyte,
                    states,
                    day,
                    within_days,
                    sex=sex,
                    dialysis=dialysis,
                    birth_year=birth_year,
                )
            )
            dated += [DatedScore(day, one) for one in panel if one.name == name]
        if dated:
            made.append(ScoreTrend(name, tuple(dated)))
    return tuple(made)


def _panel_inputs(
    by_analyte: Mapping[Analyte, Sequence[LabValue]],
    states: Sequence[ClinicalState],
    day: date,
    within_days: int,
    *,
    sex: Sex | Missing,
    dialysis: bool | Missing,
    birth_year: int | Missing,
) -> PanelInputs:
    close = [one for one in states if abs((one.on - day).days) <= within_days]
    state = min(close, key=lambda one: (abs((one.on - day).days), one.on), default=None)
    return panel_inputs(
        lambda analyte: _nearest_value(by_analyte[analyte], day, within_days),
        ascites=None if state is None else state.ascites,
        encephalopathy=None if state is None else state.encephalopathy,
        dialysis=dialysis,
        sex=sex,
        age_years=age_years(birth_year, on=day),
    )


def _nearest_value(values: Sequence[LabValue], day: date, within_days: int) -> LabValue | Missing:
    close = [one for one in values if abs((one.on - day).days) <= within_days]
    if not close:
        return Missing.NOT_DONE
    return min(close, key=lambda one: (abs((one.on - day).days), one.on))

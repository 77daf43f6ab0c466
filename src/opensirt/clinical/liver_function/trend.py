"""A score over time, from the laboratory values of one patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from opensirt.clinical.liver_function.albi import albi
from opensirt.domain.laboratory import Analyte, LabValue
from opensirt.domain.missing import Missing
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
    close = [one for one in values if abs((one.on - day).days) <= within_days]
    if not close:
        return Missing.NOT_DONE
    return min(close, key=lambda one: (abs((one.on - day).days), one.on)).inside

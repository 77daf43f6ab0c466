"""Earlier treatments with radiation, brought to lung and normal-liver doses that can be added."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from opensirt.domain.device import device
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import TreatmentKind
from opensirt.domain.record import Number
from opensirt.domain.session_dose import (
    CumulativeDose,
    EarlierDoseFacts,
    SessionDose,
    earlier_lung_gy,
    earlier_normal_liver_gy,
)
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError
from opensirt.physics.analytic import lung_dose_gy
from opensirt.physics.radiobiology import (
    TissueParameters,
    biologically_effective_dose_gy,
    tissue_parameters,
)
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import SECONDS_PER_HOUR
from opensirt.workflow.limit_in_force import (
    LUNG,
    LUNG_CUMULATIVE,
    NORMAL,
    NORMAL_CUMULATIVE,
    InForce,
)

_MICROSPHERES = TreatmentKind.RADIOEMBOLIZATION.value
_PRRT = TreatmentKind.PRRT.value
_BEAMS = (TreatmentKind.EXTERNAL_BEAM_LIVER.value, TreatmentKind.EXTERNAL_BEAM_OTHER.value)
WITH_RADIATION = (_MICROSPHERES, _PRRT, *_BEAMS)
"""Kinds of earlier treatments that give dose."""


def earlier_sessions(
    stated: Sequence[EarlierDoseFacts], site: SiteProfile
) -> tuple[SessionDose, ...]:
    """Return the doses of earlier treatments with radiation, the oldest first.

    A lung dose of microspheres that is not stated is c A L / M, where activity, lung shunt and
    lung mass are. What neither is stated nor follows is a `Missing`.

    Raises
    ------
    InputError
        When a number behind a dose is impossible.
    """
    made = [_session(one, site) for one in stated if one.kind in WITH_RADIATION]
    return tuple(sorted(made, key=lambda one: date.min if isinstance(one.on, Missing) else one.on))


def _session(one: EarlierDoseFacts, site: SiteProfile) -> SessionDose:
    assumptions = list(one.assumptions)
    lung = one.lung_gy
    if isinstance(lung, Missing):
        lung = _lung_of_microspheres(one, site)
        if not isinstance(lung, Missing):
            assumptions.append("lung dose from activity, lung shunt and lung mass")
    bed = _bed_gy(one, site)
    if not isinstance(bed, Missing) and one.kind in _BEAMS:
        assumptions.append(f"{one.n_fractions} equal fractions, fully repaired between them")
    if not isinstance(bed, Missing) and one.kind == _PRRT:
        assumptions.append(
            f"{one.n_fractions} equal cycles with an effective half-life of "
            f"{one.effective_half_life_h:g} h in the liver"
        )
    words = one.name or (f"{one.kind}, {one.device}" if one.device else one.kind)
    return SessionDose(
        words=words,
        on=one.on,
        lung_gy=lung,
        normal_liver_gy=one.normal_liver_gy,
        normal_liver_bed_gy=bed,
        territories_gy=one.territories_gy,
        assumptions=tuple(assumptions),
    )


def _lung_of_microspheres(one: EarlierDoseFacts, site: SiteProfile) -> Number:
    if one.kind != _MICROSPHERES or not one.device:
        return Missing.NOT_RECORDED
    needed = (one.activity_bq, one.lung_shunt_fraction, one.lung_mass_kg)
    activity, shunt, mass = needed
    if isinstance(activity, Missing) or isinstance(shunt, Missing) or isinstance(mass, Missing):
        return Missing.NOT_RECORDED
    name = device(one.device).radionuclide
    figure = None if isinstance(name, Missing) else site.dose_constants_gy_kg_per_gbq.get(name)
    if figure is None:
        return Missing.NOT_RECORDED
    return lung_dose_gy(
        activity,
        lung_shunt_fraction=shunt,
        lung_mass_kg=mass,
        dose_constant_gy_kg_per_gbq=figure.value,
    )


def _bed_gy(one: EarlierDoseFacts, site: SiteProfile) -> Number:
    """Return the BED of the normal liver, where the time course of its dose rate is stated."""
    if isinstance(one.normal_liver_gy, Missing):
        return one.normal_liver_gy
    if one.kind != _MICROSPHERES:
        return _fractionated_bed_gy(one, one.normal_liver_gy)
    name = device(one.device).radionuclide if one.device else Missing.NOT_RECORDED
    if isinstance(name, Missing):
        return name
    half_life = radionuclide(name, site.data_set).half_life_s.value
    return permanent_bed_gy(one.normal_liver_gy, half_life)


def _fractionated_bed_gy(one: EarlierDoseFacts, dose_gy: float) -> Number:
    """Return the BED of equal fractions of a beam, or of equal cycles of a radiopharmaceutical."""
    if isinstance(one.n_fractions, Missing):
        return one.n_fractions
    if one.n_fractions < 1:
        raise InputError(f"{one.kind}: {one.n_fractions} fractions or cycles; one or more")
    each = dose_gy / one.n_fractions
    if one.kind in _BEAMS:
        return dose_gy * (1 + each / tissue_parameters("liver").alpha_beta_ratio_gy.value)
    if isinstance(one.effective_half_life_h, Missing):
        return one.effective_half_life_h
    seconds = one.effective_half_life_h * SECONDS_PER_HOUR
    return one.n_fractions * permanent_bed_gy(each, seconds)


def permanent_bed_gy(dose_gy: float, half_life_s: float) -> float:
    """Return the BED of the liver for a dose rate that falls for ever with one half-life."""
    liver = tissue_parameters("liver")
    return float(
        biologically_effective_dose_gy(
            dose_gy,
            alpha_beta_ratio_gy=liver.alpha_beta_ratio_gy.value,
            repair_half_life_s=liver.repair_half_life_s,
            physical_half_life_s=half_life_s,
        )
    )


def cumulative_dose(
    earlier: Sequence[SessionDose],
    *,
    words: str,
    lung_gy: Number,
    normal_liver_gy: Number,
    territories_gy: Mapping[str, float],
    half_life_s: float,
    on: date | Missing = Missing.NOT_RECORDED,
) -> CumulativeDose:
    """Return all sessions with this course as the last of them.

    Parameters
    ----------
    earlier
        Of `earlier_sessions`.
    words
        What this course is called: ``this plan (resin, partition)``.
    lung_gy, normal_liver_gy, territories_gy
        Of this course.
    half_life_s
        Physical, of this course's nuclide.
    on
        Day on which it was given; a plan has none yet.
    """
    liver: TissueParameters = tissue_parameters("liver")
    bed: Number = normal_liver_gy
    if not isinstance(bed, Missing):
        bed = permanent_bed_gy(bed, half_life_s)
    this = SessionDose(
        words=words,
        on=on,
        lung_gy=lung_gy,
        normal_liver_gy=normal_liver_gy,
        normal_liver_bed_gy=bed,
        territories_gy=territories_gy,
    )
    return CumulativeDose(
        sessions=(*earlier, this),
        alpha_beta_ratio_gy=liver.alpha_beta_ratio_gy.value,
        radiobiology_source="; ".join(
            dict.fromkeys((liver.alpha_beta_ratio_gy.source, liver.repair_half_life_h.source))
        ),
        radiobiology_verified=liver.verified,
        complete=not any(
            isinstance(one.lung_gy, Missing) or isinstance(one.normal_liver_gy, Missing)
            for one in earlier
        ),
    )


def limits_after(
    limits: Mapping[str, InForce], earlier: Sequence[SessionDose], *, device_name: str
) -> tuple[Mapping[str, InForce], str]:
    """Return limits of one session lowered to what earlier ones left of the cumulative ones.

    With them, in words, that nothing is left of one: no activity can be given then. Empty where
    something is left.
    """
    sessions = tuple(earlier)
    found = dict(limits)
    for single, cumulative, given in (
        (LUNG, LUNG_CUMULATIVE, earlier_lung_gy(sessions)),
        (NORMAL, NORMAL_CUMULATIVE, earlier_normal_liver_gy(sessions)),
    ):
        whole = limits.get(cumulative)
        if whole is None or given <= 0:
            continue
        left = whole.gy - given
        if left <= 0:
            return limits, (
                f"{device_name}: earlier sessions gave {given:.1f} Gy, the limit "
                f"{cumulative.replace('_', ' ')} is {whole.gy:g} Gy: no activity is left; check "
                "the doses in [[prior_treatments]], or state another limit in [prescription]"
            )
        one = limits.get(single)
        if one is None or left < one.gy:
            found[single] = replace(
                whole,
                key=single,
                gy=left,
                said=f"{cumulative.replace('_', ' ')} {whole.gy:g} Gy less {given:.3g} Gy given "
                "earlier",
            )
    return found, ""


def earlier_named(earlier: Sequence[SessionDose]) -> tuple[Finding, ...]:
    """Say which earlier doses are added, and which are not known."""
    found = []
    for one in earlier:
        when = "day not stated" if isinstance(one.on, Missing) else one.on.isoformat()
        lacking = [
            name
            for name, gy in (("lung", one.lung_gy), ("normal-liver", one.normal_liver_gy))
            if isinstance(gy, Missing)
        ]
        if lacking:
            text = (
                f"{one.words} ({when}): its {' and '.join(lacking)} dose is not stated and not "
                "added, so that cumulative limits are checked with what is known alone; state it "
                "in [prior_treatments.doses]"
            )
            found.append(Finding(Severity.WARN, "prior_dose_unknown", text))
        known = [
            f"{name} {gy:.3g} Gy"
            for name, gy in (("lungs", one.lung_gy), ("normal liver", one.normal_liver_gy))
            if not isinstance(gy, Missing)
        ]
        if known:
            on_what = f" ({'; '.join(one.assumptions)})" if one.assumptions else ""
            text = f"{one.words} ({when}) is added: {', '.join(known)}{on_what}"
            found.append(Finding(Severity.NOTE, "prior_dose_added", text))
    return tuple(found)

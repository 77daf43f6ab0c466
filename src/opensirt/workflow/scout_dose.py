"""The dose of the scout itself: a Ho-166 scout is a small treatment, Tc-99m is none."""

from opensirt.domain.case import Case
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import ActivityMap, CountsImage
from opensirt.domain.missing import Missing
from opensirt.domain.record import Number, Workup
from opensirt.domain.session_dose import SessionDose
from opensirt.domain.site import SiteProfile
from opensirt.physics.analytic import lung_dose_gy
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import BQ_PER_MBQ
from opensirt.workflow.liver_model import voxel_liver
from opensirt.workflow.session_dose import permanent_bed_gy

HOLMIUM = "Ho-166"


def scout_session(
    case: Case, workup: Workup, site: SiteProfile
) -> tuple[SessionDose | None, tuple[Finding, ...]]:
    """Return what a Ho-166 scout gave to lungs and normal liver, as a session before this plan.

    By the counts of the scout with the activity injected for each territory; what does not shunt
    to the lungs reaches the liver. None for other nuclides, or where an activity is not stated.
    """
    taken = case.scout()
    if taken is None or not workup.territories:
        return None, ()
    assert isinstance(taken.image, ActivityMap | CountsImage)  # noqa: S101 - Case.scout() says so
    constant = site.dose_constants_gy_kg_per_gbq.get(HOLMIUM)
    if taken.image.radionuclide != HOLMIUM or constant is None:
        return None, ()
    stated = {one.name: one.scout_activity_bq for one in case.territories}
    injected: list[float] = []
    for territory in workup.territories:
        activity = stated.get(territory.name, Missing.NOT_RECORDED)
        if isinstance(activity, Missing):
            text = (
                f"the Ho-166 scout of territory {territory.name} gave dose, but its activity is "
                "not stated: it is not added; state scout_activity_mbq in [[territories]]"
            )
            return None, (Finding(Severity.WARN, "scout_dose_unknown", text),)
        injected.append(activity)
    shunt = workup.lung_shunt.fraction
    part = 0.0 if isinstance(shunt, Missing) else shunt
    reaching = [one * (1 - part) for one in injected]
    liver = voxel_liver(workup)
    normal_gy = liver.normal_gy(constant.value, reaching)
    lung_gy: Number = shunt if isinstance(shunt, Missing) else workup.lung_mass_kg
    if not isinstance(shunt, Missing) and not isinstance(workup.lung_mass_kg, Missing):
        lung_gy = lung_dose_gy(
            sum(injected),
            lung_shunt_fraction=shunt,
            lung_mass_kg=workup.lung_mass_kg,
            dose_constant_gy_kg_per_gbq=constant.value,
        )
    half_life = radionuclide(HOLMIUM, site.data_set).half_life_s.value
    tumours = liver.tumour_gy(constant.value, reaching)
    said = ", ".join(f"{label} {gy:.2g} Gy" for label, gy in tumours.items())
    lungs = lung_gy.value if isinstance(lung_gy, Missing) else f"{lung_gy:.2g} Gy"
    text = (
        f"the Ho-166 scout of {sum(injected) / BQ_PER_MBQ:.4g} MBq gave itself: normal liver "
        f"{normal_gy:.2g} Gy, lungs {lungs}" + (f", {said}" if said else "")
    )
    session = SessionDose(
        words="Ho-166 scout",
        on=Missing.NOT_RECORDED,
        lung_gy=lung_gy,
        normal_liver_gy=normal_gy,
        normal_liver_bed_gy=permanent_bed_gy(normal_gy, half_life),
        territories_gy={
            one.name: liver.territories[number].perfused_normal_gy(constant.value, bq)
            for number, (one, bq) in enumerate(zip(workup.territories, reaching, strict=True))
        },
        assumptions=("by the counts of the scout and the activity injected for it",),
    )
    return session, (
        Finding(
            Severity.NOTE,
            "scout_dose",
            text,
            normal_gy,
            None,
            constant.source,
            verified=constant.verified,
        ),
    )

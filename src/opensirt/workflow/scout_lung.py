"""Lung shunt and lung mass of a case: stated, measured, conventional or missing."""

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import CtImage
from opensirt.domain.missing import Missing
from opensirt.domain.record import LungShunt, Number
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.imaging.density import ct_curve_source
from opensirt.imaging.lung_mass import lung_mass_kg
from opensirt.imaging.lung_shunt import PLANAR, spect_lung_shunt
from opensirt.imaging.planar_shunt import planar_shunt
from opensirt.physics.analytic.require import require_fraction
from opensirt.workflow.anatomy import whole_liver_mask

PREFER_PLANAR = "planar"
"""What a site profile calls planar views."""


def _lungs(structures: StructureSet) -> tuple[Structure, ...]:
    return structures.of_kind(StructureKind.LUNG)


def lung_shunt_of(
    case: Case, taken: CaseImage, structures: StructureSet, *, preferred: str = "SPECT"
) -> tuple[LungShunt, tuple[Finding, ...]]:
    """Return the lung shunt that the case states, that of its scout, or that of planar views.

    In this order, or with planar views before the scout where the site prefers them; every other
    one that there is stands beside it in the findings.

    Raises
    ------
    InputError
        When the stated fraction does not lie between 0 and 1, or the counts allow none.
    """
    findings: list[Finding] = []
    measured: LungShunt | None = None
    lungs = _lungs(structures)
    if lungs:
        found = spect_lung_shunt(
            taken.image,
            lungs=[one.mask for one in lungs],
            liver=whole_liver_mask(structures),
            resolution_fwhm_mm=taken.resolution_fwhm_mm,
        )
        measured = found.shunt
        findings += found.findings
    measured, planar_findings = _with_planar(case, measured, preferred=preferred)
    findings += planar_findings
    facts = case.work_up
    if not isinstance(facts.lung_shunt_fraction, Missing):
        stated = require_fraction(facts.lung_shunt_fraction, "lung shunt fraction")
        method = facts.lung_shunt_method
        assumed = "lung_shunt_fraction" in facts.assumed
        if assumed:
            text = f"the lung shunt fraction {stated:.2%} is assumed, not measured"
            findings.append(Finding(Severity.WARN, "lung_shunt_assumed", text, stated))
        if measured is not None and not isinstance(measured.fraction, Missing):
            seen = "planar views show" if measured.method.startswith(PLANAR) else "the scout shows"
            text = (
                f"the case states a lung shunt fraction of {stated:.2%}, which is used; {seen} "
                f"{measured.fraction:.2%} ({measured.method})"
            )
            findings.append(
                Finding(Severity.NOTE, "lung_shunt_compared", text, measured.fraction, stated)
            )
        shunt = LungShunt(
            fraction=stated,
            standard_uncertainty=facts.lung_shunt_standard_uncertainty,
            method="method not recorded" if isinstance(method, Missing) else method,
            assumed=assumed,
        )
        return shunt, tuple(findings)
    if measured is not None:
        return measured, tuple(findings)
    text = (
        "the lung shunt is not known: the plan gives the activity that reaches the liver; state "
        "lung_shunt_fraction, or draw the lungs on the scout or on planar views. It is never "
        "taken as zero"
    )
    findings.append(Finding(Severity.WARN, "lung_shunt_unknown", text))
    return LungShunt(fraction=Missing.NEEDS_LUNG_SHUNT, method="none"), tuple(findings)


def _with_planar(
    case: Case, tomographic: LungShunt | None, *, preferred: str
) -> tuple[LungShunt | None, tuple[Finding, ...]]:
    """Return the tomographic shunt, or that of the planar views.

    Planar views are used where the tomographic scout gives none, or where they are preferred.
    """
    findings: list[Finding] = []
    used = tomographic
    facts = case.work_up
    for one in case.planar:
        if not one.regions:
            text = (
                f"no regions are drawn on the planar image {one.id}: no lung shunt fraction is "
                "taken from it; add [[planar_regions]]"
            )
            findings.append(Finding(Severity.NOTE, "planar_without_regions", text))
            continue
        found = planar_shunt(
            one.image,
            one.regions,
            lung_transmission=_given(facts.planar_lung_transmission),
            liver_transmission=_given(facts.planar_liver_transmission),
        )
        findings += found.findings
        planar = found.shunt
        if isinstance(planar.fraction, Missing):
            continue
        if used is None or isinstance(used.fraction, Missing):
            used = planar
            continue
        taken, beside = used.fraction, planar.fraction
        methods = (used.method, planar.method)
        if preferred == PREFER_PLANAR and used is tomographic:
            used, taken, beside = planar, beside, taken
            methods = (methods[1], methods[0])
        text = (
            f"lung shunt fraction {taken:.2%} by {methods[0]}, which is used, and "
            f"{beside:.2%} by {methods[1]}"
        )
        findings.append(Finding(Severity.NOTE, "lung_shunt_by_two_methods", text, beside, taken))
    return used, tuple(findings)


def _given(value: float | Missing) -> float | None:
    return None if isinstance(value, Missing) else value


def lung_mass_of(
    case: Case, site: SiteProfile, structures: StructureSet
) -> tuple[Number, tuple[Finding, ...]]:
    """Return the mass of the lungs: stated, of the CT, or the site's convention with a finding."""
    stated = case.tissue.lung_mass_kg
    if not isinstance(stated, Missing):
        return stated, ()
    lungs = _lungs(structures)
    if lungs:
        ct = case.ct_in_frame(lungs[0].mask.grid.frame_of_reference_uid)
        if ct is not None and isinstance(ct.image, CtImage):
            mass = lung_mass_kg(ct.image, [one.mask for one in lungs])
            if not isinstance(mass, Missing):
                source, verified = ct_curve_source()
                text = f"lung mass {mass:.3g} kg from the CT {ct.id} (densitovolumetry)"
                note = Finding(
                    Severity.NOTE, "lung_mass_of_ct", text, mass, None, source, verified=verified
                )
                return mass, (note,)
    figure = site.lung_mass_kg
    if figure is None:
        text = "the lung mass is not known: no lung dose is given and no lung limit is checked"
        return Missing.NEEDS_LUNG_MASS, (Finding(Severity.WARN, "lung_mass_unknown", text),)
    text = (
        f"the lung mass of this patient is not known; the site profile's {figure.value:g} kg is "
        "used, with which the lung limits were made"
    )
    return figure.value, (
        Finding(
            Severity.NOTE,
            "lung_mass_of_site",
            text,
            figure.value,
            None,
            figure.source,
            verified=figure.verified,
        ),
    )

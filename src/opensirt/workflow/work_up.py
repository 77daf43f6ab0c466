"""work_up: from the scout image to uptake, ratios, lung shunt and territories."""

from collections.abc import Sequence
from dataclasses import dataclass

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import StructureUptake, Workup
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import StructureKind, StructureSet, VoxelWeights
from opensirt.errors import InputError, MissingInputError
from opensirt.imaging.mask_algebra import union
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table
from opensirt.workflow.anatomy import (
    liver_of,
    perfused_volumes_apart,
    tumours_inside_liver,
    whole_liver_mask,
    with_derived_structures,
)
from opensirt.workflow.focus_findings import (
    extrahepatic_foci,
    foci_named,
    free_pertechnetate,
)
from opensirt.workflow.image_checks import (
    negatives_counted,
    not_mirrored,
    one_frame,
    positive_total,
)
from opensirt.workflow.scout_lung import lung_mass_of, lung_shunt_of
from opensirt.workflow.territory_region import (
    Region,
    regions_of,
    territory_facts,
    together,
)
from opensirt.workflow.territory_uptake import (
    mean_uptake,
    region_total,
    territory_uptake,
    uptake_shares,
)
from opensirt.workflow.threshold_territory import with_thresholded
from opensirt.workflow.uptake_findings import (
    counts_outside_liver,
    deposits_named,
    spared_liver,
    tumour_coverage,
    tumour_ratios,
    volumes_add_up,
)

EXTRAHEPATIC_KINDS = (
    StructureKind.GALLBLADDER,
    StructureKind.STOMACH,
    StructureKind.DUODENUM,
    StructureKind.BOWEL,
    StructureKind.SPLEEN,
    StructureKind.KIDNEY,
)

_BESIDE = frozenset(
    {StructureKind.SPINE, StructureKind.BODY, StructureKind.KIDNEY, StructureKind.OTHER}
)
"""Kinds that the work-up does not reckon with."""


@dataclass(frozen=True, eq=False)
class ScoutAnatomy:
    """Scout image, complete structures and the regions of the territories."""

    taken: CaseImage
    structures: StructureSet
    regions: tuple[Region, ...]
    findings: tuple[Finding, ...]


def work_up(case: Case, site: SiteProfile, *, anatomy: ScoutAnatomy | None = None) -> Workup:
    """Read the scout image: uptake of each structure, T/N, lung shunt, territories, findings.

    Volumes and masses are those of the native masks; means are weighted by the exact overlap of
    mask and voxel. The gallbladder is taken out of the liver and its uptake is named. Territories
    are those of the case, or one for each perfused volume. `anatomy` is that of `scout_anatomy`,
    where it was already made.

    Raises
    ------
    MissingInputError
        When the case has no scout, no liver or no liver density.
    GeometryError
        When scout and structures lie in different frames of reference.
    ConfirmationError
        When a mask fits better mirrored and nobody has confirmed it.
    InputError
        When a total or the mean of a structure is negative, a tumour lies outside the liver,
        perfused volumes overlap, or a lung shunt fraction is no fraction.
    """
    anatomy = anatomy or scout_anatomy(case)
    taken, structures, regions = anatomy.taken, anatomy.structures, anatomy.regions
    image = taken.image
    findings = list(anatomy.findings)
    density, density_findings = liver_density_kg_per_ml(case, site)
    findings += density_findings
    weights = {one.label: voxel_weights(one.mask, image.grid) for one in structures}
    findings += _outside_image(structures, weights)
    region_totals = [region_total(one, image) for one in regions]
    shares = [
        uptake_shares(structures, region, counts, image)
        for region, counts in zip(regions, region_totals, strict=True)
    ]
    normalising = sum(region_totals)
    uptakes = tuple(
        StructureUptake(
            label=one.label,
            kind=one.kind,
            volume_ml=one.volume_ml,
            mass_kg=one.volume_ml * density,
            mean=mean_uptake(one, weights[one.label], image),
            uptake_fraction=(
                sum(
                    share.get(one.label, 0.0) * counts
                    for share, counts in zip(shares, region_totals, strict=True)
                )
                / normalising
                if normalising > 0
                else 0.0
            ),
        )
        for one in structures
        if weights[one.label].fraction.size
    )
    territories = tuple(
        territory_uptake(region, structures, share, counts, image, density)
        for region, share, counts in zip(regions, shares, region_totals, strict=True)
    )
    if not regions:
        text = (
            "the case has no perfused volume: there are no territories and nothing can be "
            "planned; add a structure of kind perfused_volume (the liver itself when all of it "
            "is perfused)"
        )
        findings.append(Finding(Severity.WARN, "no_perfused_volume", text))
    findings += volumes_add_up(regions, structures)
    findings += tumour_coverage(regions, structures)
    findings += spared_liver(regions, structures)
    findings += tumour_ratios(territories)
    findings += deposits_named(uptakes, regions, structures)
    shunt, shunt_findings = lung_shunt_of(case, taken, structures, preferred=site.lung_shunt_method)
    findings += shunt_findings
    findings += counts_outside_liver(image, structures, weights, shunt_findings)
    lung_mass, lung_mass_findings = lung_mass_of(case, site, structures)
    findings += lung_mass_findings
    liver = whole_liver_mask(structures)
    drawn_liver = union([one.mask for one in case.structures.of_kind(StructureKind.LIVER)])
    foci = extrahepatic_foci(
        image,
        structures,
        liver=drawn_liver,
        normal_mean=_normal_mean(uptakes),
        normalising=normalising,
    )
    findings += foci_named(foci)
    findings += free_pertechnetate(image, structures, uptakes, drawn_liver)
    tumours = structures.of_kind(StructureKind.TUMOUR)
    normal = union([one.mask for one in structures.of_kind(StructureKind.NORMAL_LIVER)])
    return Workup(
        scout_id=taken.id,
        unit=image.unit,
        uptakes=uptakes,
        lung_shunt=shunt,
        lung_mass_kg=lung_mass,
        liver_density_kg_per_ml=density,
        liver_volume_ml=liver.volume_ml,
        tumour_volume_ml=union([one.mask for one in tumours]).volume_ml if tumours else 0.0,
        normal_liver_volume_ml=normal.volume_ml,
        territories=territories,
        normalising_volume=_normalising_volume(regions, normalising, image),
        extrahepatic=tuple(one for one in uptakes if one.kind in EXTRAHEPATIC_KINDS),
        foci=foci,
        findings=tuple(findings),
    )


def _normal_mean(uptakes: Sequence[StructureUptake]) -> float:
    """Return the mean of the perfused normal liver, else of the liver; 0 without either."""
    for kind in (StructureKind.PERFUSED_NORMAL_LIVER, StructureKind.LIVER):
        held = [one for one in uptakes if one.kind is kind]
        volume = sum(one.volume_ml for one in held)
        if volume:
            return sum(one.mean * one.volume_ml for one in held) / volume
    return 0.0


def scout_anatomy(case: Case) -> ScoutAnatomy:
    """Return the scout with complete, checked structures and the regions of the territories.

    Raises
    ------
    MissingInputError, GeometryError, ConfirmationError, InputError
        As `work_up`.
    """
    taken = case.scout()
    if taken is None:
        raise MissingInputError(
            "image with role scout (counts or activity of the work-up)",
            where=f"case {case.key}",
            remedy='add the tomographic scout to [[images]] with role = "scout"',
        )
    image = taken.image
    one_frame(taken.id, image, tuple(case.structures))
    positive_total(taken.id, image)
    findings = list(negatives_counted(image))
    drawn, thresholded = with_thresholded(case, case.structures)
    findings += thresholded
    structures, derived = with_derived_structures(together(drawn))
    findings += derived
    liver = liver_of(structures)
    findings += tumours_inside_liver(structures)
    perfused_volumes_apart(structures)
    regions = regions_of(territory_facts(case.territories, structures), structures, image)
    # A selective scout lies in the perfused part alone, so that is what must fit the image. The
    # masks as read: a flip happens on the grid of the file, not on the cropped one.
    if regions:
        name = "perfused volume"
        labels = [one.perfused.label for one in regions]
    else:
        name, labels = "liver", [liver.label]
    checked = union([drawn.labelled(label).mask for label in labels])
    findings += not_mirrored(checked, name, image, case.confirmations)
    return ScoutAnatomy(taken, structures, regions, tuple(findings))


def liver_density_kg_per_ml(case: Case, site: SiteProfile) -> tuple[float, tuple[Finding, ...]]:
    """Return the liver density of the case, or that of the site with a finding that says so.

    Raises
    ------
    MissingInputError
        When neither states one.
    """
    stated = case.tissue.liver_density_kg_per_ml
    if not isinstance(stated, Missing):
        return stated, ()
    figure = site.densities_kg_per_ml.get("liver")
    if figure is None:
        raise MissingInputError(
            "liver density",
            where=f"case {case.key}, [tissue]",
            remedy="add liver_density_g_per_ml (1.03 to 1.06 are in use)",
        )
    text = f"the case states no liver density; the site profile's {figure.value:g} kg/mL is used"
    finding = Finding(
        Severity.NOTE,
        "liver_density_of_site",
        text,
        figure.value,
        None,
        figure.source,
        verified=figure.verified,
    )
    return figure.value, (finding,)


def _outside_image(
    structures: StructureSet, weights: dict[str, VoxelWeights]
) -> tuple[Finding, ...]:
    rule = read_table("work_up_rules")["perfused_outside_image"]
    findings = []
    for one in structures:
        part = weights[one.label].volume_outside_ml / one.volume_ml if one.volume_ml else 0.0
        if part <= 0:
            continue
        text = f"{part:.1%} of {one.label} ({one.volume_ml:.4g} mL) lies outside the scout image"
        if one.kind is StructureKind.PERFUSED_VOLUME and part > rule["fraction_at_most"]:
            raise InputError(
                f"{text}; at most {rule['fraction_at_most']:.0%} is accepted: what is not imaged "
                "cannot be planned. Check that mask and image belong together"
            )
        severity = Severity.NOTE if one.kind in _BESIDE else Severity.WARN
        findings.append(Finding(severity, "structure_outside_image", text, part))
    return tuple(findings)


def _normalising_volume(regions: Sequence[Region], counts: float, image: Image3D) -> str:
    if not regions:
        return "none: the case has no perfused volume"
    words = []
    for region in regions:
        text = f"{region.perfused.label} ({region.perfused.volume_ml:.1f} mL)"
        if region.deposits:
            outside_ml = sum(one.volume_ml for one in region.parts[1:])
            text += f" with {', '.join(region.deposits)} ({outside_ml:.2f} mL of it outside)"
        words.append(text)
    whole = positive_total("scout", image)
    return (
        f"{'; '.join(words)}: {counts / whole:.1%} of the uptake in the field of view. The "
        "activity reaching the liver is distributed over it, not over the whole image"
    )

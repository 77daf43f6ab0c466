"""What the work-up has to say about ratios, coverage, deposits and counts elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import StructureUptake, Territory
from opensirt.domain.structure import Mask, StructureKind, StructureSet, VoxelWeights
from opensirt.imaging.mask_algebra import within
from opensirt.imaging.plausibility import volume_outside_ml
from opensirt.reference.table import read_table
from opensirt.workflow.territory_region import Region


def _is_trace(volume_ml: float) -> bool:
    """Whether a volume is not worth a sentence."""
    return volume_ml < float(read_table("work_up_rules")["trace"]["volume_ml_at_least"])


def _rule(name: str) -> dict[str, Any]:
    rule: dict[str, Any] = read_table("work_up_rules")[name]
    return rule


def _finding(
    severity: Severity, rule: str, text: str, value: float, limit: float, entry: dict[str, Any]
) -> Finding:
    return Finding(
        severity,
        rule,
        text,
        value,
        limit,
        str(entry["source"]),
        verified=entry["status"] in {"verified", "computed"},
    )


def tumour_ratios(territories: Sequence[Territory]) -> tuple[Finding, ...]:
    """Warn of tumours that hardly take up more, or take up less, than the normal liver."""
    rule = _rule("tumour_to_normal")
    found = []
    for territory in territories:
        for label, ratio in territory.tumour_to_normal_ratio.items():
            if isinstance(ratio, Missing) or ratio >= rule["warn_below"]:
                continue
            text = (
                f"{label} takes up {ratio:.2f} times what the perfused normal liver of territory "
                f"{territory.name} does"
            )
            limit = rule["warn_below"]
            if ratio < rule["warn_strongly_below"]:
                limit = rule["warn_strongly_below"]
                text += ": the normal liver gets the higher dose; this tumour is not targeted"
            found.append(
                _finding(Severity.WARN, "tumour_to_normal_ratio", text, ratio, limit, rule)
            )
    return tuple(found)


def tumour_coverage(regions: Sequence[Region], structures: StructureSet) -> tuple[Finding, ...]:
    """Name tumours, or parts of them, that no perfused volume covers."""
    if not regions:
        return ()
    rule = _rule("tumour_outside_perfused")
    found = []
    for tumour in structures.of_kind(StructureKind.TUMOUR):
        outside_ml = volume_outside_ml(tumour.mask, [one.perfused.mask for one in regions])
        part = outside_ml / tumour.volume_ml
        if _is_trace(outside_ml):
            continue
        text = (
            f"{outside_ml:.2g} mL ({part:.0%}) of {tumour.label} lies in no perfused volume and "
            "gets no dose; its planned dose is that of the rest"
        )
        severity = Severity.WARN if part > rule["fraction_at_most"] else Severity.NOTE
        found.append(
            _finding(
                severity, "tumour_outside_perfused", text, part, rule["fraction_at_most"], rule
            )
        )
    return tuple(found)


def spared_liver(regions: Sequence[Region], structures: StructureSet) -> tuple[Finding, ...]:
    """Say how much normal liver no territory perfuses: the future liver remnant."""
    normals = structures.of_kind(StructureKind.NORMAL_LIVER)
    if not regions or len(normals) != 1:
        return ()
    whole_ml = normals[0].volume_ml
    spared_ml = volume_outside_ml(normals[0].mask, [one.perfused.mask for one in regions])
    part = spared_ml / whole_ml if whole_ml else 0.0
    text = (
        f"spared normal liver: {spared_ml:.0f} of {whole_ml:.0f} mL, a future liver remnant of "
        f"{part:.0%}"
    )
    return (Finding(Severity.NOTE, "future_liver_remnant", text, part),)


def volumes_add_up(regions: Sequence[Region], structures: StructureSet) -> tuple[Finding, ...]:
    """Check that compartments neither overlap nor leave gaps, and lie in the liver."""
    found: list[Finding] = []
    livers = [one.mask for one in structures.of_kind(StructureKind.LIVER)]
    tumours = structures.of_kind(StructureKind.TUMOUR)
    for region in regions:
        perfused = region.perfused
        rule = _rule("perfused_outside_liver")
        outside = volume_outside_ml(perfused.mask, livers) / perfused.volume_ml
        if outside > rule["fraction_at_most"]:
            text = f"{outside:.1%} of {perfused.label} lies outside the liver mask"
            found.append(
                _finding(
                    Severity.WARN,
                    "perfused_outside_liver",
                    text,
                    outside,
                    rule["fraction_at_most"],
                    rule,
                )
            )
        found += _overlaps(region, structures)
        rule = _rule("remainder")
        covers = [region.perfused_normal, *(one.mask for one in tumours)]
        covers += [one.mask for one in structures.of_kind(StructureKind.GALLBLADDER)]
        rest = volume_outside_ml(perfused.mask, covers)
        part = rest / perfused.volume_ml
        if part > rule["fraction_at_most"]:
            text = (
                f"{rest:.1f} mL ({part:.1%}) of {perfused.label} are neither tumour, normal liver "
                "nor gallbladder: the partition models put no activity there, the voxel model does"
            )
            found.append(
                _finding(
                    Severity.NOTE, "perfused_remainder", text, part, rule["fraction_at_most"], rule
                )
            )
    return tuple(found)


def _overlaps(region: Region, structures: StructureSet) -> list[Finding]:
    rule = _rule("overlap")
    found = []
    for tumour in structures.of_kind(StructureKind.TUMOUR):
        shared = within(tumour.mask, region.perfused_normal).volume_ml
        part = shared / tumour.volume_ml
        if part > rule["fraction_at_most"]:
            text = (
                f"{shared:.2g} mL ({part:.1%}) of {tumour.label} is drawn as perfused normal liver "
                "as well: it is counted twice; correct the masks"
            )
            found.append(
                _finding(
                    Severity.WARN,
                    "tumour_in_normal_liver",
                    text,
                    part,
                    rule["fraction_at_most"],
                    rule,
                )
            )
    return found


def deposits_named(
    uptakes: Sequence[StructureUptake],
    regions: Sequence[Region],
    structures: StructureSet,
) -> tuple[Finding, ...]:
    """Name each extrahepatic structure that takes up activity, and whether it is counted in."""
    found = []
    counted = {label for region in regions for label in region.deposits}
    normal_mean = _perfused_normal_mean(uptakes)
    rule = _rule("deposit")
    livers = [one.mask for one in structures.of_kind(StructureKind.LIVER)]
    for one in uptakes:
        if one.kind not in _NAMED_KINDS:
            continue
        text = f"{one.label} ({one.volume_ml:.1f} mL)"
        if one.kind is StructureKind.GALLBLADDER:
            text += _in_the_liver(structures.labelled(one.label).mask, livers)
        if normal_mean:
            text += f" takes up {one.mean / normal_mean:.2f} times the perfused normal liver"
        if one.label in counted:
            text += (
                f" and holds {one.uptake_fraction:.1%} of the normalising volume's uptake; it is "
                "planned as a deposit, with its own dose"
            )
            hot = normal_mean and one.mean > rule["ratio_above"] * normal_mean
            severity = Severity.WARN if hot else Severity.NOTE
        else:
            text += "; not counted as a deposit of spheres"
            severity = Severity.NOTE
        found.append(
            _finding(
                severity,
                "extrahepatic_uptake",
                text,
                one.uptake_fraction,
                rule["ratio_above"],
                rule,
            )
        )
    return tuple(found)


_NAMED_KINDS = frozenset(
    {
        StructureKind.GALLBLADDER,
        StructureKind.STOMACH,
        StructureKind.DUODENUM,
        StructureKind.BOWEL,
    }
)


def _in_the_liver(mask: Mask, livers: Sequence[Mask]) -> str:
    shared_ml = sum(within(mask, one).volume_ml for one in livers)
    if _is_trace(shared_ml):
        return ""
    return f" has {shared_ml:.1f} mL inside the liver mask, which are taken out of the liver; it"


def _perfused_normal_mean(uptakes: Sequence[StructureUptake]) -> float:
    """Return the mean of the perfused normal liver over all territories; 0 without any."""
    normal = [one for one in uptakes if one.kind is StructureKind.PERFUSED_NORMAL_LIVER]
    volume = sum(one.volume_ml for one in normal)
    return sum(one.mean * one.volume_ml for one in normal) / volume if volume else 0.0


def counts_outside_liver(
    image: Image3D,
    structures: StructureSet,
    weights: Mapping[str, VoxelWeights],
    said: Sequence[Finding],
) -> tuple[Finding, ...]:
    """Say how much of the field of view lies in the liver, unless the lungs' check has."""
    rule = _rule("counts_outside")
    if any(one.rule == "counts_outside" for one in said):
        return ()
    whole = float(image.values.sum(dtype=np.float64))
    liver = structures.of_kind(StructureKind.LIVER)[0]
    held = float(weights[liver.label].values_of(image) @ weights[liver.label].fraction)
    inside = held / whole
    lungs_drawn = bool(structures.of_kind(StructureKind.LUNG))
    if lungs_drawn:
        return ()
    if inside >= 1 - rule["fraction_at_most"]:
        return ()
    text = (
        f"only {inside:.0%} of the uptake in the field of view lies in the liver mask; the lungs "
        "are not drawn. The rest is background, scatter, other organs or a shunt: the activity is "
        "not distributed over it"
    )
    return (
        _finding(Severity.WARN, "counts_outside", text, 1 - inside, rule["fraction_at_most"], rule),
    )

"""Uptake outside liver and lungs: where it lies, how much it is, what dose it would get."""

from collections.abc import Sequence

import numpy as np

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.focus import ExtrahepaticFocus
from opensirt.domain.image import CountsImage, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import PlanRow, StructureUptake, Workup
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.imaging.foci import Focus, foci_outside
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ

_SITES = frozenset(
    {
        StructureKind.GALLBLADDER,
        StructureKind.STOMACH,
        StructureKind.DUODENUM,
        StructureKind.BOWEL,
        StructureKind.SPLEEN,
        StructureKind.KIDNEY,
        StructureKind.OTHER,
    }
)
_WORDS = (("right", "left"), ("in front", "behind"), ("below", "above"))
"""What lies towards smaller and larger x, y, z in LPS."""

_TWO_WORDS = 0.5
"""A second direction is said where it is at least this part of the first."""

_ENDS = tuple(np.ndindex(2, 2, 2))
"""The corners of a box."""

_TECHNETIUM = "Tc-99m"


def extrahepatic_foci(
    image: Image3D,
    structures: StructureSet,
    *,
    liver: Mask,
    normal_mean: float,
    normalising: float,
) -> tuple[ExtrahepaticFocus, ...]:
    """Return the uptake outside liver and lungs, named by organ masks or by position.

    Parameters
    ----------
    normal_mean
        Mean of the perfused normal liver, or of the liver; none is looked for at 0.
    normalising
        Sum of the voxels that the plan normalises on, weighted by overlap.
    """
    if normal_mean <= 0:
        return ()
    lungs = [one.mask for one in structures.of_kind(StructureKind.LUNG)]
    whole = float(image.values.sum(dtype=np.float64))
    least = read_table("work_up_rules")["foci"]["image_fraction_at_least"]
    made = []
    for focus in foci_outside(image, liver=liver, lungs=lungs, normal_mean=normal_mean):
        if focus.held < least * whole:
            continue
        organ = _organ_of(focus, structures)
        made.append(
            ExtrahepaticFocus(
                site=organ or f"unnamed, {_position(focus.centre_mm, liver)} the liver",
                named=bool(organ),
                volume_ml=focus.mask.volume_ml,
                image_fraction=focus.held / whole,
                per_reaching_liver=focus.held / normalising if normalising > 0 else 0.0,
                centre_mm=focus.centre_mm,
            )
        )
    return tuple(made)


def _organ_of(focus: Focus, structures: StructureSet) -> str:
    """Return the label of the organ that holds most of a focus, if it holds enough of it."""
    wanted = read_table("work_up_rules")["foci"]["part_in_organ_at_least"]
    inside = focus.mask.values.reshape(-1)
    best, label = 0.0, ""
    for one in structures:
        if one.kind not in _SITES:
            continue
        weights = voxel_weights(one.mask, focus.mask.grid)
        part = float(weights.fraction[inside[weights.flat_index]].sum()) / float(inside.sum())
        if part > best:
            best, label = part, one.label
    return label if best >= wanted else ""


def _position(centre_mm: tuple[float, float, float], liver: Mask) -> str:
    """Return where a point lies from the middle of the liver, in one or two words."""
    reach = [np.flatnonzero(liver.values.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    ends = [(int(one[0]), int(one[-1])) for one in reach]
    points = liver.grid.lps_mm([[one[n] for one, n in zip(ends, at, strict=True)] for at in _ENDS])
    low, high = points.min(axis=0), points.max(axis=0)
    offset = (np.asarray(centre_mm) - (low + high) / 2) / np.maximum((high - low) / 2, 1e-6)
    order = np.argsort(-np.abs(offset))
    words = [_WORDS[axis][int(offset[axis] > 0)] for axis in order[:2]]
    if abs(offset[order[1]]) < _TWO_WORDS * abs(offset[order[0]]):
        words = words[:1]
    return " and ".join(words) + (" of" if words[-1] != "below" and words[-1] != "above" else "")


def foci_named(foci: Sequence[ExtrahepaticFocus]) -> tuple[Finding, ...]:
    """Warn of each focus outside liver and lungs."""
    rule = read_table("work_up_rules")["foci"]
    found = []
    for one in foci:
        text = (
            f"uptake outside liver and lungs ({one.site}): {one.image_fraction:.2%} of the uptake "
            f"in the image, {one.per_reaching_liver:.2%} of that of the normalising volume, in "
            f"{one.volume_ml:.1f} mL; find out what it is before treatment"
        )
        found.append(
            Finding(
                Severity.WARN, "extrahepatic_focus", text, one.image_fraction, None, rule["source"]
            )
        )
    return tuple(found)


def foci_doses(row: PlanRow, workup: Workup) -> tuple[Finding, ...]:
    """Return the mean dose that each focus would get with the activity of a row.

    Dose constant × activity / mass, with the activity for each count that the plan gives to the
    liver: that of the normalising volume, so that doses of foci and of liver compare as their
    concentrations do. Against the whole image a focus would get less by the part of the counts
    that are background. The volume is that above half of its peak, with the liver's density, and
    all energy stays inside. What a focus takes is not taken from the liver's dose.
    """
    reaching, constant = row.reaching_liver_bq, row.dose_constant_gy_kg_per_gbq
    if isinstance(reaching, Missing) or isinstance(constant, Missing):
        return ()
    found = []
    for one in workup.foci:
        gbq = reaching * one.per_reaching_liver / BQ_PER_GBQ
        gy = constant * gbq / (one.volume_ml * workup.liver_density_kg_per_ml)
        mbq = gbq * BQ_PER_GBQ / BQ_PER_MBQ
        text = (
            f"{row.device}, {row.model.replace('_', ' ')}: the uptake outside liver and lungs "
            f"({one.site}, {one.volume_ml:.1f} mL) would receive about {gy:.0f} Gy if spheres go "
            f"where the scout went: {mbq:.3g} MBq, {one.per_reaching_liver:.2%} of "
            "the activity reaching the liver, by counts over those of the normalising volume"
        )
        found.append(Finding(Severity.WARN, "extrahepatic_focus_dose", text, gy))
    return tuple(found)


def deposit_doses(chosen: PlanRow, rows: Sequence[PlanRow], workup: Workup) -> tuple[Finding, ...]:
    """Name each drawn extrahepatic deposit with its part of the activity and its dose.

    The partition models put no activity there; the dose is then that of its counts, with the
    activity of the row.

    Parameters
    ----------
    chosen
        The prescribed row.
    rows
        Of its single territories (see `rows_of`).
    """
    constant = chosen.dose_constant_gy_kg_per_gbq
    if isinstance(constant, Missing):
        return ()
    masses = {one.label: one.mass_kg for one in workup.uptakes}
    held: dict[str, float] = {}
    reaching = 0.0
    for row, territory in zip(rows, workup.territories, strict=True):
        if isinstance(row.reaching_liver_bq, Missing):
            return ()
        reaching += row.reaching_liver_bq
        for label in territory.deposits:
            part = territory.uptake_fractions.get(label, 0.0)
            held[label] = held.get(label, 0.0) + part * row.reaching_liver_bq
    if reaching <= 0.0:  # nothing is given
        return ()
    found = []
    for label, bq in held.items():
        gy = constant * bq / BQ_PER_GBQ / masses[label]
        whole = chosen.administered_activity_bq
        of_all = "" if isinstance(whole, Missing) else f", {bq / whole:.2%} of the activity given"
        text = (
            f"{chosen.device}, {chosen.model.replace('_', ' ')}: {label} holds "
            f"{bq / reaching:.2%} of the activity reaching the liver{of_all}, and would receive "
            f"{gy:.0f} Gy if spheres go where the scout went; no limit for it is accepted"
        )
        found.append(Finding(Severity.WARN, "deposit_dose", text, gy))
    return tuple(found)


def free_pertechnetate(
    image: Image3D, structures: StructureSet, uptakes: Sequence[StructureUptake], liver: Mask
) -> tuple[Finding, ...]:
    """Hint at free pertechnetate: stomach with kidneys or thyroid above the background.

    A hint only: nothing is corrected for it. For Tc-99m scouts with those organs drawn.
    """
    if not isinstance(image, CountsImage) or image.radionuclide != _TECHNETIUM:
        return ()
    if not structures.of_kind(StructureKind.STOMACH):
        return ()
    rule = read_table("work_up_rules")["free_pertechnetate"]
    level = _background(image, structures, liver)
    means = {one.label: one.mean for one in uptakes}
    seen = {
        name: [
            one.label
            for one in structures
            if belongs(one)
            and means.get(one.label, 0.0) > rule["times_background"] * level
            and means.get(one.label, 0.0) > 0
        ]
        for name, belongs in (
            ("stomach", lambda one: one.kind is StructureKind.STOMACH),
            ("others", _kidney_or_thyroid),
        )
    }
    if not seen["stomach"] or not seen["others"]:
        return ()
    text = (
        f"{', '.join(seen['stomach'] + seen['others'])} take up more than "
        f"{rule['times_background']:g} times the background: this may be free pertechnetate, which "
        "raises the apparent lung shunt and looks like gastric deposition; nothing is corrected"
    )
    return (
        Finding(
            Severity.WARN,
            "free_pertechnetate_pattern",
            text,
            source=rule["source"],
            verified=rule["status"] in {"verified", "computed"},
        ),
    )


def _kidney_or_thyroid(one: Structure) -> bool:
    return one.kind is StructureKind.KIDNEY or "thyroid" in one.label.lower()


def _background(image: Image3D, structures: StructureSet, liver: Mask) -> float:
    """Return the median of the voxels above zero outside every structure but the body."""
    free = np.ones(image.grid.n_voxels, dtype=np.bool_)
    drawn = [one.mask for one in structures if one.kind is not StructureKind.BODY]
    for mask in (liver, *drawn):
        free[voxel_weights(mask, image.grid).flat_index] = False
    beside = image.values.reshape(-1)[free]
    beside = beside[beside > 0]
    return float(np.median(beside)) if beside.size else 0.0

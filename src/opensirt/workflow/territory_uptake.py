"""Uptake of each territory on the scout: parts of its structures, masses, ratios."""

from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import Territory
from opensirt.domain.structure import Structure, StructureKind, StructureSet, VoxelWeights
from opensirt.errors import InputError
from opensirt.imaging.mask_algebra import within
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.reference.table import read_table
from opensirt.workflow.territory_region import Region, total


def mean_uptake(one: Structure, weights: VoxelWeights, image: Image3D) -> float:
    """Return the mean of a structure on the scout.

    Raises
    ------
    InputError
        When it is negative.
    """
    mean = weights.mean(image)
    if mean < 0:
        raise InputError(
            f"the mean of {one.label} on the scout is {mean:.3g}: negative voxels outweigh the "
            "others there; check the reconstruction and the mask"
        )
    return mean


def region_total(region: Region, image: Image3D) -> float:
    """Return what a territory holds on the scout.

    Raises
    ------
    InputError
        When that is not above zero.
    """
    counts = total(region.weights(image.grid), image)
    if counts <= 0:
        raise InputError(
            f"territory {region.name!r}: its perfused volume holds {counts:.3g} on the scout; a "
            "positive uptake is needed: check image, mask and injection site"
        )
    return counts


def uptake_shares(
    structures: StructureSet, region: Region, counts: float, image: Image3D
) -> dict[str, float]:
    """Return label → part of the region's uptake, for the structures that share some of it."""
    shares: dict[str, float] = {}
    for one in structures:
        shared = region.shared_with(one.mask, image.grid)
        if shared:
            shares[one.label] = total(shared, image) / counts
    return shares


def territory_uptake(
    region: Region,
    structures: StructureSet,
    shares: dict[str, float],
    counts: float,
    image: Image3D,
    density: float,
) -> Territory:
    """Return masses, ratios and parts of one territory.

    Raises
    ------
    InputError
        When it has no perfused normal liver, or that or a tumour in it holds nothing.
    """
    normal = voxel_weights(region.perfused_normal, image.grid)
    if not normal.fraction.size:
        raise InputError(
            f"territory {region.name!r} has no perfused normal liver: its perfused volume "
            f"{region.perfused.label!r} is all tumour and gallbladder; check the masks"
        )
    normal_mean = normal.mean(image)
    if normal_mean <= 0:
        raise InputError(
            f"territory {region.name!r}: the mean of its perfused normal liver is "
            f"{normal_mean:.3g}; no tumour-to-normal ratio can be formed"
        )
    sliver = read_table("work_up_rules")["overlap"]["fraction_at_most"]
    masses: dict[str, float] = {}
    ratios: dict[str, float | Missing] = {}
    for tumour in structures.of_kind(StructureKind.TUMOUR):
        inside = within(tumour.mask, region.perfused.mask)
        if inside.volume_ml <= sliver * tumour.volume_ml:
            continue
        ratio = voxel_weights(inside, image.grid).mean(image) / normal_mean
        if ratio <= 0:
            raise InputError(
                f"{tumour.label}: its mean in territory {region.name!r} is {ratio:.3g} times "
                "that of the perfused normal liver; a ratio is above zero: check image and mask"
            )
        masses[tumour.label] = inside.volume_ml * density
        ratios[tumour.label] = ratio
    return Territory(
        name=region.name,
        vessel=region.facts.vessel,
        perfused_label=region.perfused.label,
        perfused_volume_ml=region.perfused.volume_ml,
        perfused_mass_kg=region.perfused.volume_ml * density,
        perfused_normal_volume_ml=region.perfused_normal.volume_ml,
        perfused_normal_mass_kg=region.perfused_normal.volume_ml * density,
        tumour_masses_kg=masses,
        tumour_to_normal_ratio=ratios,
        uptake_fractions=shares,
        perfused_normal_uptake_fraction=total([normal], image) / counts,
        deposits=region.deposits,
    )

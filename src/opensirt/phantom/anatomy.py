"""The digital patient's body: structures and CT on one grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage
from opensirt.domain.structure import Mask, Structure, StructureKind
from opensirt.imaging.density import density_from_ct
from opensirt.phantom.analytic import centred_grid
from opensirt.phantom.lesions import Lesion, place_lesions
from opensirt.phantom.liver import Liver, make_liver
from opensirt.phantom.parameters import parameters
from opensirt.phantom.shapes import Space, cylinder, space_of, superquadric
from opensirt.phantom.texture import texture
from opensirt.phantom.trunk import (
    Voxels,
    add_spine,
    below_diaphragm,
    inside_trunk,
    retroperitoneum,
    ribs,
)

LUNG_LABELS = ("right lung", "left lung")
TERRITORY_LABELS = {"right": "right perfused volume", "left": "left perfused volume"}


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Everything that does not depend on the treatment, on the grid of the CT.

    `lesion_territories` maps a tumour's label to the territory that feeds it.
    """

    grid: Grid
    ct: CtImage
    structures: tuple[Structure, ...]
    lesion_territories: dict[str, str]
    lung_mass_kg: float

    def structure(self, label: str) -> Structure:
        """Return one structure."""
        return {one.label: one for one in self.structures}[label]


def make_liver_with_lesions(
    liver_rng: np.random.Generator, lesion_rng: np.random.Generator
) -> tuple[Grid, Liver, list[Lesion]]:
    """Return the grid of the CT, and liver and lesions on it."""
    design = parameters()
    k, j, i = design["grid"]["shape"]
    spacing_mm = float(design["grid"]["spacing_mm"])
    grid = centred_grid((k, j, i), (spacing_mm,) * 3, design["frame"])
    liver = make_liver(grid, liver_rng)
    return grid, liver, place_lesions(liver, spacing_mm, lesion_rng)


def make_anatomy(
    liver_rng: np.random.Generator,
    lesion_rng: np.random.Generator,
    ct_rng: np.random.Generator,
) -> Anatomy:
    """Return the anatomy of one patient; each generator decides one part of it."""
    design = parameters()
    grid, liver, lesions = make_liver_with_lesions(liver_rng, lesion_rng)
    space, spacing_mm = space_of(grid), grid.spacing_mm[0]
    hu = np.full(grid.shape, design["hu"]["air"], dtype=np.float32)
    cavity = _draw_wall(space, hu)
    abdomen = cavity & (below_diaphragm(space) <= design["diaphragm"]["thickness_mm"])
    _draw_bowel(space, hu, abdomen, spacing_mm, ct_rng)
    found: dict[str, tuple[StructureKind, Voxels]] = {}
    column = cavity & (retroperitoneum(space) <= 0)
    hu[column] = design["hu"]["muscle"]
    spine = add_spine(space, hu)
    _draw_great_vessels(space, hu)
    clear = _far_from_liver(liver, grid, spacing_mm)
    organs = _draw_organs(space, hu, cavity, clear, ~(column | spine))
    lungs = _draw_lungs(space, hu, cavity, clear, organs, spacing_mm, ct_rng)
    _draw_liver(liver, lesions, hu)
    kinds = {one["label"]: StructureKind(one["kind"]) for one in design["organ"]}
    drawn = {one["label"] for one in design["organ"] if one["drawn"]}
    found |= _liver_structures(liver, lesions, grid)
    found |= {label: (StructureKind.LUNG, one) for label, one in lungs.items()}
    found |= {label: (kinds[label], one) for label, one in organs.items() if label in drawn}
    found["spine"] = (StructureKind.SPINE, spine)
    structures = tuple(
        Structure(label, kind, Mask(grid, voxels), author="digital patient")
        for label, (kind, voxels) in found.items()
    )
    blurred = _blurred(hu, spacing_mm)
    clean = density_from_ct(CtImage(grid=grid, values=blurred)).values
    in_lungs = lungs["right lung"] | lungs["left lung"]
    return Anatomy(
        grid=grid,
        ct=_noisy(blurred, grid, spacing_mm, ct_rng),
        structures=structures,
        lesion_territories={
            f"tumour {number}": one.territory for number, one in enumerate(lesions, start=1)
        },
        lung_mass_kg=float(clean[in_lungs].sum(dtype=np.float64)) * grid.voxel_volume_ml,
    )


def _draw_wall(space: Space, hu: NDArray[np.float32]) -> Voxels:
    """Draw skin, fat, muscle and ribs; return the cavity inside."""
    trunk, numbers = parameters()["trunk"], parameters()["hu"]
    for inset_mm, what in (
        (0.0, "skin"),
        (trunk["skin_mm"], "fat"),
        (trunk["fat_mm"], "muscle"),
    ):
        hu[inside_trunk(space, inset_mm)] = numbers[what]
    hu[ribs(space)] = numbers["rib"]
    cavity = inside_trunk(space, trunk["wall_mm"], chest=True)
    hu[cavity] = numbers["fat"]
    return cavity


def _draw_bowel(
    space: Space,
    hu: NDArray[np.float32],
    abdomen: Voxels,
    spacing_mm: float,
    rng: np.random.Generator,
) -> None:
    design = parameters()["bowel"]
    n_low = int(np.count_nonzero(space.z[:, 0, 0] <= design["gone_mm"]))
    pattern = texture((n_low, *space.shape[1:]), design["length_mm"] / spacing_mm, rng)
    whole, gas = np.quantile(pattern, (1 - design["part"], 1 - design["gas_part"]))
    rise = (space.z[:n_low] - design["below_mm"]) / (design["gone_mm"] - design["below_mm"])
    pattern -= np.maximum(rise, 0) * (pattern.max() - whole)
    part, inside = hu[:n_low], abdomen[:n_low]
    part[inside & (pattern > whole)] = design["hu"]
    part[inside & (pattern > gas)] = design["gas_hu"]


def _draw_great_vessels(space: Space, hu: NDArray[np.float32]) -> None:
    design = parameters()["vessel"]
    for name in ("vena_cava", "aorta", "trachea"):
        one = design[name]
        inside = cylinder(space, one["centre_mm"], one["radius_mm"], one["radius_mm"]) <= 0
        along = (space.z >= one["above_mm"]) & (space.z <= one["below_mm"])
        hu[inside & along] = one["hu"]


def _far_from_liver(liver: Liver, grid: Grid, spacing_mm: float) -> NDArray[np.float32]:
    """Return the distance of every voxel from the liver, in mm; the box's margin is enough."""
    from scipy.ndimage import distance_transform_edt

    away = np.full(grid.shape, np.inf, dtype=np.float32)
    away[liver.space.box] = distance_transform_edt(~liver.inside, sampling=spacing_mm)
    return away


def _draw_organs(
    space: Space,
    hu: NDArray[np.float32],
    cavity: Voxels,
    clear_mm: NDArray[np.float32],
    free: Voxels,
) -> dict[str, Voxels]:
    design = parameters()
    gap_mm = design["ct"]["gap_mm"]
    allowed = cavity & free & (clear_mm > gap_mm)
    under = below_diaphragm(space) <= 0
    made: dict[str, Voxels] = {}
    for organ in design["organ"]:
        distance = superquadric(space, organ["shape"])
        side = ~under if organ["label"] == "heart" else under
        inside = (distance <= 0) & allowed & side
        made[organ["label"]] = inside
        hu[inside] = organ["hu"]
        allowed = allowed & (distance > gap_mm)
        if organ["label"] == "stomach":
            stomach = design["stomach"]
            hu[inside & (distance > -stomach["wall_mm"])] = stomach["wall_hu"]
            gas = inside & (distance <= -stomach["wall_mm"]) & (space.y < stomach["gas_above_mm"])
            hu[gas] = stomach["gas_hu"]
    return made


def _draw_lungs(
    space: Space,
    hu: NDArray[np.float32],
    cavity: Voxels,
    clear_mm: NDArray[np.float32],
    organs: dict[str, Voxels],
    spacing_mm: float,
    rng: np.random.Generator,
) -> dict[str, Voxels]:
    """Draw what lies above the diaphragm; return the right and the left lung."""
    from scipy.ndimage import binary_dilation

    design, numbers, lung = parameters(), parameters()["hu"], parameters()["lung"]
    thickness_mm = design["diaphragm"]["thickness_mm"]
    under = below_diaphragm(space)
    fat = cavity & (hu == numbers["fat"])
    sheet = np.abs(under - thickness_mm / 2) <= thickness_mm / 2
    beside_liver = (clear_mm <= thickness_mm) & (clear_mm > 0) & (under > -thickness_mm)
    hu[fat & (sheet | beside_liver)] = numbers["diaphragm"]
    chest = cavity & (under > thickness_mm) & ~organs["heart"]
    hu[fat & chest] = numbers["mediastinum"]
    middle = lung["mediastinum"]
    beside = cylinder(space, middle["centre_mm"], middle["half_width_mm"], middle["half_depth_mm"])
    lungs = inside_trunk(space, design["trunk"]["wall_mm"] + lung["pleura_mm"], chest=True)
    lungs &= chest & (beside > 0) & (retroperitoneum(space) > 0)
    lungs &= (clear_mm > thickness_mm) & (space.z <= lung["apex_mm"])
    taken = np.logical_or.reduce(list(organs.values()))
    lungs &= ~binary_dilation(taken)
    pattern = texture(space.shape, lung["vessel_length_mm"] / spacing_mm, rng)
    hu[lungs] = lung["air_hu"] + lung["texture_hu"] * pattern[lungs]
    vessels = lungs & (pattern > np.quantile(pattern[lungs], 1 - lung["vessel_part"]))
    hu[vessels] = lung["vessel_hu"]
    right = lungs & (space.x < middle["centre_mm"][0])
    return {"right lung": right, "left lung": lungs & ~right}


def _draw_liver(liver: Liver, lesions: list[Lesion], hu: NDArray[np.float32]) -> None:
    design, numbers = parameters()["lesions"], parameters()["hu"]
    part = hu[liver.space.box]
    part[liver.inside] = numbers["liver"]
    part[liver.vessels] = parameters()["vessel"]["tree_hu"]
    part[liver.gallbladder] = numbers["gallbladder"]
    for lesion in lesions:
        inside = part[lesion.box]
        inside[lesion.radius_part <= 1] = design["hu"]
        if lesion.diameter_mm >= design["core_from_mm"]:
            inside[lesion.radius_part <= design["core_part"]] = design["core_hu"]


def _liver_structures(
    liver: Liver, lesions: list[Lesion], grid: Grid
) -> dict[str, tuple[StructureKind, Voxels]]:
    def whole(part: Voxels) -> Voxels:
        made = np.zeros(grid.shape, dtype=np.bool_)
        made[liver.space.box] = part
        return made

    found = {
        "liver": (StructureKind.LIVER, whole(liver.inside)),
        TERRITORY_LABELS["right"]: (StructureKind.PERFUSED_VOLUME, whole(liver.right)),
        TERRITORY_LABELS["left"]: (StructureKind.PERFUSED_VOLUME, whole(liver.left)),
        "gallbladder": (StructureKind.GALLBLADDER, whole(liver.gallbladder)),
    }
    for number, lesion in enumerate(lesions, start=1):
        found[f"tumour {number}"] = (StructureKind.TUMOUR, whole(lesion.voxels(liver)))
    return found


def _blurred(hu: NDArray[np.float32], spacing_mm: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    blurred: NDArray[np.float32] = gaussian_filter(
        hu, parameters()["ct"]["blur_mm"] / spacing_mm, mode="nearest"
    )
    return blurred


def _noisy(
    hu: NDArray[np.float32], grid: Grid, spacing_mm: float, rng: np.random.Generator
) -> CtImage:
    design = parameters()["ct"]
    noise = texture(grid.shape, design["noise_length_mm"] / spacing_mm, rng)
    values = np.rint(hu + np.float32(design["noise_hu"]) * noise)
    return CtImage(grid=grid, values=np.maximum(values, np.float32(-1024)))

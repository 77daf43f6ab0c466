"""What the `dose` command may tell the Monte Carlo engine."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.app.frame import SharedFrame
from opensirt.app.image_file import read_image_file, sha256_of_path
from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import InputError, UnknownNameError
from opensirt.imaging.quantify import grid_of
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.dose.monte_carlo import MonteCarlo, Progress, Target
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.transport.material import material_names


@dataclass(frozen=True, kw_only=True)
class MonteCarloRequest:
    """Options that belong to this engine alone; None where not given."""

    seed: int | None = None
    histories: int | None = None
    target_uncertainty: float | None = None
    """Relative standard uncertainty at which to stop."""
    target_in: Path | None = None
    """Mask of the structure whose mean dose the target is meant for."""
    uncertainty: Path | None = None
    """Where to write the statistical standard uncertainty of every voxel."""
    materials: Path | None = None
    legend: Path | None = None

    def require_for(self, engine: str) -> None:
        """Raise `InputError` when an option is given to another engine, or lacks its partner."""
        options = {
            "--seed": self.seed,
            "--histories": self.histories,
            "--target-uncertainty": self.target_uncertainty,
            "--in": self.target_in,
            "--uncertainty": self.uncertainty,
            "--materials": self.materials,
            "--legend": self.legend,
        }
        given = [name for name, value in options.items() if value is not None]
        if given and engine != MonteCarlo.name:
            raise InputError(
                f"{', '.join(given)} belong to the engine {MonteCarlo.name}, not to {engine}; "
                f"leave them out, or choose --engine {MonteCarlo.name}"
            )
        if self.target_in is not None and self.target_uncertainty is None:
            raise InputError("--in names a structure for --target-uncertainty; give that too")
        if (self.materials is None) != (self.legend is None):
            raise InputError("--materials LABELS and --legend FILE.toml belong together; give both")

    def engine(
        self,
        nuclide: Radionuclide,
        grid: Grid,
        frame: SharedFrame,
        inputs: dict[str, str],
        read_mask: Callable[[Path, SharedFrame], Mask],
        progress: Callable[[str], None],
    ) -> MonteCarlo:
        """Return the engine, set up as asked.

        Raises
        ------
        InputError
            When a number or a file cannot be used.
        GeometryError
            When a file lies in another frame of reference, or the materials on another grid.
        """
        nuclide.require_dosimetry()
        target = None
        if self.target_uncertainty is not None:
            inside = None
            if self.target_in is not None:
                inputs["in"] = sha256_of_path(self.target_in)
                inside = voxel_weights(read_mask(self.target_in, frame), grid)
            target = Target(relative=self.target_uncertainty, inside=inside)
        materials = None
        if self.materials is not None and self.legend is not None:
            inputs["materials"] = sha256_of_path(self.materials)
            inputs["legend"] = sha256_of_path(self.legend)
            materials = _material_map(self.materials, self.legend, grid, frame)

        def tell(made: Progress) -> None:
            done = made.n_histories / made.n_histories_wanted
            progress(f"dose ({MonteCarlo.name}, {done:.0%} of the histories at most)")

        default = MonteCarlo(nuclide=nuclide)
        return MonteCarlo(
            nuclide=nuclide,
            seed=default.seed if self.seed is None else self.seed,
            n_histories=default.n_histories if self.histories is None else self.histories,
            target=target,
            materials=materials,
            progress=tell,
        )


def _material_map(path: Path, legend: Path, grid: Grid, frame: SharedFrame) -> NDArray[np.uint8]:
    """Return the number of the material of every voxel (see `material_names`)."""
    names = material_names()
    try:
        words = tomllib.loads(legend.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{legend.name} cannot be read as a legend ({error}); wanted lines such as 1 = 'lung'"
        ) from None
    numbers: dict[int, int] = {}
    for label, name in words.items():
        if not label.isdecimal() or name not in names:
            raise UnknownNameError(f"material of label {label} in {legend.name}", str(name), names)
        numbers[int(label)] = names.index(name)
    read = read_image_file(path)
    labels = grid_of(read, frame=frame.of(read.frame_of_reference_uid, path.name))
    grid.require_same(labels)
    values = np.asarray(read.values)
    found = {int(one) for one in np.unique(values)}
    unnamed = sorted(found - set(numbers))
    if unnamed:
        raise InputError(
            f"{path.name} has the labels {unnamed}, which {legend.name} does not name; name each"
        )
    made = np.zeros(grid.shape, dtype=np.uint8)
    for value, number in numbers.items():
        made[values == value] = number
    return made

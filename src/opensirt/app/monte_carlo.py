"""What the `dose` command may tell the Monte Carlo engine."""

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opensirt.app.frame import SharedFrame
from opensirt.app.image_file import read_image_file, sha256_of_path
from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.errors import InputError, UnknownNameError
from opensirt.imaging.quantify import grid_of
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.dose.engine import DEVICES, require_device_name
from opensirt.physics.dose.monte_carlo import MonteCarlo, Progress
from opensirt.physics.dose.monte_carlo_statistics import Target, largest_batch
from opensirt.physics.dose.superposition import Superposition
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import Radionuclide
from opensirt.reference.transport.material import material_names

if TYPE_CHECKING:  # numba is read only when a run begins
    from opensirt.physics.dose.batches import Runner

_ALSO_OF_SUPERPOSITION = ("--materials", "--legend", "--device")


@dataclass(frozen=True, kw_only=True)
class MonteCarloRequest:
    """Options of this engine, materials and device also of `superposition`; None if not given."""

    seed: int | None = None
    histories: int | None = None
    target_uncertainty: float | None = None
    """Relative standard uncertainty at which to stop."""
    target_in: Path | None = None
    """Mask of the structure whose mean dose the target is meant for."""
    each_voxel: bool | None = None
    """The target is meant for the median voxel of that structure, not for its mean dose."""
    uncertainty: Path | None = None
    """Where to write the statistical standard uncertainty of every voxel."""
    materials: Path | None = None
    legend: Path | None = None
    resume: Path | None = None
    """The run is kept here while it goes on, and goes on from what is there."""
    device: str | None = None
    """A name of `DEVICES`; ``cpu`` where not given."""
    scheduler: str | None = None
    """Address of a Dask scheduler whose workers run the batches."""

    def require_for(self, engine: str) -> None:
        """Refuse an option of another engine or without its partner, and a device not there."""
        options = {
            "--seed": self.seed,
            "--histories": self.histories,
            "--target-uncertainty": self.target_uncertainty,
            "--in": self.target_in,
            "--each-voxel": self.each_voxel or None,
            "--uncertainty": self.uncertainty,
            "--materials": self.materials,
            "--legend": self.legend,
            "--resume": self.resume,
            "--device": self.device,
            "--scheduler": self.scheduler,
        }
        if engine == Superposition.name:
            options = {k: v for k, v in options.items() if k not in _ALSO_OF_SUPERPOSITION}
        given = [name for name, value in options.items() if value is not None]
        if given and engine != MonteCarlo.name:
            shared = all(name in _ALSO_OF_SUPERPOSITION for name in given)
            engines = f"{Superposition.name} and {MonteCarlo.name}" if shared else MonteCarlo.name
            raise InputError(
                f"not of the engine {engine}: {', '.join(given)} (of {engines}); leave out what "
                f"does not belong to it, or choose --engine {MonteCarlo.name}"
            )
        if self.target_in is not None and self.target_uncertainty is None:
            raise InputError("--in names a structure for --target-uncertainty; give that too")
        if self.each_voxel and self.target_in is None:
            raise InputError("--each-voxel is about the voxels of a structure; name it with --in")
        if (self.materials is None) != (self.legend is None):
            raise InputError("--materials LABELS and --legend FILE.toml belong together; give both")
        if self.device is not None:
            require_device_name(self.device)
            if self.device != DEVICES[0]:
                from opensirt.physics.graphics_processor import require_device

                require_device()

    def _runner(self) -> tuple["Runner | None", int | None]:
        """Return what runs the batches, and their size where it is not the engine's own choice."""
        if self.scheduler is not None:
            if self.device is not None:
                raise InputError(
                    "--device and --scheduler exclude each other: the workers of a cluster use "
                    "their processors; give one"
                )
            from opensirt.cohort.monte_carlo import Cluster

            n_batches = int(constant("transport", "batches_per_task").value)
            return Cluster(scheduler=self.scheduler, batches_per_task=n_batches), None
        if self.device in (None, DEVICES[0]):
            return None, None
        from opensirt.physics.dose.batches import GraphicsProcessor

        runner = GraphicsProcessor(
            n_threads=int(constant("transport", "threads_on_device").value),
            batches_per_look=int(constant("transport", "batches_per_look").value),
        )
        batch = int(constant("transport", "histories_per_batch_on_device").value)
        return runner, None if self.target_uncertainty is None else batch

    def material_map(
        self, grid: Grid, frame: SharedFrame, inputs: dict[str, str]
    ) -> NDArray[np.uint8] | None:
        """Return the number of the material of every voxel; None where no file is given.

        Raises
        ------
        InputError
            When a file cannot be used.
        GeometryError
            When the materials lie in another frame of reference or on another grid.
        """
        if self.materials is None or self.legend is None:
            return None
        inputs["materials"] = sha256_of_path(self.materials)
        inputs["legend"] = sha256_of_path(self.legend)
        return _material_map(self.materials, self.legend, grid, frame)

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
        runner, batch = self._runner()
        target = None
        if self.target_uncertainty is not None:
            inside = None
            if self.target_in is not None:
                inputs["in"] = sha256_of_path(self.target_in)
                inside = voxel_weights(read_mask(self.target_in, frame), grid)
            target = Target(
                relative=self.target_uncertainty, inside=inside, each_voxel=bool(self.each_voxel)
            )
        materials = self.material_map(grid, frame, inputs)
        earlier = None
        if self.resume is not None and self.resume.exists():
            from opensirt.files.monte_carlo_state import read_monte_carlo_state

            earlier = read_monte_carlo_state(self.resume)
        keep = _Kept(self.resume)

        def tell(made: Progress) -> None:
            done = made.n_histories / made.n_histories_wanted
            progress(f"dose ({MonteCarlo.name}, {done:.0%} of the histories at most)")
            keep(made)

        default = MonteCarlo(nuclide=nuclide)
        n_histories = default.n_histories if self.histories is None else self.histories
        return MonteCarlo(
            nuclide=nuclide,
            seed=default.seed if self.seed is None else self.seed,
            n_histories=n_histories,
            target=target,
            materials=materials,
            runner=runner,
            histories_per_batch=None if batch is None else min(batch, largest_batch(n_histories)),
            progress=tell,
            resume=earlier,
        )


class _Kept:
    """Keeps the state of a run in a file, now and then while it goes on."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._at_s = time.monotonic()
        self._every_s = constant("transport", "kept_every").value

    def __call__(self, made: Progress) -> None:
        if self._path is None:
            return
        if time.monotonic() - self._at_s >= self._every_s:
            from opensirt.files.monte_carlo_state import write_monte_carlo_state

            write_monte_carlo_state(self._path, made.state)
            self._at_s = time.monotonic()


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

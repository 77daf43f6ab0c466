"""Monte Carlo: decays followed one by one through the densities and materials of the patient."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DensityMap, DoseMap, TimeIntegratedActivityMap
from opensirt.domain.record import EnergyBalance
from opensirt.errors import GeometryError, InputError
from opensirt.physics.dose.emphasis import emphasis, even_emphasis
from opensirt.physics.dose.engine import EngineResult, require_fit, require_materials
from opensirt.physics.dose.findings import activity_near_edge, negative_decays, require_balance
from opensirt.physics.dose.mass import VoxelMasses, masses
from opensirt.physics.dose.monte_carlo_statistics import (
    Target,
    half_maximum_uncertainty,
    largest_batch,
    mean_and_spread,
    target_uncertainty,
    with_rim,
)
from opensirt.reference.constant import constant
from opensirt.reference.radionuclide import Radionuclide
from opensirt.units import GRAMS_PER_KG, J_PER_MEV

if TYPE_CHECKING:  # numba is read only when a run begins
    from opensirt.physics.dose.batches import Job, MonteCarloState, Runner


@dataclass(frozen=True, eq=False, kw_only=True)
class Progress:
    """How far a run has come.

    Parameters
    ----------
    n_histories, n_histories_wanted
        Histories so far, and at most.
    relative_uncertainty
        Of the quantity that the target names; infinite while it is not known.
    state
        To go on from later; its arrays change as the run goes on.
    """

    n_histories: int
    n_histories_wanted: int
    relative_uncertainty: float
    state: "MonteCarloState"


@dataclass(frozen=True, eq=False, kw_only=True)
class MonteCarloResult(EngineResult):
    """Dose, and how sure it is.

    Parameters
    ----------
    uncertainty
        One standard uncertainty of the statistics in each voxel; nothing else is in it.
    n_histories
        Number of histories behind it.
    state
        To go on from.
    """

    uncertainty: DoseMap
    n_histories: int
    state: "MonteCarloState"


@dataclass(frozen=True, eq=False, kw_only=True)
class MonteCarlo:
    """Electrons and photons followed through voxels; outside the image is vacuum.

    Electrons: soft collisions lose energy steadily, multiple scattering after Goudsmit and
    Saunderson, hard collisions and hard bremsstrahlung one by one. Photons: Compton scattering
    and the photoelectric effect. Every batch has its own random numbers and batches are added
    up in order: one seed gives one result on any number of threads.

    Parameters
    ----------
    nuclide
        Nuclide and data set.
    seed
        Of the random numbers.
    n_histories
        Histories to follow; with a target, at most. Rounded up to whole batches.
    target
        Uncertainty at which to stop earlier; more histories begin where they matter for it.
    materials : (k, j, i)
        Numbers of `material_names`; without it the material follows from the density.
    n_threads
        −1 for as many as there are processors.
    runner
        Where batches run; None for threads of this computer, `n_threads` of them.
    histories_per_batch
        None for a fiftieth of `n_histories` or, with a target, a fixed number or a twentieth.
    progress
        Called with each state that the runner gives: on threads, after each batch.
    resume
        State of an earlier run of the same images, nuclide and seed.

    Raises
    ------
    InputError
        When a number is not above zero.
    """

    name: ClassVar[str] = "monte-carlo"

    nuclide: Radionuclide
    seed: int = 0
    n_histories: int = 10_000_000
    target: Target | None = None
    materials: NDArray[np.uint8] | None = None
    n_threads: int = -1
    runner: "Runner | None" = None
    histories_per_batch: int | None = None
    progress: Callable[[Progress], None] | None = None
    resume: "MonteCarloState | None" = None

    def __post_init__(self) -> None:
        if self.n_histories < 1:
            raise InputError(f"a run needs one history or more, found {self.n_histories}")
        if self.histories_per_batch is not None and self.histories_per_batch < 1:
            raise InputError(f"a batch needs one history or more, found {self.histories_per_batch}")
        if self.seed < 0:
            raise InputError(f"a seed is not negative, found {self.seed}")

    def dose(self, decays: TimeIntegratedActivityMap, density: DensityMap) -> MonteCarloResult:
        """Return the absorbed dose on the grid of the decays.

        Raises
        ------
        InputError
            When the decays are of another nuclide, a state to go on from belongs to another run, or
            the histories make less than two batches.
        GeometryError
            When density or materials lie on another grid.
        MissingInputError
            When no dose can be computed from the nuclide.
        """
        require_fit(decays, density, self.nuclide)
        mass = masses(density)
        state = self._first_state(decays, mass)
        if not decays.values.any():
            return self._nothing(decays, state)
        self._n_batches(state)  # refused before the work begins
        job = self._job(decays, mass)
        state = self._run(job, state, self._gy_per_mev(decays, mass))
        return self._result(decays, mass, state)

    def _gy_per_mev(
        self, decays: TimeIntegratedActivityMap, mass: VoxelMasses
    ) -> NDArray[np.float64]:
        """Return the dose of each voxel for 1 MeV per history in it."""
        voxel_kg = mass.density_kg_per_ml.astype(np.float64) * mass.voxel_volume_ml
        total = float(np.abs(decays.values).sum(dtype=np.float64)) * mass.voxel_volume_ml
        factor: NDArray[np.float64] = total * J_PER_MEV / voxel_kg
        return factor

    def _job(self, decays: TimeIntegratedActivityMap, mass: VoxelMasses) -> "Job":
        from opensirt.physics.dose.batches import Job
        from opensirt.physics.transport.prepare import material_by_density, medium_of, source_of
        from opensirt.physics.transport.table import physics

        density_g_per_ml = mass.density_kg_per_ml * np.float32(GRAMS_PER_KG)
        if self.materials is None:
            materials = material_by_density(density_g_per_ml)
        else:
            materials = require_materials(self.materials, decays.grid.shape)
        voxel = np.empty(0, dtype=np.int64)
        gy_per_mev = np.empty(0)
        if self.target is not None and self.target.inside is not None:
            weights = self.target.inside
            decays.grid.require_same(weights.grid)
            if weights.fraction.sum() <= 0:
                raise GeometryError("the structure of the target does not touch the image")
            voxel = with_rim(weights.flat_index, decays.grid.shape)
            share = weights.fraction / weights.fraction.sum()
            gy_per_mev = self._gy_per_mev(decays, mass).reshape(-1)[weights.flat_index] * share
        return Job(
            physics=physics(),
            medium=medium_of(density_g_per_ml, materials, decays.grid.spacing_mm),
            source=source_of(self.nuclide, decays.values, self._emphasis(decays, mass)),
            seed=self.seed,
            structure_voxel=voxel,
            structure_gy_per_mev=gy_per_mev,
        )

    def _first_state(
        self, decays: TimeIntegratedActivityMap, mass: VoxelMasses
    ) -> "MonteCarloState":
        from opensirt.physics.dose.batches import fresh_state

        fingerprint = self._fingerprint(decays, mass)
        if self.resume is not None:
            if self.resume.fingerprint != fingerprint:
                raise InputError(
                    "the state to go on from belongs to another run: images, materials, nuclide, "
                    "data set, seed, structure of the target or version of OpenSIRT differ; begin "
                    "anew without `resume`"
                )
            return self.resume
        k, j, i = decays.grid.shape
        n_voxels = (k + 2) * (j + 2) * (i + 2)
        return fresh_state(fingerprint, self._batch_size(n_voxels), n_voxels)

    def _emphasis(
        self, decays: TimeIntegratedActivityMap, mass: VoxelMasses
    ) -> NDArray[np.float64] | None:
        if self.target is None:
            return None
        g_per_ml = mass.density_kg_per_ml * np.float32(GRAMS_PER_KG)
        if self.target.inside is not None and self.target.each_voxel:
            return even_emphasis(decays, g_per_ml, self.nuclide, self.target.inside)
        return emphasis(decays, g_per_ml, self.nuclide, self.target.inside)

    def _batch_size(self, n_voxels: int) -> int:
        if self.histories_per_batch is not None:
            return self.histories_per_batch
        if self.target is None:
            return -(-self.n_histories // int(constant("transport", "batches").value))
        # Adding up a batch costs time for each voxel: larger images get larger batches.
        per_history = constant("transport", "voxels_per_history").value
        size = int(max(constant("transport", "histories_per_batch").value, n_voxels / per_history))
        return min(size, largest_batch(self.n_histories))

    def _fingerprint(self, decays: TimeIntegratedActivityMap, mass: VoxelMasses) -> str:
        from opensirt.physics.transport.compiled import source_stamp
        from opensirt.reference.kernel_file import read_kernel_file

        hashed = hashlib.sha256()
        tables = read_kernel_file("transport")
        inside = None if self.target is None else self.target.inside
        arrays: list[NDArray[Any]] = [
            decays.values,
            mass.density_kg_per_ml,
            np.array(decays.grid.affine),
        ]
        arrays += [tables[key] for key in sorted(tables)]
        arrays += [] if self.materials is None else [self.materials]
        arrays += [] if inside is None else [inside.flat_index, inside.fraction]
        for array in arrays:
            hashed.update(repr((array.shape, array.dtype.str)).encode())
            hashed.update(np.ascontiguousarray(array).tobytes())
        nuclide = self.nuclide
        hashed.update(
            repr(
                (
                    nuclide.name,
                    nuclide.data_set,
                    nuclide.data_set_version,
                    self.seed,
                    source_stamp(),
                    bool(self.target),
                    self.target is not None and self.target.each_voxel,
                )
            ).encode()
        )
        return hashed.hexdigest()

    def _n_batches(self, state: "MonteCarloState") -> int:
        """Return how many batches there are to be, the earlier ones among them."""
        n_batches = -(-self.n_histories // state.histories_per_batch)
        if max(n_batches, state.n_batches) < 2:  # noqa: PLR2004 - one batch has no spread
            raise InputError(
                f"{self.n_histories} histories in batches of {state.histories_per_batch} make one "
                "batch, which has no uncertainty; ask for more histories"
            )
        return n_batches

    def _run(
        self, job: "Job", state: "MonteCarloState", gy_per_mev: NDArray[np.float64]
    ) -> "MonteCarloState":
        from opensirt.physics.dose.batches import Threads

        n_batches = self._n_batches(state)
        fewest = int(constant("transport", "fewest_batches").value)
        target = self.target

        growth = 1.0 + constant("transport", "look_again").value
        last, look_at = float("inf"), float(fewest)

        def enough(now: "MonteCarloState") -> bool:
            nonlocal last, look_at
            if target is not None and now.n_batches >= look_at:
                last = target_uncertainty(target, now, gy_per_mev)
                look_at = now.n_batches * growth
            return target is not None and last <= target.relative

        runner = self.runner or Threads(n_threads=self.n_threads)
        for now in runner(job, state, n_batches=n_batches, enough=enough):
            state = now
            if self.progress is not None:
                self.progress(
                    Progress(
                        n_histories=now.n_histories,
                        n_histories_wanted=n_batches * now.histories_per_batch,
                        relative_uncertainty=last,
                        state=now,
                    )
                )
        return replace(
            state, summed_mev=state.summed_mev.copy(), squared_mev2=state.squared_mev2.copy()
        )

    def _result(
        self,
        decays: TimeIntegratedActivityMap,
        mass: VoxelMasses,
        state: "MonteCarloState",
    ) -> MonteCarloResult:
        gy_per_mev = self._gy_per_mev(decays, mass)
        mean, spread = mean_and_spread(state, decays.grid.shape)
        dose = self._map(decays, mean * gy_per_mev, ())
        uncertainty = self._map(
            decays, spread * gy_per_mev, ("one standard uncertainty of the statistics",)
        )
        total = float(np.abs(decays.values).sum(dtype=np.float64)) * mass.voxel_volume_ml
        released_j = state.emitted_mev / state.n_histories * total * J_PER_MEV
        outside = state.escaped_mev / state.emitted_mev if state.emitted_mev else 0.0
        balance = EnergyBalance(
            mean_energy_mev_per_decay=self._followed_mev(),
            released_j=released_j,
            scored_j=mass.energy_j(dose.values),
            outside_kernel_fraction=0.0,
            outside_grid_fraction=outside,
        )
        allowed = constant("dose_engines", "balance", "energy_fraction_at_most").value
        require_balance(balance, allowed * abs(released_j))
        findings = (
            *negative_decays(decays.values),
            *activity_near_edge(outside),
            *mass.in_air(dose.values, balance.scored_j),
            *self._statistics(state, gy_per_mev),
            *self._materials_by_density(),
        )
        return MonteCarloResult(
            dose=dose,
            energy=balance,
            findings=findings,
            uncertainty=uncertainty,
            n_histories=state.n_histories,
            state=state,
        )

    def _nothing(
        self, decays: TimeIntegratedActivityMap, state: "MonteCarloState"
    ) -> MonteCarloResult:
        """Return the result where nothing decays: no dose, exactly."""
        zero = np.zeros(decays.grid.shape)
        energy = EnergyBalance(
            mean_energy_mev_per_decay=self._followed_mev(),
            released_j=0.0,
            scored_j=0.0,
            outside_kernel_fraction=0.0,
            outside_grid_fraction=0.0,
        )
        return MonteCarloResult(
            dose=self._map(decays, zero, ()),
            energy=energy,
            uncertainty=self._map(decays, zero, ()),
            n_histories=0,
            state=state,
        )

    def _followed_mev(self) -> float:
        """Return the energy of a decay that is followed or deposited."""
        electrons = self.nuclide.electron_energy_mev_per_decay.value
        photons = self.nuclide.photon_energy_mev_per_decay.value
        return electrons + (photons if self.nuclide.photons != "none" else 0.0)

    def _map(
        self,
        decays: TimeIntegratedActivityMap,
        values: NDArray[np.float64],
        notes: tuple[str, ...],
    ) -> DoseMap:
        return DoseMap(
            grid=decays.grid,
            values=values.astype(np.float32),
            engine=self.name,
            radionuclide=self.nuclide.name,
            data_set=self.nuclide.data_set,
            notes=notes,
        )

    def _statistics(
        self, state: "MonteCarloState", gy_per_mev: NDArray[np.float64]
    ) -> tuple[Finding, ...]:
        relative = half_maximum_uncertainty(state, gy_per_mev)
        text = (
            f"Monte Carlo, {state.n_histories:,} histories, seed {self.seed}: statistical standard "
            f"uncertainty {relative:.1%} in a voxel above half of the maximum"
        )
        found = [Finding(Severity.NOTE, "monte_carlo_statistics", text, relative)]
        if self.target is not None and self.target.inside is not None:
            relative = target_uncertainty(self.target, state, gy_per_mev)
        if self.target is not None and not relative <= self.target.relative:
            text = (
                f"the run stopped after {state.n_histories:,} histories at an uncertainty of "
                f"{relative:.1%}, {self.target.relative:.1%} was asked for; allow more histories"
            )
            limit = self.target.relative
            found.append(Finding(Severity.WARN, "monte_carlo_target_missed", text, relative, limit))
        return tuple(found)

    def _materials_by_density(self) -> tuple[Finding, ...]:
        if self.materials is not None:
            return ()
        text = (
            "materials of the voxels follow from their density (air, lung, soft tissue, cortical "
            "bone): metal, contrast agent and iodised oil are taken as bone"
        )
        return (Finding(Severity.NOTE, "monte_carlo_materials", text),)

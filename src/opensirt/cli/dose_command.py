"""The command that computes the dose of any activity image."""

from pathlib import Path
from typing import Any

import click

from opensirt.cli.answer import Progress, findings, json_option, number, say_json, table
from opensirt.cli.options import data_set_option, frame_option

_MONTE_CARLO_OPTIONS = (
    "seed",
    "histories",
    "target_uncertainty",
    "target_in",
    "each_voxel",
    "uncertainty",
    "materials",
    "legend",
    "resume",
    "device",
    "scheduler",
)


@click.command()
@click.argument("activity", type=click.Path(path_type=Path))
@click.option("--nuclide", required=True, metavar="N", help="Radionuclide, such as Y-90.")
@click.option(
    "--unit",
    required=True,
    metavar="U",
    help="bq_per_ml, bq_per_voxel (activity at implantation), bq_s_per_ml, mbq_h_per_voxel "
    "(time-integrated), or counts.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DOSE",
    help="Dose in Gy on the activity's grid: .nii.gz, .nii or .nrrd.",
)
@click.option(
    "--engine",
    default="kernel",
    show_default=True,
    metavar="E",
    help="local, kernel, superposition or monte-carlo.",
)
@click.option(
    "--ct", type=click.Path(path_type=Path), metavar="HU", help="CT that gives densities."
)
@click.option(
    "--density", type=click.Path(path_type=Path), metavar="G_PER_CM3", help="Density map in g/cm³."
)
@click.option(
    "--uniform-density",
    "uniform_density_g_per_ml",
    type=float,
    metavar="G_PER_CM3",
    help="One density everywhere; water of 1.0 without any.",
)
@click.option("--total-activity-mbq", type=float, metavar="A", help="For counts: activity in MASK.")
@click.option(
    "--within", type=click.Path(path_type=Path), metavar="MASK", help="For counts: what holds A."
)
@data_set_option
@click.option(
    "--dose-constant",
    "dose_constant_gy_kg_per_gbq",
    type=float,
    metavar="GY_KG_PER_GBQ",
    help="In place of the data set's energy; local engine only.",
)
@click.option(
    "--bed-map",
    nargs=3,
    type=(click.Path(path_type=Path), float, float),
    metavar="FILE ALPHA_BETA REPAIR_H",
    help="Write BED of every voxel too: α/β in Gy, repair half-life in h.",
)
@click.option("--seed", type=int, metavar="N", help="Monte Carlo: of the random numbers.")
@click.option(
    "--histories", type=int, metavar="N", help="Monte Carlo: decays to follow (10 million)."
)
@click.option(
    "--target-uncertainty",
    type=float,
    metavar="F",
    help="Monte Carlo: stop at this relative standard uncertainty (0.02 is 2 %).",
)
@click.option(
    "--in",
    "target_in",
    type=click.Path(path_type=Path),
    metavar="MASK",
    help="Monte Carlo: structure whose mean dose the target is for.",
)
@click.option(
    "--each-voxel",
    is_flag=True,
    help="Monte Carlo: the target is for the median voxel of that structure.",
)
@click.option(
    "--uncertainty",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Monte Carlo: write the standard uncertainty of every voxel in Gy.",
)
@click.option(
    "--materials",
    type=click.Path(path_type=Path),
    metavar="LABELS",
    help="Superposition, Monte Carlo: label map of the materials; by density without it.",
)
@click.option(
    "--legend",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help='Superposition, Monte Carlo: label = material, such as 1 = "lung".',
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Monte Carlo: keep the run here, and go on from what an interrupted run left.",
)
@click.option(
    "--device",
    metavar="D",
    help="Superposition, Monte Carlo: cpu (default) or cuda, a graphics processor.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Monte Carlo: run on the workers of this Dask scheduler, such as tcp://host:8786.",
)
@frame_option
@json_option
def dose(*, unit: str, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - the fields of DoseRequest
    """Compute absorbed dose from any activity image."""
    from opensirt.app.dose import DoseRequest, dose_of_files
    from opensirt.app.dose_document import dose_document
    from opensirt.app.monte_carlo import MonteCarloRequest
    from opensirt.units import image_unit

    own = {key: asked.pop(key) for key in _MONTE_CARLO_OPTIONS}
    request = DoseRequest(unit=image_unit(unit), monte_carlo=MonteCarloRequest(**own), **asked)
    with Progress() as progress:
        outcome = dose_of_files(request, progress=progress)
    if as_json:
        say_json(dose_document(outcome))
        return
    made, energy = outcome.result.dose, outcome.result.energy
    findings(outcome.findings)
    rows = [
        ("engine", made.engine),
        ("radionuclide", f"{made.radionuclide} ({made.data_set})"),
        ("density", outcome.density),
        ("largest dose (Gy)", number(float(made.values.max()))),
        ("energy released (J)", number(energy.released_j)),
        ("energy scored (J)", number(energy.scored_j)),
        ("energy outside the kernel", f"{energy.outside_kernel_fraction:.3%}"),
        ("energy that leaves the grid", f"{energy.outside_grid_fraction:.3%}"),
        ("written", str(outcome.out)),
    ]
    table("Dose", ("", ""), rows)

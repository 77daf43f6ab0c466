"""The commands that need no case: kernel, dvh, compare. For `dose` see `dose_command`."""

from pathlib import Path
from typing import Any

import click

from opensirt.cli.answer import Progress, findings, json_option, number, say_json, table
from opensirt.cli.options import (
    data_set_option,
    figures_csv_option,
    frame_option,
    label_option,
)


@click.command()
@click.option("--nuclide", required=True, metavar="N", help="Radionuclide, such as Y-90.")
@click.option(
    "--spacing",
    "spacing_mm",
    required=True,
    type=float,
    nargs=3,
    metavar="X Y Z",
    help="Sides of a voxel in mm.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="K.csv",
    help="Table: one offset along x, y, z a row.",
)
@click.option(
    "--density",
    "density_g_per_ml",
    type=float,
    default=1.0,
    show_default=True,
    help="Of the water, in g/cm³.",
)
@data_set_option
@click.option(
    "--water",
    type=click.Choice(["I75", "I78"]),
    default="I75",
    show_default=True,
    help="Mean excitation energy of the water in eV.",
)
@json_option
def kernel(*, out: Path, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - of KernelRequest
    """Write the voxel S values for voxels of any shape."""
    from opensirt.app.kernel import KernelRequest, kernel_of, write_kernel_csv

    request = KernelRequest(**asked)
    with Progress() as progress:
        progress("kernel")
        made = kernel_of(request)
        n_rows = write_kernel_csv(out, made)
    about = {
        "schema": "opensirt/kernel/1",
        "out": out,
        "radionuclide": made.nuclide.name,
        "data_set": made.nuclide.data_set,
        "data_set_version": made.nuclide.data_set_version,
        "water": made.water,
        "spacing_mm": request.spacing_mm,
        "density_g_per_ml": made.density_g_per_ml,
        "emitted_mev_per_decay": made.emitted_mev,
        "outside_kernel_fraction": made.outside_fraction,
        "half_width": dict(zip("kji", made.half_width, strict=True)),
        "n_rows": n_rows,
    }
    if as_json:
        say_json(about)
        return
    x, y, z = request.spacing_mm
    k, j, i = made.half_width
    rows = [
        ("radionuclide", f"{made.nuclide.name} ({made.nuclide.data_set_version})"),
        ("voxel x, y, z (mm)", f"{x:g}, {y:g}, {z:g}"),
        ("water", f"{made.water}, {made.density_g_per_ml:g} g/mL"),
        ("offsets from the centre x, y, z", f"±{i}, ±{j}, ±{k}"),
        ("energy of a decay (MeV)", number(made.emitted_mev)),
        ("of that outside the kernel", f"{made.outside_fraction:.3%}"),
        ("written", f"{out}, {n_rows} rows"),
    ]
    table("Voxel S values", ("", ""), rows)


def _kinds(labels: tuple[str, ...]) -> dict[str, Any]:
    from opensirt.domain.structure import structure_kind
    from opensirt.errors import InputError

    kinds = {}
    for text in labels:
        name, equals, kind = text.rpartition("=")
        if not equals or not name:
            raise InputError(f'--label {text!r}; wanted "NAME=KIND", such as "Tumor *=tumour"')
        kinds[name] = structure_kind(kind)
    return kinds


@click.command()
@click.argument("dose", type=click.Path(path_type=Path))
@click.option(
    "--structures",
    required=True,
    type=click.Path(path_type=Path),
    metavar="S",
    help="SEG, RTSTRUCT, .seg.nrrd or label map.",
)
@figures_csv_option
@label_option
@click.option(
    "--volume-at",
    "volume_at_gy",
    type=float,
    multiple=True,
    metavar="GY",
    help="Add the part of the volume that receives at least this. Again for more.",
)
@click.option(
    "--eud", "eud_exponent", type=float, metavar="A", help="Add generalised EUD of exponent A."
)
@click.option(
    "--bed",
    nargs=3,
    type=(str, float, float),
    metavar="N ALPHA_BETA REPAIR_H",
    help="Add BED and EQD2 of the mean dose of an implant: radionuclide, α/β in Gy, repair "
    "half-life in h.",
)
@click.option(
    "--eubed",
    "alpha_per_gy",
    type=float,
    metavar="ALPHA",
    help="Add the equivalent uniform BED of all voxels, with α in 1/Gy; needs --bed.",
)
@frame_option
@json_option
def dvh(
    *,
    csv_path: Path | None,
    labels: tuple[str, ...],
    bed: tuple[str, float, float] | None,
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - the fields of DvhRequest
) -> None:
    """Compute dose-volume figures of structures."""
    from opensirt.app.dvh import BedParameters, DvhRequest, dvh_of_files, write_dvh_csv

    parameters = None
    if bed is not None:
        parameters = BedParameters(
            nuclide=bed[0], alpha_beta_ratio_gy=bed[1], repair_half_life_h=bed[2]
        )
    request = DvhRequest(labels=_kinds(labels), bed=parameters, **asked)
    with Progress() as progress:
        progress("dose-volume figures")
        outcome = dvh_of_files(request)
    if csv_path is not None:
        write_dvh_csv(csv_path, outcome.rows)
    if as_json:
        say_json(
            {
                "schema": "opensirt/dvh/1",
                "structures": outcome.rows,
                "findings": outcome.findings,
                "inputs": outcome.inputs,
            }
        )
        return
    findings(outcome.findings)
    columns = list(outcome.rows[0])
    table(
        "Dose-volume figures",
        columns,
        [[number(row[key]) for key in columns] for row in outcome.rows],
    )


@click.command()
@click.argument("reference", type=click.Path(path_type=Path))
@click.argument("evaluated", type=click.Path(path_type=Path))
@click.option(
    "--structures",
    type=click.Path(path_type=Path),
    metavar="S",
    help="SEG, RTSTRUCT, .seg.nrrd or label map: adds figures of each structure.",
)
@label_option
@click.option(
    "--dose-difference",
    "dose_difference_fraction",
    type=float,
    metavar="F",
    help="Gamma: part of the largest reference dose (0.03 is 3 %, the default).",
)
@click.option("--distance-mm", type=float, metavar="MM", help="Gamma: to agreement (2 mm).")
@click.option(
    "--lowest-dose",
    "lowest_dose_fraction",
    type=float,
    metavar="F",
    help="Leave out what is below this part of the largest reference dose (0.1).",
)
@click.option("--local", is_flag=True, help="Gamma: difference as a part of the point's own dose.")
@click.option(
    "--gamma",
    "gamma_map",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the gamma index on the reference's grid; -1 where it was not judged.",
)
@figures_csv_option
@frame_option
@json_option
def compare(
    *,
    csv_path: Path | None,
    labels: tuple[str, ...],
    as_json: bool,
    **asked: Any,  # noqa: ANN401 - the fields of CompareRequest
) -> None:
    """Compare two dose files: gamma index, differences, agreement.

    Differences are EVALUATED less REFERENCE: engine against engine, delivered against planned.
    """
    from opensirt.app.compare import CompareRequest, compare_files
    from opensirt.app.dvh import write_dvh_csv
    from opensirt.domain.missing import Missing
    from opensirt.errors import InputError

    request = CompareRequest(labels=_kinds(labels), **asked)
    if csv_path is not None and request.structures is None:
        raise InputError("--csv holds the figures of structures; name their file with --structures")
    with Progress() as progress:
        progress("gamma index")
        found = compare_files(request)
    if csv_path is not None and found.rows:
        write_dvh_csv(csv_path, found.rows)
    gamma, voxels, agreement = found.gamma, found.voxels, found.agreement
    if as_json:
        say_json(
            {
                "schema": "opensirt/compare/1",
                "gamma": {
                    "criteria": gamma.criteria,
                    "n_voxels": gamma.n_voxels,
                    "gamma_pass_fraction": gamma.gamma_pass_fraction,
                },
                "voxels": voxels,
                "structures": found.rows,
                "agreement": agreement,
                "findings": found.findings,
                "inputs": found.inputs,
            }
        )
        return
    findings(found.findings)
    asked_for = gamma.criteria
    rows = [
        (
            "gamma criteria",
            (
                f"{asked_for.dose_difference_fraction:.3g} of the "
                f"{'point' if asked_for.local else 'maximum'}, {asked_for.distance_mm:g} mm, "
                f"above {asked_for.lowest_dose_fraction:g} of the maximum"
            ),
        ),
        ("voxels judged", f"{gamma.n_voxels}"),
        ("gamma pass fraction", f"{gamma.gamma_pass_fraction:.4f}"),
    ]
    if isinstance(voxels, Missing):
        rows.append(("voxel differences", "not estimated: the doses lie on different grids"))
    else:
        rows += [
            ("mean difference (Gy)", number(voxels.mean_gy)),
            ("root mean square difference (Gy)", number(voxels.root_mean_square_gy)),
            ("largest difference (Gy)", number(voxels.largest_gy)),
            ("mean relative difference", f"{voxels.relative_mean:.2%}"),
            ("root mean square relative difference", f"{voxels.relative_root_mean_square:.2%}"),
        ]
    if not isinstance(agreement, Missing):
        rows += [
            ("structure means: bias", f"{agreement.bias:.2%} ({agreement.n} structures)"),
            (
                "structure means: limits of agreement",
                f"{agreement.lower_limit:.2%} to {agreement.upper_limit:.2%}",
            ),
        ]
    table("Comparison", ("", ""), rows)
    if found.rows:
        columns = list(found.rows[0])
        lines = [[number(row[key]) for key in columns] for row in found.rows]
        table("Structures", columns, lines)

"""Options of plan and run that ask for an optimisation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from opensirt.domain.optimised_plan import OptimiseRequest

CommandT = TypeVar("CommandT", bound=Callable[..., object])

_OBJECTIVES = ("mean", "minimum", "d70", "control")

_OPTIONS = (
    click.option(
        "--optimise",
        "objective",
        type=click.Choice(_OBJECTIVES),
        help="Choose activities that make the mean tumour dose, that of the least-dosed tumour, "
        "the least D70 or the chance of control largest under every limit.",
    ),
    click.option("--model", metavar="M", help="Model of the optimisation [the prescribed one]."),
    click.option(
        "--control-curve",
        nargs=2,
        type=float,
        metavar="D50 SLOPE",
        help="Gy of 50 % control, and slope per Gy, for --optimise control.",
    ),
    click.option(
        "--earlier-lung-gy", type=float, metavar="GY", help="Lung dose of earlier treatments."
    ),
    click.option(
        "--spheres-per-ml", type=float, metavar="N", help="At most so many per mL perfused."
    ),
    click.option(
        "--activity-per-sphere", type=float, metavar="BQ", help="Of a sphere, at administration."
    ),
    click.option(
        "--require-target", is_flag=True, help="Reach the tumour target in force, or refuse."
    ),
    click.option(
        "--vials", type=float, metavar="HOURS", help="Choose vials, so long after calibration."
    ),
    click.option("--most-vials", type=int, metavar="N", help="Vials for one territory [3]."),
    click.option("--robust", is_flag=True, help="Say how likely each goal is met."),
    click.option("--scenarios", type=int, metavar="N", help="Of --robust [1000]."),
    click.option("--seed", type=int, metavar="N", help="Of --robust [1]."),
    click.option(
        "--chance",
        "chances",
        multiple=True,
        metavar="LIMIT=P",
        help="Keep a limit (lung, normal_liver, …, all) with this chance, 0 to 1; may be repeated.",
    ),
)

choose_option = click.option(
    "--choose",
    is_flag=True,
    help="With --optimise: write the optimum of the prescribed device to case.toml and plan it.",
)


def optimise_options(command: CommandT) -> CommandT:
    """Add the options of an optimisation to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def optimise_request(given: dict[str, object]) -> "OptimiseRequest | None":
    """Return what the options ask for; None without --optimise.

    Raises
    ------
    InputError
        When options belong together and one of them is missing, or a value cannot be.
    """
    from opensirt.domain.missing import Missing
    from opensirt.domain.optimised_plan import (
        ControlCurve,
        Objective,
        OptimiseRequest,
        RobustRequest,
        VialRequest,
    )
    from opensirt.errors import InputError

    objective = given.pop("objective")
    stated = {key: value for key, value in given.items() if value not in (None, False, ())}
    if objective is None:
        if stated:
            names = ", ".join(_option_name(key) for key in stated)
            raise InputError(f"{names}: only with --optimise mean, minimum, d70 or control")
        return None
    chances = _chances(given["chances"])
    robust = None
    if given["robust"] or chances:
        robust = RobustRequest(
            n_scenarios=_or(given["scenarios"], 1000),
            seed=_or(given["seed"], 1),
            chances=chances,
        )
    elif "scenarios" in stated or "seed" in stated:
        raise InputError("--scenarios and --seed: only with --robust or --chance")
    vials = None
    if given["vials"] is not None:
        most = given["most_vials"]
        vials = VialRequest(
            hours_after_calibration=float(str(given["vials"])),
            most_per_territory=None if most is None else int(str(most)),
        )
    elif "most_vials" in stated:
        raise InputError("--most-vials: only with --vials HOURS")
    curve = given["control_curve"]
    control = None
    if isinstance(curve, tuple) and curve:
        control = ControlCurve(d50_gy=curve[0], slope_per_gy=curve[1])

    def number(key: str) -> float | Missing:
        value = given[key]
        return float(str(value)) if value is not None else Missing.NOT_RECORDED

    return OptimiseRequest(
        objective=Objective(objective),
        model=None if given["model"] is None else str(given["model"]),
        control=control,
        earlier_lung_gy=number("earlier_lung_gy"),
        spheres_per_ml_at_most=number("spheres_per_ml"),
        activity_per_sphere_bq=number("activity_per_sphere"),
        targets_required=bool(given["require_target"]),
        vials=vials,
        robust=robust,
    )


def _or(value: object, otherwise: int) -> int:
    return otherwise if value is None else int(str(value))


def _option_name(key: str) -> str:
    return "--chance" if key == "chances" else f"--{key.replace('_', '-')}"


def _chances(given: object) -> dict[str, float]:
    """Return limit → chance of texts such as ``lung=0.95``."""
    from opensirt.errors import InputError

    found = {}
    assert isinstance(given, tuple)  # noqa: S101 - an option that may be repeated
    for text in given:
        key, sign, value = str(text).partition("=")
        try:
            found[key.removesuffix("_gy")] = float(value)
        except ValueError:
            sign = ""
        if not sign or not key:
            raise InputError(f"--chance {text}: wanted a limit and a chance, such as lung=0.95")
    return found

"""The state of a Monte Carlo run as a file, from which the run goes on."""

import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from opensirt.errors import InputError
from opensirt.physics.dose.batches import MonteCarloState
from opensirt.whole_file import whole_file

_ARRAYS = ("summed_mev", "squared_mev2")


def write_monte_carlo_state(path: Path, state: MonteCarloState) -> None:
    """Write a state as NPZ, whole or not at all."""
    with whole_file(path) as part, part.open("wb") as stream:
        held: dict[str, Any] = {key: np.asarray(value) for key, value in asdict(state).items()}
        np.savez(stream, **held)


def read_monte_carlo_state(path: Path) -> MonteCarloState:
    """Return the state that a file holds.

    Raises
    ------
    InputError
        When the file is not a state, or cannot be read.
    """
    wanted = "the file that an earlier run of the same call wrote with --resume"
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            held = {one.name: stored[one.name] for one in fields(MonteCarloState)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path.name} is not the state of a Monte Carlo run ({error}); wanted {wanted}: "
            "name another file, or move this one away to begin anew"
        ) from None
    made = {key: value if key in _ARRAYS else value.item() for key, value in held.items()}
    if not all(np.isfinite(held[name]).all() for name in _ARRAYS):
        raise InputError(f"{path.name} holds values that are not finite; begin anew without it")
    return MonteCarloState(**made)

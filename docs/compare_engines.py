"""The dose engines side by side: pictures and tables made with the docs.

On our own phantoms always; on the CT and SPECT of a patient and on published voxel S values where
``OPENSIRT_TEST_DATA`` names the shared files. Nothing of these is kept in the repository.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENGINES = ("local", "kernel", "superposition", "monte-carlo")
HISTORIES = 4_000_000
HERE = Path(__file__).parent


def pages(room: Path) -> str:
    """Draw the pictures into a folder and return the text that shows them."""
    lines = [*_phantom(room), *_slabs(room)]
    shared = os.environ.get("OPENSIRT_TEST_DATA", "")
    if not shared:
        lines.append(
            "\nBuilt without the shared files (`OPENSIRT_TEST_DATA` is not set): no real CT, no "
            "published voxel S values.\n"
        )
        return "\n".join(lines) + "\n"
    lines += [*_real_ct(room, Path(shared)), *_lanconelli(Path(shared))]
    return "\n".join(lines) + "\n"


def _model(name: str, data_set: str) -> Any:  # noqa: ANN401 - a dose engine
    from opensirt.physics.dose import dose_engine
    from opensirt.physics.dose.monte_carlo import MonteCarlo
    from opensirt.reference.radionuclide import radionuclide

    nuclide = radionuclide("Y-90", data_set)
    if name == "monte-carlo":
        return MonteCarlo(nuclide=nuclide, n_histories=HISTORIES, seed=1)
    return dose_engine(name, nuclide)


def _maps(
    path: Path,
    panels: dict[str, NDArray[np.floating]],
    background: NDArray[np.floating],
    *,
    unit: str,
    limit: float,
) -> None:
    """Draw one slice of each panel in blue and red over the density in grey."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.3 * len(panels), 3.9), layout="constrained")
    FigureCanvasAgg(figure)
    for number, (name, panel) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), number + 1)
        axes.imshow(background, cmap="gray", vmin=0.0, vmax=1.6)
        shown = axes.imshow(panel, cmap="RdBu_r", vmin=-limit, vmax=limit, alpha=0.85)
        axes.set_title(name)
        axes.set_axis_off()
    figure.colorbar(shown, ax=figure.axes, orientation="horizontal", shrink=0.5, label=unit)
    figure.savefig(path, dpi=110)


def _phantom(room: Path) -> Iterator[str]:
    from opensirt.phantom.commission.phantom40 import ORGANS, phantom40
    from opensirt.reference.commissioning import reference_tables

    stored = reference_tables("phantom40_egsnrc")
    decays, density = phantom40()
    wanted = stored["dose_mgy_per_mbq_s"].astype(np.float64)
    hot = wanted > wanted.max() / 2
    yield "## Phantom with lung, bone and gas\n"
    yield (
        "Y-90, data set `egsnrc`, 40³ voxels of 3 mm. Mean dose over that by EGSnrc, and root mean "
        "square of the difference in the voxels above half of the maximum, where the noise of the "
        f"reference is 0.73 %; that of `monte-carlo` has its own noise of {HISTORIES // 1_000_000} "
        "million histories besides.\n"
    )
    yield f"| engine | {' | '.join((*ORGANS.values(), 'gas'))} | root mean square |"
    yield "|---" * (len(ORGANS) + 3) + "|"
    panels, slice_k = {}, 20
    for name in ENGINES:
        dose = _model(name, "egsnrc").dose(decays, density).dose.values.astype(np.float64)
        dose = dose * 1e3 / (decays.total() / 1e6)
        cells = []
        for label in (*ORGANS, 5):
            inside = stored["label"] == label
            cells.append(f"{dose[inside].mean() / wanted[inside].mean() - 1:+.1%}")
        spread = float(np.sqrt(np.mean((dose[hot] / wanted[hot] - 1) ** 2)))
        yield f"| `{name}` | {' | '.join(cells)} | {spread:.2%} |"
        panels[name] = 100.0 * (dose - wanted)[:, :, slice_k].T / wanted.max()
    picture = room / "engines-phantom.png"
    background = stored["density_g_per_ml"][:, :, slice_k].T
    _maps(picture, panels, background, unit="dose − EGSnrc, % of the maximum", limit=5.0)
    yield f"\n![Difference from EGSnrc in the phantom](generated/{picture.name})\n"
    yield (
        "One slice over its density in grey. Red is too much dose, blue too little; the speckle is "
        "the noise of EGSnrc and, for Monte Carlo, its own.\n"
    )


def _slabs(room: Path) -> Iterator[str]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from opensirt.phantom.commission.slabs import CASES, WORDS, relative_doses_by

    yield "## Slabs\n"
    yield (
        "Central column across a plane between two media; largest difference from EGSnrc within "
        "12 mm of it, in parts of the equilibrium dose.\n"
    )
    engines = ("local", "kernel", "superposition", "monte-carlo")
    yield f"| plane | {' | '.join(f'`{one}`' for one in engines)} |"
    yield "|---" * (len(engines) + 1) + "|"
    figure = Figure(figsize=(12.0, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    for number, name in enumerate(CASES):
        axes = figure.add_subplot(1, len(CASES), number + 1)
        cells = []
        for engine in engines:
            z, found, wanted = relative_doses_by(name, _model(engine, "egsnrc"))
            close = np.abs(z) < 12.0  # noqa: PLR2004 - as the text says
            cells.append(f"{np.abs(found - wanted)[close].max():.1%}")
            near = np.abs(z) < 20.0  # noqa: PLR2004 - what is drawn
            axes.plot(z[near], found[near], marker=".", linewidth=1, label=engine)
        axes.plot(z[near], wanted[near], "k+", markersize=9, label="EGSnrc")
        axes.axvline(0.0, color="0.7", linewidth=0.8)
        axes.set_title(WORDS[name], fontsize=9)
        axes.set_xlabel("mm from the plane")
        yield f"| {WORDS[name]} | {' | '.join(cells)} |"
    figure.axes[0].set_ylabel("dose / equilibrium dose")
    figure.axes[-1].legend(fontsize=8)
    picture = room / "engines-slabs.png"
    figure.savefig(picture, dpi=110)
    yield f"\n![Dose across planes](generated/{picture.name})\n"


def _real_ct(room: Path, shared: Path) -> Iterator[str]:
    sys.path.insert(0, str(HERE.parent / "tests" / "support"))
    from penred_case import penred_case

    decays, density = penred_case(shared)
    g_per_ml = density.values * 1e3
    doses = {name: _model(name, "icrp107").dose(decays, density).dose.values for name in ENGINES}
    reference = doses["superposition"]
    lung = (g_per_ml > 0.1) & (g_per_ml < 0.6)  # noqa: PLR2004 - lung
    at_lung = (lung * reference).sum(axis=(0, 2))
    j = int(np.argmax(at_lung))
    tissues = {
        "lung, 0.1 to 0.6 g/mL": lung,
        "soft tissue, 0.9 to 1.15 g/mL": (g_per_ml > 0.9) & (g_per_ml < 1.15),  # noqa: PLR2004
        "bone, above 1.15 g/mL": g_per_ml > 1.15,  # noqa: PLR2004
    }
    yield "## CT and SPECT of a patient\n"
    yield (
        "SPECT (its activity taken as decays of Y-90) on a CT of 4 mm, GATE's example as it comes "
        "with PenRed; not part of OpenSIRT. Mean dose over that by superposition.\n"
    )
    yield "| engine | " + " | ".join(tissues) + " |"
    yield "|---" * (len(tissues) + 1) + "|"
    for name, dose in doses.items():
        cells = (f"{dose[one].mean() / reference[one].mean() - 1:+.1%}" for one in tissues.values())
        yield f"| `{name}` | {' | '.join(cells)} |"
    panels = {
        name: (100.0 * (dose - reference)[::-1, j, :] / reference[:, j, :].max())
        for name, dose in doses.items()
        if name != "superposition"
    }
    picture = room / "engines-patient.png"
    _maps(
        picture,
        panels,
        g_per_ml[::-1, j, :],
        unit="dose − superposition, % of the slice's maximum",
        limit=10.0,
    )
    yield f"\n![Difference from superposition in a patient](generated/{picture.name})\n"


def _lanconelli(shared: Path) -> Iterator[str]:
    sys.path.insert(0, str(HERE.parent / "tests" / "support"))
    from lanconelli import lanconelli_sizes, lanconelli_table, our_table

    from opensirt.reference.table import read_table

    scale = read_table("dose_engines")["range_scale"]["soft_tissue"]["value"]
    offsets = (
        (0, 0, 0),
        (0, 0, 1),
        (0, 1, 1),
        (1, 1, 1),
        (0, 0, 2),
        (0, 1, 2),
        (0, 2, 2),
        (0, 0, 3),
    )
    yield "## Published voxel S values\n"
    yield (
        "Y-90 in soft tissue of 1.04 g/mL, Lanconelli et al., Phys. Med. Biol. 57 (2012) 517: ours "
        "over theirs by offset in voxels. First line of a size: water of 1.04 g/mL, as `kernel` "
        f"has it; second line: soft tissue of 1.04 g/mL, in which electrons go as far as in water "
        f"of {scale:g} times that, as `superposition` has it.\n"
    )
    yield "| voxel | medium | " + " | ".join("".join(map(str, one)) for one in offsets) + " |"
    yield "|---" * (len(offsets) + 2) + "|"
    for size_mm in lanconelli_sizes(shared):
        theirs = lanconelli_table(shared, size_mm)
        for medium, one_scale in (("water", 1.0), ("tissue", scale)):
            ours = our_table(size_mm, one_scale)
            cells = (f"{ours[one] / theirs[one]:.3f}" if ours[one] > 0 else "—" for one in offsets)
            yield f"| {size_mm:g} mm | {medium} | {' | '.join(cells)} |"

"""How far sizes measured from outlines lie from the truth, on spheres and ellipsoids.

Run: python bench/lesion_size.py
"""

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.grid import Grid
from opensirt.domain.structure import Mask
from opensirt.imaging.lesion_size import lesion_size

SPACINGS_MM = ((1.0, 1.0, 1.0), (3.0, 0.8, 0.8), (5.0, 0.9, 0.9))
REPEATS = 40


def grid_around(half_mm: float, spacing_mm: tuple[float, ...], turn: NDArray[np.float64]) -> Grid:
    """Return a grid around the origin, turned; k, j, i were z, y, x."""
    shape = [int(2 * half_mm / one) + 10 for one in spacing_mm]
    made = np.eye(4)
    made[:3, :3] = turn @ np.diag(spacing_mm)[::-1]
    made[:3, 3] = -(made[:3, :3] @ (np.array(shape) - 1.0)) / 2
    return Grid((shape[0], shape[1], shape[2]), made, "2.25.7")


def body(grid: Grid, semi_mm: NDArray[np.float64], centre_mm: NDArray[np.float64],
         turn: NDArray[np.float64]) -> Mask:  # fmt: skip
    """Return an ellipsoid of half axes `semi_mm`, turned about its centre."""
    points = (grid.lps_mm(np.moveaxis(np.indices(grid.shape), 0, -1)) - centre_mm) @ turn
    return Mask(grid, ((points / semi_mm) ** 2).sum(axis=-1) <= 1.0)


def rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random rotation."""
    found, upper = np.linalg.qr(rng.normal(size=(3, 3)))
    made: NDArray[np.float64] = found * np.sign(np.diag(upper))
    if np.linalg.det(made) < 0:
        made[:, 0] = -made[:, 0]
    return made


def shown(errors: list[float]) -> str:
    """Return mean and range."""
    return f"{np.mean(errors):+.2f} ({min(errors):+.2f} to {max(errors):+.2f})"


def main() -> None:
    """Print the error of diameter, perpendicular and volume for each grid and body."""
    rng = np.random.default_rng(3)
    for spacing in SPACINGS_MM:
        for radius in (5.0, 10.0, 20.0, 30.0):
            grid = grid_around(radius, spacing, np.eye(3))
            errors: list[list[float]] = [[], [], []]
            for _ in range(REPEATS):
                centre = rng.uniform(-0.5, 0.5, 3) * np.array(spacing)[::-1]
                made = lesion_size(body(grid, np.full(3, radius), centre, np.eye(3)))
                errors[0].append(made.longest_diameter_mm - 2 * radius)
                errors[1].append(made.perpendicular_mm - 2 * radius)
                errors[2].append(100 * (made.volume_ml / (4e-3 / 3 * np.pi * radius**3) - 1))
            print(f"sphere {2 * radius:.0f} mm, grid {spacing}: longest {shown(errors[0])} mm, "
                  f"across {shown(errors[1])} mm, volume {shown(errors[2])} %")  # fmt: skip
        for semi in ((9.0, 6.0, 5.0), (20.0, 12.0, 8.0), (30.0, 10.0, 10.0)):
            errors = [[], [], []]
            for _ in range(REPEATS):
                angle = np.deg2rad(rng.uniform(-25, 25))
                tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)],
                                 [0, np.sin(angle), np.cos(angle)]])  # fmt: skip
                pose = rotation(rng)
                grid = grid_around(max(semi), spacing, tilt)
                made = lesion_size(body(grid, np.array(semi), np.zeros(3), pose))
                shape = pose @ np.diag(1 / np.array(semi) ** 2) @ pose.T
                plane = tilt[:, :2]
                flat, steep = np.linalg.eigvalsh(plane.T @ shape @ plane)
                errors[0].append(made.longest_diameter_mm - 2 / np.sqrt(flat))
                errors[1].append(made.perpendicular_mm - 2 / np.sqrt(steep))
                errors[2].append(100 * (made.volume_ml / (4e-3 / 3 * np.pi * np.prod(semi)) - 1))
            print(f"ellipsoid {semi} mm half axes, oblique grid {spacing}: longest "
                  f"{shown(errors[0])} mm, across {shown(errors[1])} mm, "
                  f"volume {shown(errors[2])} %")  # fmt: skip


if __name__ == "__main__":
    main()

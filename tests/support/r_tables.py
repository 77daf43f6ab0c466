"""Tables that R and we both analyse, and how R is run; approved numbers lie in tests/approved.

To approve anew: ``PYTHONPATH=src:tests/support OPENSIRT_TEST_DATA=… python -m r_tables``.
"""

import csv
import json
import os
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1] / "approved" / "outcomes"
COLUMNS = ("time", "code", "x1", "x2", "group", "stratum", "cluster", "horizon")
Table = dict[str, NDArray[np.float64]]

SIMULATED = ("simulated",)
REAL = ("pbc", "transplant", "resected_hcc", "tace_hcc", "intermediate_hcc")


def cohorts() -> Path | None:
    """Return the folder of the real tables, None where there is none."""
    root = os.environ.get("OPENSIRT_TEST_DATA")
    found = Path(root) / "data" / "cohorts" if root else None
    return found if found and found.is_dir() else None


def table(name: str) -> Table:
    """Return a table by name; rows with a gap in what is used are left out."""
    if name == "simulated":
        rows = _rows(FOLDER / "simulated.csv")
        made = {key: [float(row[key]) for row in rows] for key in rows[0]}
        return _filled(made, horizon=30.0)
    folder = cohorts()
    assert folder is not None
    return {
        "pbc": _pbc,
        "transplant": _transplant,
        "resected_hcc": _resected,
        "tace_hcc": _tace,
        "intermediate_hcc": _intermediate,
    }[name](folder)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _filled(columns: dict[str, list[float]], *, horizon: float) -> Table:
    made = {key: np.asarray(values, dtype=np.float64) for key, values in columns.items()}
    whole = np.all([np.isfinite(one) for one in made.values()], axis=0)
    made = {key: one[whole] for key, one in made.items()}
    made["cluster"] = np.floor(np.arange(int(whole.sum())) / 3.0)
    made["horizon"] = np.full(int(whole.sum()), horizon)
    return {key: made[key] for key in COLUMNS}


def _number(text: str) -> float:
    return float(text) if text not in ("", "NA", "?") else float("nan")


def _pbc(folder: Path) -> Table:
    rows = _rows(folder / "survival_pbc" / "pbc.csv")
    code = {"0": 0.0, "1": 2.0, "2": 1.0}
    return _filled(
        {
            "time": [_number(row["time"]) for row in rows],
            "code": [code[row["status"]] for row in rows],
            "x1": [float(np.log(_number(row["bili"]))) for row in rows],
            "x2": [_number(row["age"]) for row in rows],
            "group": [_number(row["edema"]) for row in rows],
            "stratum": [float(row["sex"] == "f") for row in rows],
        },
        horizon=3650.0,
    )


def _transplant(folder: Path) -> Table:
    rows = _rows(folder / "survival_pbc" / "transplant.csv")
    code = {"censored": 0.0, "ltx": 1.0, "death": 2.0, "withdraw": 3.0}
    return _filled(
        {
            # Four patients end on day 0. There cmprsk::crr takes the part not yet censored after
            # those censored on day 0, not before them as at every other time; half a day ends that.
            "time": [max(_number(row["futime"]), 0.5) for row in rows],
            "code": [code[row["event"]] for row in rows],
            "x1": [_number(row["age"]) for row in rows],
            "x2": [float(row["sex"] == "f") for row in rows],
            "group": [float("AB O".replace(" ", "").find(row["abo"][0])) for row in rows],
            "stratum": [float(int(row["year"]) > 1994) for row in rows],
        },
        horizon=1000.0,
    )


def _resected(folder: Path) -> Table:
    rows = _rows(folder / "asaur_hepatocellular" / "hepatoCellular.csv")
    return _filled(
        {
            "time": [_number(row["OS"]) for row in rows],
            "code": [_number(row["Death"]) for row in rows],
            "x1": [_number(row["Age"]) for row in rows],
            "x2": [_number(row["Tumorsize"]) for row in rows],
            "group": [_number(row["BCLC"]) for row in rows],
            "stratum": [_number(row["Gender"]) for row in rows],
        },
        horizon=60.0,
    )


def _tace(folder: Path) -> Table:
    rows = _rows(folder / "hcc_tace_seg" / "clinical.csv")
    return _filled(
        {
            "time": [_number(row["OS"]) for row in rows],
            "code": [_number(row["Death_1_StillAliveorLostToFU_0"]) for row in rows],
            "x1": [_number(row["age"]) for row in rows],
            "x2": [float(np.log(_number(row["AFP"]))) for row in rows],
            "group": [float(row["CPS"] == "A") for row in rows],
            "stratum": [_number(row["Vascular invasion"]) for row in rows],
        },
        horizon=150.0,
    )


def _intermediate(folder: Path) -> Table:
    rows = _rows(folder / "survivalpath_dtsdhcc" / "dtsdhcc_deid.csv")
    first: dict[str, dict[str, str]] = {}
    for row in rows:
        kept = first.setdefault(row["pid"], row)
        if float(row["day"]) < float(kept["day"]):
            first[row["pid"]] = row
    chosen = list(first.values())
    return _filled(
        {
            "time": [_number(row["OStime_day"]) for row in chosen],
            "code": [_number(row["Status_of_death"]) for row in chosen],
            "x1": [_number(row["Largest.Diameter.of.Hepatic.Lesions"]) for row in chosen],
            "x2": [_number(row["Child_pugh_score"]) for row in chosen],
            "group": [min(_number(row["Amount.of.Hepatic.Lesions"]), 3.0) for row in chosen],
            "stratum": [_number(row["Vascular.Invasion"]) for row in chosen],
        },
        horizon=1825.0,
    )


def write_table(path: Path, given: Table) -> None:
    """Write a table for R, with all digits."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(given)
        writer.writerows(
            [repr(float(one)) for one in row] for row in zip(*given.values(), strict=True)
        )


def run_r(script: str, path: Path) -> dict[str, float]:
    """Return what a script of the approved folder prints about a table."""
    done = subprocess.run(  # noqa: S603 - our own script
        ["Rscript", str(FOLDER / script), str(path)],  # noqa: S607 - where the system has it
        check=True,
        capture_output=True,
        text=True,
    )
    lines = (line.split(" ") for line in done.stdout.splitlines())
    return {key: float(value) for key, value in lines if value not in ("NA", "NaN")}


def approved(script: str) -> dict[str, dict[str, float]]:
    """Return the approved numbers of a script, by table."""
    found: dict[str, dict[str, float]] = json.loads(
        (FOLDER / script).with_suffix(".json").read_text(encoding="utf-8")
    )
    return found


def approve_survival(folder: Path) -> None:
    """Write survival.json from what R says now."""
    made = {}
    for name in (*SIMULATED, *REAL):
        write_table(folder / f"{name}.csv", table(name))
        made[name] = run_r("survival.R", folder / f"{name}.csv")
    (FOLDER / "survival.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def lesions() -> Table:
    """Return the table of lesions within patients that the approved folder holds."""
    rows = _rows(FOLDER / "lesions.csv")
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def approve_mixed() -> None:
    """Write mixed.json from what R says now."""
    made = {"lesions": run_r("mixed.R", FOLDER / "lesions.csv")}
    (FOLDER / "mixed.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        approve_survival(Path(temporary))
    approve_mixed()

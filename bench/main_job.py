"""How long and how much memory the main job takes, beside a plain numpy job of the same run.

    python bench/main_job.py [CASE]

CASE is a case folder with a verification image; without it the digital patient is used. Exits 1
when a target is missed: import and help in half a second, the whole run with its PDF in 10
seconds, peak memory below 1.5 GB.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

TARGETS_S = {"import opensirt": 0.5, "opensirt --help": 0.5, "opensirt run": 10.0}
TARGET_PEAK_GB = 1.5

PLAIN_JOB = """
import numpy as np, scipy.signal
values = np.random.default_rng(1).random((89, 256, 256), dtype=np.float32)
scipy.signal.fftconvolve(values, np.ones((9, 11, 11), np.float32), mode="same")
"""


def timed(command: list[str], repeats: int) -> tuple[float, float]:
    """Return the shortest wall time in seconds and the largest memory in GB of a command."""
    best_s, peak_gb = float("inf"), 0.0
    for _ in range(repeats):
        start_s = time.perf_counter()
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                held = process.memory_info().rss
                held += sum(one.memory_info().rss for one in process.children(recursive=True))
                peak_gb = max(peak_gb, held / 1e9)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.01)
        process.wait()
        best_s = min(best_s, time.perf_counter() - start_s)
        if process.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return best_s, peak_gb


def main() -> int:
    """Time each command; return 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    python, opensirt = sys.executable, str(Path(sys.executable).parent / "opensirt")
    with tempfile.TemporaryDirectory() as scratch:
        case = given.case
        if case is None:
            subprocess.run(
                [opensirt, "demo", "--out", f"{scratch}/demo"], check=True, capture_output=True
            )
            case = Path(scratch) / "demo" / "case"
        plain_s, plain_gb = timed([python, "-c", PLAIN_JOB], given.repeats)
        jobs = {
            "import opensirt": [python, "-c", "import opensirt"],
            "opensirt --help": [opensirt, "--help"],
            "opensirt run": [opensirt, "run", str(case), "--out", f"{scratch}/out"],
        }
        print(f"{'job':<18} {'seconds':>8} {'× plain':>8} {'peak GB':>8}")
        print(f"{'plain numpy job':<18} {plain_s:8.2f} {1.0:8.2f} {plain_gb:8.2f}")
        missed = []
        for name, command in jobs.items():
            seconds, peak_gb = timed(command, given.repeats)
            print(f"{name:<18} {seconds:8.2f} {seconds / plain_s:8.2f} {peak_gb:8.2f}")
            if seconds > TARGETS_S[name] or peak_gb > TARGET_PEAK_GB:
                missed.append(name)
    for name in missed:
        print(f"missed: {name} (wanted {TARGETS_S[name]} s, {TARGET_PEAK_GB} GB)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

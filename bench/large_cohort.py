"""A hundred thousand simulated patients: import, query, Kaplan–Meier and Cox.

``python bench/large_cohort.py [PATIENTS]``. Each patient is a case with disease, laboratory,
administration and follow-up, as case.toml has them; the store is SQLite with full durability.
Asked for: under 60 s on 2 cores and 4 GB. Wall time depends on what else the machine does, so the
processor time of this process is printed beside it.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from opensirt.app.cohort_table import cohort_select
from opensirt.outcomes.survival_analysis import survival_analysis
from opensirt.phantom.cohort import simulated_cohort
from opensirt.store.connect import place_of
from opensirt.store.migrate import init_store
from opensirt.store.rows import Record
from opensirt.store.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST_DAY = date(2015, 1, 1)
MOST_S, MOST_MB = 60.0, 4096.0
BATCH = 5000
COVARIATES = ("age_years", "net_grade", "device", "prior_prrt")


class Clock:
    """Prints what each part took."""

    def __init__(self) -> None:
        self.wall_s, self.cpu_s = time.perf_counter(), time.process_time()
        self.total_wall_s = self.total_cpu_s = 0.0

    def start(self) -> None:
        """Begin a part."""
        self.wall_s, self.cpu_s = time.perf_counter(), time.process_time()

    def say(self, what: str) -> None:
        """End a part."""
        wall_s, cpu_s = time.perf_counter() - self.wall_s, time.process_time() - self.cpu_s
        self.total_wall_s += wall_s
        self.total_cpu_s += cpu_s
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{what:44} {wall_s:6.1f} s wall {cpu_s:6.1f} s CPU, peak so far {memory_mb:.0f} MB")
        self.start()


def records(n: int) -> Iterator[Record]:
    """Yield the case of each simulated patient."""
    who = simulated_cohort(n, seed=1).patients
    devices = {"resin", "glass", "holmium"}
    for row in range(n):
        treated = FIRST_DAY + timedelta(days=row % 3650)
        death, contact = float(who.death_day[row]), float(who.last_contact_day[row])
        dead = death <= contact  # no day of death is NaN, and then not
        day = treated + timedelta(days=int(death if dead else contact))
        key = f"S-{row:06d}"
        device = str(who.device[row])
        document = {
            "schema": "opensirt/case/1",
            "key": key,
            "patient": {"sex": "female" if who.female[row] else "male"},
            "disease": {
                "tumour_type": "neuroendocrine",
                "primary_site": str(who.primary[row]),
                "grade": str(who.grade[row]),
                "ecog_performance_status": int(who.ecog[row]),
                "tumour_burden_fraction": round(float(who.tumour_burden[row]), 4),
                "prior_treatments_complete": True,
            },
            "labs": [
                {"analyte": "albumin", "value": 40, "unit": "g/L", "on": treated.isoformat()},
                {"analyte": "bilirubin", "value": 11, "unit": "umol/L", "on": treated.isoformat()},
            ],
            "prior_treatments": [{"kind": "PRRT"}] if who.prior_prrt[row] else [],
            "administration": {
                "device": device if device in devices else "unknown",
                "administered_activity_mbq": 1500,
            },
            "follow_up": {
                "treated_on": treated.isoformat(),
                "birth_year": treated.year - int(who.age_years[row]),
                "vital_status": {"state": "dead" if dead else "alive", "on": day.isoformat()},
            },
        }
        yield Record(
            kind="case",
            case_key=key,
            content=json.dumps(document),
            author="bench",
            made_at=NOW,
            software_version="bench",
        )


def main() -> None:
    """Do all of it and print each part."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        place = place_of(Path(folder) / "cohort.db")
        init_store(place)
        clock = Clock()
        made = list(records(n))
        clock.say(f"simulate {n} patients (not counted)")
        clock.total_wall_s = clock.total_cpu_s = 0.0
        with Store(place) as store:
            while made:
                store.add_many(made[:BATCH])
                del made[:BATCH]
            clock.say("import into the store")
            found = cohort_select(
                store, where='net_grade in ["G1", "G2"] and ecog <= 1 and age_years >= 18'
            )
            clock.say(f"query: {found.table.n_rows} of {found.n_before} rows")
            survival_analysis(found.table, "os", group="device")
            clock.say("Kaplan–Meier by device, log-rank")
            fitted = survival_analysis(found.table, "os", covariates=COVARIATES)
            clock.say("Cox with four covariates")
        size_mb = Path(folder, "cohort.db").stat().st_size / 1e6
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"all: {clock.total_wall_s:.1f} s wall, {clock.total_cpu_s:.1f} s CPU, peak memory "
        f"{memory_mb:.0f} MB, database {size_mb:.0f} MB; {fitted.n} rows, {fitted.n_events} deaths"
    )
    if clock.total_cpu_s > MOST_S or memory_mb > MOST_MB:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

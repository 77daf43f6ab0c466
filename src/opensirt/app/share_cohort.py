"""One centre's part of a shared analysis: read, sum, check, list, sign, and remember what left."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from opensirt.domain.analysis_table import NUMERIC, AnalysisTable
from opensirt.errors import InputError
from opensirt.files.analysis_table_file import read_analysis_table
from opensirt.files.number_table import read_number_table
from opensirt.files.shared_file import share_document, values_that_leave, write_shared_file
from opensirt.files.shared_plan import read_point, read_shared_plan
from opensirt.files.signing_key import new_signing_key, public_text, read_signing_key
from opensirt.outcomes.federated.differencing import (
    EarlierAnswer,
    ReleasedTable,
    refuse_few_changed,
    row_digests,
)
from opensirt.outcomes.federated.disclosure import sharing_rules
from opensirt.outcomes.federated.plan import SharedPlan
from opensirt.outcomes.federated.share import (
    CentreShare,
    Columns,
    complete_rows,
    released_table,
    share,
)
from opensirt.whole_file import whole_file

LEDGER_SCHEMA = "opensirt/share-ledger/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCohort:
    """What was made for a round. `leaving` is every value of the file with its place."""

    plan: SharedPlan
    share: CentreShare
    leaving: tuple[tuple[str, str], ...]
    public_key: str
    written: Path | None
    ledger: Path


def share_cohort(
    table: Path | AnalysisTable | Columns,
    *,
    plan_path: Path,
    centre: str,
    key_path: Path,
    now: datetime,
    point_path: Path | None = None,
    out: Path | None = None,
    make_key: bool = False,
) -> SharedCohort:
    """Return what a centre shares in a round; write it, signed, when `out` is given.

    A ledger beside the key keeps what left: when, which plan and round, how many values, and the
    hash of the columns. A second answer to one plan from other rows is refused: the difference of
    two answers is the rows that changed. So is an answer to another plan whose rows differ in a
    few: a digest of every value stays in the ledger for that. Without `out` nothing is written but
    a new key.

    Raises
    ------
    InputError
        When table, plan, point or key cannot be used, a round was answered already, or the rows
        changed since the first round.
    """
    plan = read_shared_plan(plan_path)
    if make_key:
        new_signing_key(key_path)
    key = read_signing_key(key_path)
    columns = _columns(table, plan)
    round_number, points = 0, plan.start()
    if point_path is not None:
        memory, _ = read_point(point_path, plan)
        round_number, points = memory.round_number, memory.points
    ledger_path = key_path.with_name(f"{key_path.name}.ledger.json")
    ledger = _read_ledger(ledger_path)
    rows = _hash(columns)
    _refuse_changed(ledger, plan, round_number, rows, ledger_path)
    kept, _ = complete_rows(plan, columns)
    digests = row_digests(kept, ledger["salt"])
    earlier = _earlier(ledger, plan)
    refuse_few_changed(digests, earlier, sharing_rules())
    made = share(
        plan,
        columns,
        centre=centre,
        round_number=round_number,
        points=points,
        rules=sharing_rules(),
        earlier=earlier,
    )
    leaving = values_that_leave(share_document(made))
    if out is not None:
        write_shared_file(out, made, key)
        ledger["entries"].append(
            {
                "at": now.isoformat(),
                "plan": plan.key,
                "plan_sha256": plan.sha256,
                "centre": centre,
                "round": round_number,
                "rows_sha256": rows,
                "n_values": made.n_values,
                "digests": {name: list(one) for name, one in digests.items()},
                "tables": [
                    asdict(released_table(one, made.risk_tables[one.name]))
                    for one in plan.risk_tables
                    if one.name in made.risk_tables
                ],
                "file": out.name,
                "file_sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
                "withheld": [
                    {"what": one.what, "reason": one.reason, "detail": one.detail}
                    for one in made.withheld
                ],
            }
        )
        with whole_file(ledger_path) as part:
            part.write_text(json.dumps(ledger, indent=1) + "\n", encoding="utf-8")
    return SharedCohort(
        plan=plan,
        share=made,
        leaving=leaving,
        public_key=public_text(key),
        written=out,
        ledger=ledger_path,
    )


def _columns(table: Path | AnalysisTable | Columns, plan: SharedPlan) -> Columns:
    clusters = {one.cluster for one in plan.models if one.cluster}
    names = {name for one in plan.models for name in one.columns} - clusters
    names |= {name for one in plan.risk_tables for name in (one.time, one.event)}
    if isinstance(table, AnalysisTable):
        return _of_analysis_table(table, names, clusters)
    if not isinstance(table, Path):
        return {name: table[name] for name in sorted(names | clusters) if name in table}
    if table.suffix == ".parquet" or table.with_suffix(".dictionary.json").is_file():
        return _of_analysis_table(read_analysis_table(table), names, clusters)
    return read_number_table(table, sorted(names), codes=sorted(clusters))


def _of_analysis_table(table: AnalysisTable, names: set[str], clusters: set[str]) -> Columns:
    """Return columns of numbers as they are, and of identifiers as numbers of their texts."""
    found = {}
    for name in sorted(names):
        if table.variable(name).kind not in NUMERIC:
            raise InputError(
                f"column {name} is of kind {table.variable(name).kind.value}; a model takes numbers"
            )
        found[name] = table[name].values
    for name in sorted(clusters):
        _, numbers = np.unique(table[name].values.astype(str), return_inverse=True)
        found[name] = np.where(table[name].present, numbers.astype(np.float64), np.nan)
    return found


def _hash(columns: Columns) -> str:
    digest = hashlib.sha256()
    for name in sorted(columns):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(columns[name], dtype=np.float64).tobytes())
    return digest.hexdigest()


def _read_ledger(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {"schema": LEDGER_SCHEMA, "salt": secrets.token_hex(16), "entries": []}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path.name} is damaged ({error}); restore it from a backup") from None
    if not isinstance(found, dict) or found.get("schema") != LEDGER_SCHEMA:
        raise InputError(f"{path.name} is no ledger; restore it from a backup")
    found.setdefault("salt", secrets.token_hex(16))
    return found


def _earlier(ledger: dict[str, Any], plan: SharedPlan) -> list[EarlierAnswer]:
    """Return what answers to other plans let out.

    Raises
    ------
    InputError
        When an entry is of an earlier program, which kept too little to compare rows.
    """
    made = []
    for entry in ledger["entries"]:
        if entry["plan_sha256"] == plan.sha256:
            continue
        if "digests" not in entry:
            raise InputError(
                f"plan {entry['plan']} was answered with an earlier program, whose ledger cannot "
                "tell which rows it was: begin a new key for what is to come, and keep this ledger"
            )
        made.append(
            EarlierAnswer(
                plan=entry["plan"],
                rows=entry["digests"],
                tables=tuple(
                    ReleasedTable(time=one["time"], event=one["event"], edges=tuple(one["edges"]))
                    for one in entry["tables"]
                ),
                n_values=entry["n_values"],
            )
        )
    return made


def _refuse_changed(
    ledger: dict[str, Any], plan: SharedPlan, round_number: int, rows: str, path: Path
) -> None:
    for entry in ledger["entries"]:
        if entry["plan_sha256"] != plan.sha256:
            continue
        if entry["rows_sha256"] != rows:
            raise InputError(
                f"the rows changed since round {entry['round']} of plan {plan.key} was answered "
                f"on {entry['at'][:10]} ({path.name}); the difference of two answers would show "
                "the changed rows. Agree on a new plan for new rows"
            )
        if entry["round"] == round_number:
            raise InputError(
                f"round {round_number} of plan {plan.key} was answered on {entry['at'][:10]} with "
                f"{entry['file']}; send that file again"
            )

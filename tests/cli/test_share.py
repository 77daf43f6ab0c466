"""Five centres share and one pools, by the command line alone."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from centres import PLAN_TOML, SIZES, centre, centres
from click.testing import CliRunner, Result
from lifelines import CoxPHFitter

from opensirt.cli import main
from opensirt.domain.analysis_table import AnalysisTable, Variable, VariableKind, column_of
from opensirt.domain.unit_of_analysis import UnitOfAnalysis
from opensirt.files.analysis_table_file import write_analysis_table

NAMES = tuple(centres())


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in words])


def answer(*words: str | Path) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def write_table(path: Path, columns: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*(map(float, one) for one in columns.values()), strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN_TOML, encoding="utf-8")
    for name, columns in centres().items():
        write_table(tmp_path / f"{name}.csv", columns)
    return tmp_path


def share(folder: Path, name: str, number: int, *more: str | Path) -> Path:
    out = folder / f"{name}-{number}.json"
    point = ("--point", folder / f"point-{number}.json") if number else ("--new-key",)
    made = answer(
        "cohort",
        "share",
        folder / f"{name}.csv",
        "--plan",
        folder / "plan.toml",
        "--centre",
        name,
        "--key",
        folder / f"{name}.pem",
        *point,
        "--out",
        out,
        *more,
    )
    assert made["withheld"] == []
    return out


def pool(folder: Path, number: int, files: list[Path], *more: str | Path) -> Any:
    point = ("--point", folder / f"point-{number}.json") if number else ()
    return answer(
        "evidence",
        "pool",
        *files,
        "--plan",
        folder / "plan.toml",
        *point,
        "--out",
        folder / f"point-{number + 1}.json",
        *more,
    )


def test_five_centres_reach_the_estimates_of_one_table(folder: Path) -> None:
    made: Any = {"converged": False}
    number = 0
    while not made["converged"]:
        made = pool(folder, number, [share(folder, name, number) for name in NAMES])
        number += 1
        assert number < 8
    import numpy as np
    import pandas as pd

    frames = [pd.DataFrame(dict(one)).assign(centre=name) for name, one in centres().items()]
    table = pd.concat(frames, ignore_index=True)
    table["dose"] = (np.log(table["dose"]) - 4.6) / np.log(2.0)
    told = CoxPHFitter().fit(
        table[["months", "died", "dose", "prrt", "centre"]], "months", "died", strata=["centre"]
    )
    (survival,) = (one for one in made["models"] if one["name"] == "survival")
    ours = {one["name"]: one["estimate"] for one in survival["coefficients"]}
    assert ours["dose"] == pytest.approx(told.params_["dose"], rel=1e-4)
    assert ours["prrt"] == pytest.approx(told.params_["prrt"], rel=1e-4)
    assert survival["centres"] == list(NAMES)
    assert survival["n"] == sum(SIZES)
    assert made["findings"][0]["rule"] == "keys_not_confirmed"
    ledger = json.loads((folder / "centre-0.pem.ledger.json").read_text(encoding="utf-8"))
    assert [one["round"] for one in ledger["entries"]] == list(range(number))


def test_the_audit_says_what_would_leave_and_writes_nothing(folder: Path) -> None:
    done = run(
        *("cohort", "share", folder / "centre-0.csv", "--plan", folder / "plan.toml"),
        *("--centre", "centre-0", "--key", folder / "k.pem", "--new-key", "--audit"),
    )
    assert done.exit_code == 0, done.output
    assert "models.survival.score[0]" in done.stdout
    assert "nothing was written" in done.stdout
    assert not (folder / "k.pem.ledger.json").exists()


def test_changed_rows_and_a_second_answer_are_refused(folder: Path) -> None:
    share(folder, "centre-0", 0)
    words: list[str | Path] = ["cohort", "share", folder / "centre-0.csv"]
    words += ["--plan", folder / "plan.toml", "--centre", "centre-0"]
    words += ["--key", folder / "centre-0.pem"]
    again = run(*words, "--out", folder / "again.json")
    assert again.exit_code == 2
    assert "round 0 of plan five-centres was answered on" in again.stderr
    write_table(folder / "centre-0.csv", centre(0, 119))
    other = run(*words, "--out", folder / "again.json")
    assert other.exit_code == 2
    assert "the rows changed since round 0 of plan five-centres" in other.stderr
    assert not (folder / "again.json").exists()


def test_a_new_plan_on_a_few_changed_rows_is_refused(folder: Path) -> None:
    """Two plans, and a row more between them: the difference of the answers would be that row."""
    share(folder, "centre-0", 0)
    other = PLAN_TOML.replace('key = "five-centres"', 'key = "next"')
    (folder / "next.toml").write_text(other, encoding="utf-8")
    words: list[str | Path] = ["cohort", "share", folder / "centre-0.csv"]
    words += ["--plan", folder / "next.toml", "--centre", "centre-0"]
    words += ["--key", folder / "centre-0.pem", "--out", folder / "next.json"]
    table = centre(0, 120)
    write_table(folder / "centre-0.csv", {name: one[1:] for name, one in table.items()})
    refused = run(*words)
    assert refused.exit_code == 2
    assert "1 rows differ from those that plan five-centres was answered with" in refused.stderr
    assert not (folder / "next.json").exists()
    write_table(folder / "centre-0.csv", {name: one[5:] for name, one in table.items()})
    assert run(*words).exit_code == 0
    ledger = json.loads((folder / "centre-0.pem.ledger.json").read_text())
    assert "digests" not in json.loads((folder / "next.json").read_text())
    del ledger["entries"][0]["digests"]
    (folder / "centre-0.pem.ledger.json").write_text(json.dumps(ledger))
    words[-1] = folder / "third.json"
    (folder / "next.toml").write_text(other.replace("next", "third"), encoding="utf-8")
    assert "with an earlier program" in run(*words).stderr


def test_tampering_and_a_new_key_between_rounds_are_refused(folder: Path) -> None:
    files = [share(folder, name, 0) for name in NAMES]
    pool(folder, 0, files)
    later = [share(folder, name, 1) for name in NAMES]
    text = later[0].read_text(encoding="utf-8")
    later[0].write_text(text.replace('"n": 120', '"n": 121'), encoding="utf-8")
    words: list[str | Path] = ["evidence", "pool", *later, "--plan", folder / "plan.toml"]
    words += ["--point", folder / "point-1.json"]
    done = run(*words)
    assert done.exit_code == 2
    assert "centre-0-1.json was changed after it was signed" in done.stderr
    (folder / "centre-0.pem").rename(folder / "old.pem")
    (folder / "centre-0.pem.ledger.json").unlink()
    made = run(
        *("cohort", "share", folder / "centre-0.csv", "--plan", folder / "plan.toml"),
        *("--centre", "centre-0", "--key", folder / "centre-0.pem", "--new-key"),
        *("--point", folder / "point-1.json", "--out", later[0]),
    )
    assert made.exit_code == 0, made.output
    done = run(*words)
    assert done.exit_code == 2
    assert "centre-0 signed this round with another key" in done.stderr


def test_confirmed_keys_are_asked_for_by_name(folder: Path) -> None:
    path = share(folder, "centre-0", 0)
    made = pool(folder, 0, [path])
    trust = folder / "keys.toml"
    trust.write_text(f'centre-0 = "{made["keys"]["centre-0"]}"\n', encoding="utf-8")
    confirmed = pool(folder, 0, [path], "--trust", trust)
    assert "keys_not_confirmed" not in {one["rule"] for one in confirmed["findings"]}
    trust.write_text('centre-0 = "0000 0000 0000 0000"\n', encoding="utf-8")
    done = run("evidence", "pool", path, "--plan", folder / "plan.toml", "--trust", trust)
    assert done.exit_code == 2
    assert "confirms 0000 0000 0000 0000 for centre-0" in done.stderr


def test_a_small_centre_tells_less(folder: Path) -> None:
    write_table(folder / "tiny.csv", centre(7, 14))
    made = answer(
        *("cohort", "share", folder / "tiny.csv", "--plan", folder / "plan.toml"),
        *("--centre", "tiny", "--key", folder / "tiny.pem", "--new-key"),
    )
    assert {one["reason"] for one in made["withheld"]} == {"a cell under five"}
    numbers = [one["value"] for one in made["leaving"] if one["place"].startswith("risk_tables")]
    assert all(float(one) >= 5 or one == "0.0" for one in numbers)


def test_people_read_a_table_of_the_round(folder: Path) -> None:
    files = [share(folder, name, 0) for name in NAMES]
    done = run("evidence", "pool", *files, "--plan", folder / "plan.toml")
    assert done.exit_code == 0, done.output
    assert "time origin: radioembolization" in done.stdout
    assert "not yet: the estimates after this step" in done.stdout
    assert "life table of all centres" in done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("dose", "high"), "row 2, dose: found 'high'; a number is wanted"),
        (("dose", ""), "written"),
    ],
)
def test_cells_are_numbers_or_empty(folder: Path, change: tuple[str, str], words: str) -> None:
    path = folder / "centre-1.csv"
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rows[0][change[0]] = change[1]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = run(
        *("cohort", "share", path, "--plan", folder / "plan.toml", "--centre", "centre-1"),
        *("--key", folder / "k.pem", "--new-key", "--out", folder / "o.json"),
    )
    assert words in done.output


def test_an_analysis_table_is_shared_as_it_is(folder: Path) -> None:
    import numpy as np

    columns = dict(centre(0, 120))
    numbers = {name: columns[name] for name in ("dose", "months")}
    flags = {name: columns[name] for name in ("prrt", "response", "died")}
    patients = np.array([f"P{int(one):03d}" for one in columns["patient"]])
    lesions = np.array([f"L{one}" for one in range(120)])

    def variable(name: str, kind: VariableKind, unit: str = "") -> Variable:
        return Variable(name=name, meaning=f"the {name}", kind=kind, source="simulated", unit=unit)

    variables = [
        variable("patient", VariableKind.IDENTIFIER),
        variable("lesion", VariableKind.IDENTIFIER),
        *(variable(name, VariableKind.NUMBER, "1") for name in numbers),
        *(variable(name, VariableKind.FLAG) for name in flags),
    ]
    values = {"patient": patients, "lesion": lesions, **numbers, **flags}
    table = AnalysisTable(
        unit=UnitOfAnalysis.LESION,
        variables=tuple(variables),
        columns={one.name: column_of(one, list(values[one.name])) for one in variables},
        row_key=("patient", "lesion"),
        population="simulated",
    )
    write_analysis_table(folder / "lesions.csv", table)
    words: list[str | Path] = ["--plan", folder / "plan.toml", "--centre", "a"]
    words += ["--key", folder / "k.pem"]
    made = answer("cohort", "share", folder / "lesions.csv", *words, "--new-key")
    plain = answer("cohort", "share", folder / "centre-0.csv", *words)
    assert made["leaving"] == plain["leaving"]
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    (folder / "plan.toml").write_text(text.replace('"prrt"', '"lesion"'), encoding="utf-8")
    done = run("cohort", "share", folder / "lesions.csv", *words)
    assert done.exit_code == 2
    assert "column lesion is of kind identifier; a model takes numbers" in done.stderr


def test_rows_of_a_store_are_shared_without_a_table(folder: Path) -> None:
    db = folder / "store.sqlite"
    assert run("db", "init", "--db", db).exit_code == 0
    plan = (folder / "plan.toml").read_text(encoding="utf-8")
    head = plan.split("[[models]]", maxsplit=1)[0]
    (folder / "plan.toml").write_text(
        f'{head}[[risk_tables]]\nname = "os"\ntime = "os_days"\nevent = "os_event"\n'
        "edges = [0.0, 365.0]\n",
        encoding="utf-8",
    )
    made = answer(
        *("cohort", "share", "--db", db, "--plan", folder / "plan.toml", "--centre", "a"),
        *("--key", folder / "k.pem", "--new-key"),
    )
    assert [one["what"] for one in made["withheld"]] == ["os"]  # nobody is in the store yet

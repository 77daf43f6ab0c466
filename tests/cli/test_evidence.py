"""The evidence commands answer people and programs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cohort_cases import small_store

from opensirt.app.cohort_table import cohort_table
from opensirt.cli import main
from opensirt.store.store import open_store

RECORDS = "TY  - JOUR\nTI  - {title}\nDO  - {doi}\nPY  - 2020\nER  -\n\n"
STUDIES = """[study.our_series]
citation = "Our series, 2025"
year = 2025
patients = 60
device = "resin"
design = "one centre"
prior_prrt = "some"
concurrent = "none"
source = "annual report, table 1"
status = "verified"
"""
OUTCOMES = (
    "id,study,endpoint,criterion,time_point,time_origin,unit,events,of,percent,value,value_unit,"
    "low,high,origin,status,locator,note\n"
    "O1,our_series,dcr,RECIST,3 months,radioembolization,patient,48,60,,,,,,counted,verified,"
    "table 1,\n"
)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in words])


def answer(*words: str | Path) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_disease_control_with_k_and_rows_from_memory_apart(tmp_path: Path) -> None:
    plot = tmp_path / "forest.png"
    made = answer("evidence", "meta", "--outcome", "dcr", "--ours", "20/30", "--plot", plot)
    assert (made["k"], made["n"], made["unit"]) == (5, 136, "patient")
    assert [one["study"] for one in made["from_memory"]] == ["braat_2019"]
    first = made["methods"][0]
    assert first["method"] == "GLMM (logistic-normal)"
    assert 0.79 < first["low"] < first["estimate"] < first["high"] < 0.97
    assert made["our_centre"]["inside_prediction"] is False
    assert set(made["time_points"]) == {"16 weeks", "3 months"}
    assert plot.read_bytes()[:4] == b"\x89PNG"


def test_people_read_k_the_definition_and_what_is_left_out() -> None:
    done = run("evidence", "meta", "--outcome", "orr", "--by", "device", "--regress", "year")
    assert done.exit_code == 0, done.output
    for words in (
        "k = 3 studies, n = 94",
        "⚠ From memory, not pooled: 6 rows",
        "Left out:",
        "by patient. Criterion: RECIST, study definition",
        "Sources: Paprottka",
        "too few studies for a test (k = 3)",
        "Meta-regression of the log odds, k = 3",
    ):
        assert words in done.stdout


def test_overlapping_studies_end_the_command() -> None:
    done = run(
        *("evidence", "meta", "--outcome", "overall_survival_median"),
        *("--study", "egger_2020", "--study", "ngo_2021"),
    )
    assert done.exit_code == 2
    assert "egger_2020 and ngo_2021 share patients" in done.stderr


def test_medians_of_survival(tmp_path: Path) -> None:
    plot = tmp_path / "medians.png"
    made = answer("evidence", "meta", "--outcome", "overall_survival_median", "--plot", plot)
    assert made["median"]["median"] == 33.0
    assert made["median"]["interval"] == "not estimated"
    assert made["inverse_variance"]["k"] == 2
    assert "first radioembolization" in made["time_origins"]
    assert plot.is_file()
    done = run("evidence", "meta", "--outcome", "overall_survival_median")
    assert "25 to not reached" in done.stdout


def test_hazard_ratios_of_own_studies_are_pooled(tmp_path: Path) -> None:
    studies, outcomes = tmp_path / "s.toml", tmp_path / "o.csv"
    blocks, rows = [], [OUTCOMES.splitlines()[0]]
    for name, ratio, low, high in (
        ("a", 0.51, 0.29, 0.90),
        ("b", 0.42, 0.22, 0.81),
        ("c", 0.80, 0.5, 1.28),
    ):
        blocks.append(STUDIES.replace("our_series", name).replace("Our series", f"Series {name}"))
        rows.append(
            f"{name},{name},os_hazard_ratio,,,randomisation,patient,,,,{ratio},ratio,{low},{high},"
            "value,verified,abstract,"
        )
    studies.write_text("\n".join(blocks), encoding="utf-8")
    outcomes.write_text("\n".join(rows) + "\n", encoding="utf-8")
    plot = tmp_path / "ratios.png"
    words = ("evidence", "meta", "--outcome", "os_hazard_ratio", "--own", studies, outcomes)
    made = answer(*words, "--plot", plot)
    assert made["kind"] == "hazard ratio"
    assert made["inverse_variance"]["k"] == 3
    assert 0.45 < made["inverse_variance"]["estimate"] < 0.75
    assert plot.is_file()
    refused = run(*words, "--by", "device")
    assert refused.exit_code == 2
    assert "subgroups, regression and our centre are for proportions" in refused.stderr


def test_own_evidence_joins_the_published(tmp_path: Path) -> None:
    studies, outcomes = tmp_path / "s.toml", tmp_path / "o.csv"
    studies.write_text(STUDIES, encoding="utf-8")
    outcomes.write_text(OUTCOMES, encoding="utf-8")
    made = answer("evidence", "meta", "--outcome", "dcr", "--own", studies, outcomes)
    assert (made["k"], made["n"]) == (6, 196)
    outcomes.write_text(OUTCOMES.replace(",48,60,", ",61,60,"), encoding="utf-8")
    done = run("evidence", "meta", "--outcome", "dcr", "--own", studies, outcomes)
    assert done.exit_code == 2
    assert "61 of 60 is no proportion" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--outcome", "dcr", "--ours", "20"),
            "events/patients such as 20/30, or store, is wanted",
        ),
        (("--outcome", "dcr", "--unit", "people"), "unknown unit of analysis 'people'"),
        (("--outcome", "dcr", "--plot", "a.pdf"), "a picture is written as PNG"),
        (("--outcome", "dcr", "--plot", "a.png", "--picture", "pie"), "unknown picture 'pie'"),
        (
            ("--outcome", "dcr", "--plot", "a.png", "--picture", "bubble"),
            "name a numeric moderator",
        ),
        (("--outcome", "dcr", "--device", "holmium"), "0 of 11 rows of dcr can be pooled"),
    ],
)
def test_questions_that_have_no_answer(words: tuple[str, ...], said: str) -> None:
    done = run("evidence", "meta", *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_funnel_and_bubble_plots_are_written(tmp_path: Path) -> None:
    for kind in ("funnel", "bubble"):
        path = tmp_path / f"{kind}.png"
        done = run(
            *("evidence", "meta", "--outcome", "dcr", "--regress", "year"),
            *("--plot", path, "--picture", kind),
        )
        assert done.exit_code == 0, done.output
        assert path.read_bytes()[:4] == b"\x89PNG"


def test_the_list_shows_memory_apart() -> None:
    made = answer("evidence", "list", "--outcome", "orr")
    assert len(made["from_memory"]) == 6
    assert not [one for one in made["outcomes"] if one["status"] == "memory"]
    done = run("evidence", "list", "--outcome", "orr")
    assert "⚠ From memory, never pooled unless asked: 6 rows" in done.stdout
    assert "dcr" in run("evidence", "list", "--endpoints").stdout.split()


def test_a_library_grows_and_keeps_the_flow(tmp_path: Path) -> None:
    library, first, second = tmp_path / "lib.json", tmp_path / "a.ris", tmp_path / "b.ris"
    first.write_text(
        RECORDS.format(title="One", doi="10.1000/one")
        + RECORDS.format(title="Two", doi="10.1000/two"),
        encoding="utf-8",
    )
    second.write_text(
        RECORDS.format(title="Two again", doi="10.1000/TWO")
        + RECORDS.format(title="Three", doi="10.1000/three"),
        encoding="utf-8",
    )
    answer("evidence", "add", first, "--library", library)
    made = answer("evidence", "add", first, second, "--library", library)["state"]
    assert made["known"] == ["a.ris"]
    assert made["added"] == {"b.ris": 2}
    assert (made["flow"]["duplicates"], made["flow"]["screened"]) == (1, 3)
    decisions, plot = tmp_path / "d.csv", tmp_path / "prisma.png"
    decisions.write_text(
        "record,decision,stage,reason\n10.1000/one,included,,\n"
        "Three,excluded,full text,no outcome of ours\n",
        encoding="utf-8",
    )
    words = ("evidence", "add", "--library", library, "--decisions", decisions)
    done = run(*words, "--plot", plot)
    assert done.exit_code == 0, done.output
    assert "excluded: no outcome of ours" in done.stdout
    assert plot.read_bytes()[:4] == b"\x89PNG"
    flow = answer(*words)["state"]["flow"]
    assert (flow["included"], flow["undecided"], flow["sought"]) == (1, 1, 2)
    second.write_text(RECORDS.format(title="Four", doi="10.1000/four"), encoding="utf-8")
    done = run("evidence", "add", second, "--library", library)
    assert done.exit_code == 2
    assert "another file called b.ris is in lib.json" in done.stderr


def test_a_library_that_is_none_is_refused(tmp_path: Path) -> None:
    library = tmp_path / "lib.json"
    done = run("evidence", "add", "--library", library)
    assert "holds no file yet" in done.stderr
    library.write_text("[]", encoding="utf-8")
    assert "is no library" in run("evidence", "add", "--library", library).stderr
    decisions = tmp_path / "d.csv"
    records = tmp_path / "a.ris"
    records.write_text(RECORDS.format(title="One", doi="10.1000/one"), encoding="utf-8")
    library.unlink()
    decisions.write_text("record,decision\n", encoding="utf-8")
    words = ("evidence", "add", records, "--library", library, "--decisions", decisions)
    assert "has no column stage" in run(*words).stderr
    decisions.write_text("record,decision,stage,reason\na,maybe,,\n", encoding="utf-8")
    assert "included or excluded is wanted" in run(*words).stderr
    assert not library.exists()


def test_our_centre_is_read_from_the_store(tmp_path: Path) -> None:
    small_store(tmp_path).close()
    db = tmp_path / "cohort.db"
    made = answer("evidence", "meta", "--outcome", "dcr", "--ours", "store", "--db", db)
    with open_store(str(db)) as store:
        table = cohort_table(store, unit="patient")
    found = table["best_response"]
    best = [str(one) for one in found.values[found.present]]
    assert made["our_centre"]["of"] == len(best) > 0
    assert made["our_centre"]["count"] == sum(one != "PD" for one in best)
    assert "Best overall response" in made["our_centre_counted"]
    words = ("evidence", "meta", "--outcome", "symptom_response", "--ours", "store", "--db", db)
    done = run(*words)
    assert done.exit_code == 2
    assert "orr and dcr are read from best responses" in done.stderr

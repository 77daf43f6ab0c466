"""site.toml over the defaults."""

from pathlib import Path

import jsonschema
import platformdirs
import pytest

from opensirt.app.site import site_in_force
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError
from opensirt.files.site_file import figures_in_force, read_site_file, site_schema
from opensirt.files.toml_document import read_toml

HEAD = 'schema = "opensirt/site/1"\nname = "Our hospital"\ntime_zone = "Europe/Amsterdam"\n'
FULL = (
    HEAD
    + """
delivery_days = ["tuesday", "thursday"]
data_set = "lnhb2015"
planning_engine = "kernel"

[dose_constants_gy_kg_per_gbq]
Y-90 = { value = 49.38, source = "our protocol" }

[tissue]
liver_density_g_per_ml = { value = 1.06, source = "our protocol" }
lung_mass_kg = { value = 0.9, source = "our CT series" }

[limits.resin]
perfused_normal_liver_gy = { value = 35, source = "board of 2026", scenario = "bilobar" }

[targets.glass]
tumour_gy = { value = 205, source = "board of 2026" }

[[confirmations]]
figure = "limits.holmium.gastrointestinal_wall"
by = "B. Smits"
on = 2026-03-02
"""
)


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_site_decides_over_the_defaults(tmp_path: Path) -> None:
    profile = read_site_file(written(tmp_path, FULL))
    assert (profile.name, profile.time_zone) == ("Our hospital", "Europe/Amsterdam")
    assert (profile.data_set, profile.planning_engine) == ("lnhb2015", "kernel")
    assert profile.dose_constants_gy_kg_per_gbq["Y-90"].value == 49.38
    assert profile.densities_kg_per_ml["liver"].value == pytest.approx(1.06e-3)
    assert profile.lung_mass_kg is not None
    assert profile.lung_mass_kg.value == 0.9
    limit = profile.limits["resin"]["perfused_normal_liver"]
    assert (limit.value, limit.scenario, limit.verified) == (35.0, "bilobar", True)
    assert limit.source == "site profile: board of 2026"
    assert profile.targets["glass"]["tumour"].value == 205.0


def test_what_a_site_does_not_decide_stays(tmp_path: Path) -> None:
    profile, default = read_site_file(written(tmp_path, FULL)), default_site_profile()
    assert profile.limits["resin"]["lung"] == default.limits["resin"]["lung"]
    assert profile.limits["glass"] == default.limits["glass"]
    assert profile.verification_engine == default.verification_engine
    nothing = read_site_file(written(tmp_path, HEAD))
    assert figures_in_force(nothing) == figures_in_force(default)


def test_a_confirmed_figure_is_verified_by_a_named_person(tmp_path: Path) -> None:
    name = "limits.holmium.gastrointestinal_wall"
    assert not figures_in_force(default_site_profile())[name].verified
    figure = figures_in_force(read_site_file(written(tmp_path, FULL)))[name]
    assert figure.verified
    assert figure.source.endswith("confirmed by B. Smits on 2026-03-02")


@pytest.mark.parametrize("name", sorted(figures_in_force(default_site_profile())))
def test_every_figure_in_force_can_be_confirmed(tmp_path: Path, name: str) -> None:
    text = f'{HEAD}[[confirmations]]\nfigure = "{name}"\nby = "X"\non = 2026-03-02\n'
    figures = figures_in_force(read_site_file(written(tmp_path, text)))
    assert "confirmed by X" in figures[name].source
    assert [one for one in figures.values() if "confirmed" in one.source] == [figures[name]]


def test_the_profile_published_has_no_unverified_figure(tmp_path: Path) -> None:
    profile = read_site_file(written(tmp_path, HEAD + 'profile = "published"\n'))
    assert all(one.verified for table in profile.limits.values() for one in table.values())


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    first = read_site_file(written(tmp_path, FULL))
    again = read_site_file(written(tmp_path, FULL + "# a comment\n"))
    other = read_site_file(written(tmp_path, FULL.replace("49.38", "49.39")))
    assert first.sha256 == again.sha256 != other.sha256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = "opensirt/site/1"', "name is missing"),
        (HEAD.replace("Europe/Amsterdam", "CET+1"), "a time zone such as"),
        (HEAD + 'data_set = "icrp38"', "one of icrp107, lnhb2015"),
        (HEAD + 'planning_engine = "fast"', "'local', 'kernel' or 'superposition'"),
        (HEAD + "[limits.resin]\nlung_gy = 30", "lung_gy: found 30; a table with source"),
        (HEAD + "[limits.resin]\nlung_gy = { value = 30 }", "lung_gy.source is missing"),
        (HEAD + '[limits.resin]\nlungs_gy = { value = 3, source = "x" }', "mean 'lung_gy'"),
        (HEAD + '[limits.steel]\nlung_gy = { value = 3, source = "x" }', "'resin', 'glass'"),
        (
            HEAD + '[[confirmations]]\nfigure = "lung"\nby = "X"\non = 2026-03-02',
            "'lung', which is not in force; unverified are ",
        ),
        (
            HEAD + 2 * '[[confirmations]]\nfigure = "lung_mass"\nby = "X"\non = 2026-03-02\n',
            "names lung_mass twice",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_site_file(written(tmp_path, text))
    assert str(caught.value).startswith("site.toml")
    assert said in str(caught.value)


ROLES = """
[[staff]]
name = "Ada"
role = "physicist"
[[staff]]
name = "Marie"
role = "physician"
[roles]
"""


def test_roles_and_residuals_are_read(tmp_path: Path) -> None:
    text = HEAD + 'lung_shunt_method = "planar"\n' + ROLES
    text += 'approve = ["physicist", "physician"]\none_of_each = true\n'
    text += '[[residual_history]]\ndevice = "glass"\ndispensed_mbq = 2000\nresidual_mbq = 15\n'
    found = read_site_file(written(tmp_path, text))
    assert found.approving_roles == ("physicist", "physician")
    assert found.one_of_each_role
    assert found.staff_roles["Marie"] == "physician"
    assert found.residual_history[0].residual_bq == 15e6
    assert found.lung_shunt_method == "planar"
    plain = read_site_file(written(tmp_path, HEAD))
    assert plain.sha256 != found.sha256


@pytest.mark.parametrize(
    ("approve", "said"),
    [
        ('["surgeon"]', "names 'surgeon', which nobody"),
        ('["physicist"]', "leaves 1 person"),
    ],
)
def test_roles_that_nobody_can_fill_are_refused(tmp_path: Path, approve: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_site_file(written(tmp_path, HEAD + ROLES + f"approve = {approve}\n"))


def test_the_given_profile_comes_before_the_case_and_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {name: tmp_path / name for name in ("given", "case", "user")}
    for name, folder in folders.items():
        folder.mkdir()
        written(folder, HEAD.replace("Our hospital", name))
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _: folders["user"])
    given = folders["given"] / "site.toml"
    assert site_in_force(given=given, case_folder=folders["case"]).profile.name == "given"
    assert site_in_force(case_folder=folders["case"]).profile.name == "case"
    (folders["case"] / "site.toml").unlink()
    assert site_in_force(case_folder=folders["case"]).profile.name == "user"
    (folders["user"] / "site.toml").unlink()
    default = site_in_force(case_folder=folders["case"])
    assert (default.path, default.profile.name) == (None, default_site_profile().name)
    with pytest.raises(InputError, match=r"no site profile none\.toml"):
        site_in_force(given=tmp_path / "none.toml")


def test_the_schema_accepts_what_the_reader_accepts(tmp_path: Path) -> None:
    schema = site_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    found = read_toml(written(tmp_path, FULL))
    found["confirmations"][0]["on"] = "2026-03-02"  # JSON has no dates
    assert list(checker.iter_errors(found)) == []
    assert list(checker.iter_errors({"schema": "opensirt/site/1"}))

"""Shared files are signed over everything in them; a changed digit is refused."""

import json
from pathlib import Path

import pytest
from centres import PLAN_TOML, centre, plan

from opensirt.errors import InputError
from opensirt.files.shared_file import (
    SCHEMA,
    fingerprint,
    read_shared_file,
    share_document,
    values_that_leave,
    write_shared_file,
)
from opensirt.files.shared_plan import read_point, read_shared_plan, write_point
from opensirt.files.signing_key import new_signing_key, public_text, read_signing_key
from opensirt.outcomes.federated.disclosure import sharing_rules
from opensirt.outcomes.federated.pool import pool_shares
from opensirt.outcomes.federated.share import CentreShare, share

PLAN = plan()


def one_share(round_number: int = 0) -> CentreShare:
    return share(
        PLAN,
        centre(0, 120),
        centre="a",
        round_number=round_number,
        points=PLAN.start(),
        rules=sharing_rules(),
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    new_signing_key(tmp_path / "key.pem")
    path = tmp_path / "a.json"
    write_shared_file(path, one_share(), read_signing_key(tmp_path / "key.pem"))
    return path


def test_what_is_read_is_what_was_written(written: Path) -> None:
    found = read_shared_file(written)
    assert share_document(found.share) == share_document(one_share())
    key = read_signing_key(written.with_name("key.pem"))
    assert found.public_key == public_text(key)
    assert found.fingerprint == fingerprint(public_text(key))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("centre", "b"),
        ("round", 1),
        ("plan_sha256", "0"),
        ("withheld", [{"what": "survival", "reason": "none"}]),
        ("extra", 1),
    ],
)
def test_any_change_is_refused(written: Path, key: str, value: object) -> None:
    document = json.loads(written.read_text(encoding="utf-8"))
    document[key] = value
    written.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="a.json was changed after it was signed"):
        read_shared_file(written)


def test_a_changed_digit_deep_inside_is_refused(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    document = json.loads(text)
    value = document["models"]["survival"]["score"][0]
    changed = text.replace(repr(value), repr(value + 1e-12), 1)
    assert changed != text
    written.write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match="was changed after it was signed"):
        read_shared_file(written)


def test_another_key_cannot_take_its_place(written: Path, tmp_path: Path) -> None:
    new_signing_key(tmp_path / "other.pem")
    document = json.loads(written.read_text(encoding="utf-8"))
    document["public_key"] = public_text(read_signing_key(tmp_path / "other.pem"))
    written.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="or signed with another key"):
        read_shared_file(written)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON text"),
        ("[]", "is no shared file"),
        (json.dumps({"schema": SCHEMA}), "has no public_key"),
        (json.dumps({"schema": SCHEMA, "public_key": "zz"}), "key or signature is not one"),
    ],
)
def test_files_that_are_no_share_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_shared_file(path)
    with pytest.raises(InputError, match="there is no file absent.json"):
        read_shared_file(tmp_path / "absent.json")


def test_the_audit_lists_every_value_of_the_file(written: Path) -> None:
    document = json.loads(written.read_text(encoding="utf-8"))
    listed = values_that_leave(share_document(one_share()))
    assert len(dict(listed)) == len(listed)

    def leaves(value: object) -> int:
        if isinstance(value, dict):
            return sum(leaves(one) for one in value.values())
        if isinstance(value, list):
            return sum(leaves(one) for one in value)
        return 1

    assert len(listed) == leaves(document) - len(("public_key", "signature"))
    assert ("models.survival.n", "120") in listed


def test_no_value_of_a_row_is_in_the_file(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    table = centre(0, 120)
    assert not [one for one in table["dose"] if repr(float(one)) in text]


def test_keys_are_the_owners_only_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    new_signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="is there already; a key is never overwritten"):
        new_signing_key(path)
    path.chmod(0o644)
    with pytest.raises(InputError, match="others may read the key"):
        read_signing_key(path)
    with pytest.raises(InputError, match="there is no key"):
        read_signing_key(tmp_path / "absent.pem")
    bad = tmp_path / "bad.pem"
    bad.write_text("no key", encoding="utf-8")
    bad.chmod(0o600)
    with pytest.raises(InputError, match="holds no key in PEM"):
        read_signing_key(bad)


def test_a_plan_of_a_file_is_that_of_the_code(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN_TOML, encoding="utf-8")
    assert read_shared_plan(path).sha256 == PLAN.sha256
    path.write_text(PLAN_TOML.replace("cluster", "clutser"), encoding="utf-8")
    with pytest.raises(InputError, match="clutser is not a known key; did you mean 'cluster'"):
        read_shared_plan(path)


def test_a_point_is_read_as_it_was_written_and_of_its_plan_only(tmp_path: Path) -> None:
    made = pool_shares(PLAN, [one_share()])
    path = tmp_path / "point.json"
    write_point(path, made, {"a": "00"})
    memory, keys = read_point(path, PLAN)
    assert memory == made.memory() or dict(memory.points) == dict(made.memory().points)
    assert (memory.round_number, keys) == (1, {"a": "00"})
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(PLAN.sha256, "0"), encoding="utf-8")
    with pytest.raises(InputError, match="is of another plan than five-centres"):
        read_point(path, PLAN)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="is no point"):
        read_point(path, PLAN)
    with pytest.raises(InputError, match="there is no file"):
        read_point(tmp_path / "absent.json", PLAN)


def test_the_plan_of_the_how_to_is_a_plan(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "share-between-centres.md"
    block = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    path = tmp_path / "plan.toml"
    path.write_text(block, encoding="utf-8")
    found = read_shared_plan(path)
    assert [one.name for one in found.models] == ["response by dose", "survival"]
    assert found.risk_tables[0].edges == (0.0, 6.0, 12.0, 18.0, 24.0, 36.0)

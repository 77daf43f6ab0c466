"""The clinical part of site.toml: rules, limits, checklist and questionnaires of a site."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from clinical_cases import COMPLETE

from opensirt.app.follow_up import followed_up
from opensirt.clinical.eligibility import profile, profile_of
from opensirt.clinical.predicate import check_facts
from opensirt.domain.case import Case
from opensirt.domain.eligibility import Outcome, Override
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import PatientRecord
from opensirt.domain.selection import Selection
from opensirt.domain.site import SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError
from opensirt.files.site_file import read_site_file
from opensirt.workflow.select import select

HEAD = 'schema = "opensirt/site/1"\nname = "ours"\ntime_zone = "Europe/Amsterdam"\n'
OURS = """
[eligibility]
title = "rules of our board"
leave_out = ["E36"]
add = ["E27"]
oldest_laboratory_days = 28

[eligibility.limits.E10]
values = { limit_g_per_dl = 3.0 }
source = "protocol 7"

[eligibility.limits.E07]
values = { limit_mg_per_dl = 1.5 }
source = "protocol 7"

[eligibility.rules.L01]
title = "INR above 1.8"
kind = "absolute"
fails_when = { fact = "inr", above = 1.8, unit = "1" }
source = "protocol 8"

[checklist.room]
at = "before"
text = "is the shielded room booked?"
source = "protocol 9"

[questionnaires.qlq_gi_net21]
scales = { endocrine = [31, 32, 33] }
source = "scoring sheet, licence of the hospital"
"""


def site(tmp_path: Path, text: str = OURS) -> SiteProfile:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return read_site_file(path)


def selected(site: SiteProfile, facts: dict[str, Any], **more: Any) -> Selection:
    return select(
        Case(key="p"),
        PatientRecord(key="p", entered=facts),
        site,
        workup=None,
        plan=None,
        on=date(2026, 3, 1),
        made_at=datetime(2026, 3, 1, tzinfo=UTC),
        software={},
        **more,
    )


def rule(made: Selection, rule_id: str) -> Any:
    return next(one for one in made.eligibility.results if one.id == rule_id)


def test_the_sites_own_profile_is_asked_where_none_is_named(tmp_path: Path) -> None:
    ours = site(tmp_path)
    made = selected(ours, {})
    assert made.eligibility.profile == "site"
    ids = [one.id for one in made.eligibility.results]
    assert "E36" not in ids
    assert {"E27", "L01"} <= set(ids)
    assert selected(ours, {}, profile="general").eligibility.profile == "general"
    assert selected(default_site_profile(), {}).eligibility.profile == "general"


def test_a_stated_limit_makes_a_rule_decide_and_carries_the_sites_source(tmp_path: Path) -> None:
    ours = site(tmp_path)
    for albumin_g_per_l, outcome in (
        (29.9, Outcome.FAIL),
        (30.0, Outcome.PASS),
        (30.1, Outcome.PASS),
    ):
        found = rule(selected(ours, {"albumin": albumin_g_per_l}), "E10")
        assert found.outcome is outcome
    assert found.citation.source == "site profile: protocol 7"
    assert found.citation.verified
    # The weight of the rule is still known second hand only.
    assert not found.kind_citation.verified
    assert found.title == "albumin below a limit (site: limit g per dl 3)"
    missing = rule(selected(ours, {}), "E10")
    assert missing.outcome is Outcome.UNKNOWN
    assert missing.missing == ("albumin",)
    shipped = rule(selected(default_site_profile(), {"albumin": 29.0}), "E10")
    assert shipped.no_verified_value


def test_a_changed_limit_takes_the_place_of_the_printed_one(tmp_path: Path) -> None:
    between = {"bilirubin": 1.8 * 17.104}
    assert rule(selected(site(tmp_path), between), "E07").outcome is Outcome.FAIL
    assert rule(selected(default_site_profile(), between), "E07").outcome is Outcome.PASS


def test_a_rule_of_the_site_can_be_overridden_by_two_people(tmp_path: Path) -> None:
    ours = site(tmp_path)
    override = Override(
        rule="L01", by=("A. Aalst", "B. Smits"), reason="corrected today", on=date(2026, 3, 1)
    )
    found = rule(selected(ours, {"inr": 2.0}, overrides=[override]), "L01")
    assert found.outcome is Outcome.FAIL
    assert found.override == override


def test_a_laboratory_value_older_than_the_site_wants_is_a_finding(tmp_path: Path) -> None:
    assert site(tmp_path).clinical.oldest_laboratory_days == 28


def test_the_sites_checklist_stands_beside_the_one_that_ships(tmp_path: Path) -> None:
    made = selected(site(tmp_path), {})
    assert made.checklist[-1].text == "is the shielded room booked?"
    assert made.checklist[-1].applies is True
    assert len(made.checklist) == len(selected(default_site_profile(), {}).checklist) + 1


def test_the_hash_of_a_profile_without_clinical_part_is_as_before(tmp_path: Path) -> None:
    plain, ours = site(tmp_path, ""), site(tmp_path)
    assert plain.clinical.content == {}
    assert plain.sha256 != ours.sha256


def test_unknown_is_never_pass_in_the_sites_own_profile(tmp_path: Path) -> None:
    ours = site(tmp_path)
    assert ours.clinical.eligibility is not None
    asked = profile_of("site", ours.clinical.eligibility, ours.clinical.own_rules)
    check_facts(COMPLETE)
    complete = {one.id: one.outcome for one in selected(ours, dict(COMPLETE)).eligibility.results}
    assert len(complete) == len(asked.rules)
    for deleted in COMPLETE:
        less = {name: value for name, value in COMPLETE.items() if name != deleted}
        for one in selected(ours, less).eligibility.results:
            if one.outcome is not complete[one.id]:
                assert one.outcome is Outcome.UNKNOWN
                assert deleted in one.missing


def test_without_an_own_profile_there_is_none_to_name() -> None:
    with pytest.raises(InputError, match="has no eligibility profile of its own"):
        selected(default_site_profile(), {}, profile="site")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[eligibility]\nbased_on = "none"\n', "unknown eligibility profile 'none'"),
        ('[eligibility]\nleave_out = ["E99"]\n', "E99"),
        ('[eligibility]\nadd = ["E99"]\n', "E99"),
        (
            '[eligibility.limits.E07]\nvalues = { limit = 1.0 }\nsource = "s"\n',
            "limit of eligibility rule E07",
        ),
        (
            (
                '[eligibility.rules.E07]\ntitle = "t"\nkind = "relative"\nsource = "s"\n'
                'fails_when = { fact = "inr", above = 1.0 }\n'
            ),
            "has the name of a rule that ships",
        ),
        (
            '[eligibility.rules.L01]\ntitle = "t"\nkind = "relative"\nsource = "s"\n',
            "needs exactly one of fails_when and passes_when",
        ),
        (
            (
                '[eligibility.rules.L01]\ntitle = "t"\nkind = "relative"\nsource = "s"\n'
                'fails_when = { fact = "shoe_size", above = 1.0 }\n'
            ),
            "shoe_size",
        ),
        (
            '[checklist.a]\nat = "after"\ntext = "t"\nsource = "s"\nwhen = { fact = "x", is = 1 }',
            "'x'",
        ),
        (
            '[response_criteria.recist_1_1]\ntitle = "t"\nbased_on = "easl"\nsource = "s"\n',
            "has the name of a criterion that ships",
        ),
        (
            '[response_criteria.ours]\ntitle = "t"\nbased_on = "easy"\nsource = "s"\n',
            "unknown response criterion 'easy'",
        ),
        ('[questionnaires.qlq_xx]\nscales = { a = [1] }\nsource = "s"\n', "qlq_xx"),
        ('[questionnaires.qlq_gi_net21]\nscales = { a = [1] }\nsource = "s"\n', "scale of qlq"),
    ],
)
def test_what_is_no_rule_item_or_scale_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        site(tmp_path, text)


def test_the_items_of_a_licensed_questionnaire_give_it_scores(tmp_path: Path) -> None:
    from opensirt.clinical.quality_of_life import questionnaire_of, score_answers

    entry = site(tmp_path).clinical.questionnaires["qlq_gi_net21"]
    form = questionnaire_of("qlq_gi_net21", entry)
    found = score_answers(form, {31: 2, 32: 2, 33: 3})
    assert found.scores["endocrine"] == pytest.approx(100 * (7 / 3 - 1) / 3)
    assert found.scores["social"] is Missing.NO_VERIFIED_VALUE
    assert profile("general").name == "general"


def test_the_example_of_the_how_to_is_a_profile(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs/how-to/set-up-a-site.md"
    block = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[-1]
    ours = site(tmp_path, block)
    assert ours.clinical.eligibility is not None
    assert set(ours.clinical.own_rules) == {"E10", "L01"}
    assert set(ours.clinical.questionnaires) == {"qlq_gi_net21"}
    assert set(ours.clinical.criteria) == {"our_easl"}


def test_a_criterion_of_the_site_is_read_beside_those_that_ship(tmp_path: Path) -> None:
    text = (
        '[response_criteria.our_who]\ntitle = "WHO against baseline"\nbased_on = "who"\n'
        'progression_reference = "baseline"\nsource = "protocol 10"\n'
    )
    visits = [(date(2026, 1, 3), 50.0), (date(2026, 4, 10), 20.0), (date(2026, 7, 10), 26.0)]
    case = Case(
        key="p",
        other_blocks={
            "follow_up": {
                "treated_on": date(2026, 1, 10),
                "criteria": ["who"],
                "lesions": [{"id": "t", "organ": "liver", "role": "target"}],
                "visits": [
                    {
                        "on": on,
                        "new_lesions": [],
                        "sights": [
                            {"lesion": "t", "longest_diameter_mm": mm, "perpendicular_mm": mm}
                        ],
                    }
                    for on, mm in visits
                ],
            }
        },
    )
    made = followed_up(
        case,
        site(tmp_path, text),
        on=date(2026, 8, 1),
        made_at=datetime(2026, 8, 1, tzinfo=UTC),
        doses={},
    )
    shipped, ours = made.response
    assert [one.overall.value for one in shipped.assessments] == ["PR", "PD"]
    assert [one.overall.value for one in ours.assessments] == ["PR", "PR"]
    assert (ours.criterion, ours.citation.source) == ("our_who", "site profile: protocol 10")

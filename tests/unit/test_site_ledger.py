"""The ledger of a site: entries, past predictions, and the file that holds them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path

import numpy as np
import pytest

from opensirt.domain.delivery_error import ErrorOrigin, ErrorQuantity, cases_needed
from opensirt.domain.missing import Missing
from opensirt.domain.site_ledger import (
    LedgerEntry,
    LesionEntry,
    SiteLedger,
    TerritoryEntry,
    errors_in_force,
    history_of,
    residuals_bq,
    with_content,
)
from opensirt.errors import InputError
from opensirt.files.ledger_file import append_entry, read_ledger
from opensirt.workflow.site_experience import LEVELS, site_experience

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TUMOUR_RATIO = ErrorQuantity.TUMOUR_TO_NORMAL_RATIO


def entry(
    number: int = 1, ratios: tuple[float, ...] = (1.2, 0.8), **changes: object
) -> LedgerEntry:
    made = LedgerEntry(
        course=f"{number:064x}",
        content="",
        recorded_at=NOW + timedelta(days=number),
        device="resin",
        model="partition",
        engine="local",
        scout_nuclide="Tc-99m",
        planned_activity_bq=1.6e9,
        administered_activity_bq=1.5e9,
        residual_fraction=0.04,
        lung_shunt_predicted=0.05,
        lung_shunt_predicted_uncertainty=0.01,
        lung_shunt_seen=0.04,
        lung_shunt_seen_uncertainty=0.01,
        normal_liver_planned_gy=30.0,
        normal_liver_delivered_gy=31.0,
        lesions=tuple(
            LesionEntry(
                volume_ml=20.0,
                planned_gy=100.0,
                delivered_gy=100.0 * one,
                planned_ratio=4.0,
                delivered_ratio=4.0 * one,
            )
            for one in ratios
        ),
        territories=(TerritoryEntry(retained_fraction=0.97),),
    )
    return with_content(replace(made, **changes))  # type: ignore[arg-type]  # fields


def test_a_file_gives_back_what_was_entered_and_holds_no_name(tmp_path: Path) -> None:
    path = tmp_path / "site-ledger.json"
    made = entry(lung_shunt_seen=Missing.NEEDS_STRUCTURE, assumed=("administration",))
    assert append_entry(path, made) == (1, "added")
    assert read_ledger(path).entries == (made,)
    assert "null" not in path.read_text()
    assert read_ledger(tmp_path / "absent.json").entries == ()


def test_the_same_verification_is_counted_once_and_a_correction_supersedes(tmp_path: Path) -> None:
    path = tmp_path / "site-ledger.json"
    first = entry()
    append_entry(path, first)
    again = replace(first, recorded_at=NOW + timedelta(days=9))
    assert append_entry(path, with_content(again)) == (1, "known")
    corrected = entry(ratios=(1.1, 0.9))
    assert append_entry(path, corrected) == (2, "corrected")
    ledger = read_ledger(path)
    assert len(ledger.entries) == 2  # the first stays
    assert ledger.in_force() == (corrected,)
    assert append_entry(path, entry(2)) == (3, "added")
    assert len(read_ledger(path).in_force()) == 2


def test_a_ledger_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site-ledger.json"
    for number in (1, 2, 3):
        append_entry(path, entry(number))
    whole = json.loads(path.read_text())
    whole["entries"][0]["lesions"][0]["delivered_gy"] = 500.0
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="entry 2 does not follow the one before it"):
        read_ledger(path)
    del whole["entries"][0]
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="changed by hand"):
        append_entry(path, entry(4))
    path.write_text("{}")
    with pytest.raises(InputError, match="is no site ledger"):
        read_ledger(path)


def test_a_ledger_that_another_program_holds_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opensirt.files.ledger_file._WAIT_S", 0.1)
    (tmp_path / ".site-ledger.json.lock").touch()
    with pytest.raises(InputError, match="held by another program"):
        append_entry(tmp_path / "site-ledger.json", entry())


def test_what_is_assumed_gives_no_value() -> None:
    assumed = entry(assumed=("administration", "lung_shunt_fraction"))
    found = history_of((assumed,))
    assert found[ErrorQuantity.LUNG_SHUNT_FRACTION] == ((),)
    assert found[ErrorQuantity.RESIDUAL_FRACTION] == ((),)
    assert found[ErrorQuantity.PERFUSED_UPTAKE] == ((),)
    assert found[TUMOUR_RATIO] == ((1.2, 0.8),)
    assert residuals_bq(SiteLedger(entries=(assumed,)), "resin") == ()
    assert residuals_bq(SiteLedger(entries=(entry(),)), "resin") == pytest.approx(
        (1.5e9 * 0.04 / 0.96,)
    )


def drawn(n: int, spread: float, seed: int = 1) -> SiteLedger:
    rng = np.random.default_rng(seed)
    entries = []
    for number in range(1, n + 1):
        case = rng.normal(0.1, spread)
        ratios = tuple(float(exp(case + rng.normal(0.0, spread))) for _ in range(3))
        entries.append(entry(number, ratios))
    return SiteLedger(entries=tuple(entries))


def test_the_published_prior_holds_below_twenty_cases_and_the_sites_own_from_then_on() -> None:
    few = errors_in_force("resin", drawn(cases_needed() - 1, 0.2)).of(TUMOUR_RATIO)
    enough = errors_in_force("resin", drawn(cases_needed(), 0.2)).of(TUMOUR_RATIO)
    assert not isinstance(few, Missing)
    assert not isinstance(enough, Missing)
    assert few.origin is ErrorOrigin.PUBLISHED
    assert enough.origin is ErrorOrigin.SITE
    assert enough.n_cases == cases_needed() == 20
    other = errors_in_force("glass", drawn(cases_needed(), 0.2)).of(TUMOUR_RATIO)
    assert not isinstance(other, Missing)
    assert other.origin is ErrorOrigin.PUBLISHED


def test_past_predictions_of_a_site_like_its_own_history_hold_as_often_as_they_say() -> None:
    [found] = site_experience(drawn(120, 0.25, seed=3))
    (one,) = [part for part in found.quantities if part.quantity is TUMOUR_RATIO]
    assert one.past.n_values == 360
    held = [count / one.past.n_values for count in one.past.held]
    assert held == pytest.approx(LEVELS, abs=0.08)
    assert found.n_cases == 120
    assert not isinstance(found.median_dose_ratio, Missing)
    assert found.median_dose_ratio == pytest.approx(exp(0.1), rel=0.1)


def test_a_prediction_never_knows_what_came_later() -> None:
    """The first twenty are judged by the published prior, whatever the site found afterwards."""
    short = site_experience(drawn(20, 0.2, seed=5))[0]
    longer = SiteLedger(
        entries=(*drawn(20, 0.2, seed=5).entries, *[entry(n, (9.0,)) for n in range(50, 60)])
    )
    with_more = site_experience(longer)[0]
    for one, other in zip(short.quantities, with_more.quantities, strict=True):
        if one.quantity is TUMOUR_RATIO:
            assert other.past.n_values == one.past.n_values + 10
            assert all(a <= b for a, b in zip(one.past.held, other.past.held, strict=True))
            assert other.past.held[0] == one.past.held[0]  # 9 times is no surprise avoided


def test_lung_shunts_are_judged_by_the_uncertainties_stated_at_the_time() -> None:
    inside, outside = entry(1), entry(2, lung_shunt_seen=0.5)
    unknown = entry(3, lung_shunt_seen=Missing.NOT_EVALUABLE)
    [found] = site_experience(SiteLedger(entries=(inside, outside, unknown)))
    assert found.lung_shunts.n_values == 2
    assert found.lung_shunts.held[-1] == 1


def test_an_entry_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="residual_fraction 4"):
        entry(residual_fraction=4.0)
    with pytest.raises(InputError, match="no time zone"):
        entry(recorded_at=datetime(2026, 3, 2))  # noqa: DTZ001 - what is refused
    with pytest.raises(InputError, match="delivered_gy -1"):
        LesionEntry(
            volume_ml=1.0,
            planned_gy=1.0,
            delivered_gy=-1.0,
            planned_ratio=1.0,
            delivered_ratio=1.0,
        )

"""Eight event reports of real deliveries, prescribed → delivered (US event notifications).

ENS 48699 (a), 47404 (b), 43336 (c), 55617 (d), 56097 (e), 56029 (f), 49450 (g), ML18033B654 (h).
Deviations are recomputed from the printed activities; tolerance: half the last printed digit.
"""

from datetime import UTC, datetime, timedelta

import pytest

from opensirt.domain.administration import DirectiveFacts, Verdict
from opensirt.workflow.deviation import (
    EMERGENT,
    deviation,
    deviation_limit,
    revised_directive,
    revised_in_time,
)

STOPPED_AT = datetime(2021, 12, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prescribed", "delivered", "per_cent"),
    [
        pytest.param(1.33, 0.798, -40.0, id="a, glass, residue in vial and tubing"),
        pytest.param(100, 37, -63.0, id="b, glass, 37 % of intended by survey readings"),
        pytest.param(30, 0.66 * 30, -34.0, id="c, resin, catheter leak"),
        pytest.param(27.6, 14.5, -47.5, id="d, resin, spasm, directive not revised"),
        pytest.param(16.2, 12.7, -21.6, id="f, resin"),
        pytest.param(11.9, 9.2, -22.69, id="g, resin, first site"),
        pytest.param(11.9, 8.92, -25.04, id="g, resin, second site"),
        pytest.param(110, 540, 390.9, id="h, glass, 4.9 times the dose"),
    ],
)
def test_reports_that_are_events(prescribed: float, delivered: float, per_cent: float) -> None:
    found = deviation(prescribed, delivered)
    assert found.verdict is Verdict.EVENT
    assert 100 * found.fraction == pytest.approx(per_cent, abs=0.06)


def test_report_d_is_no_event_when_the_directive_was_revised_in_time() -> None:
    directive = DirectiveFacts(
        territory="right",
        prescribed_bq=27.6,
        revised_bq=14.5,
        revised_at=STOPPED_AT + timedelta(hours=23),
        stopped_for=EMERGENT,
    )
    assert revised_in_time(directive, STOPPED_AT)
    assert revised_directive(directive, STOPPED_AT) == 14.5
    found = deviation(27.6, 14.5, revised=14.5)
    assert found.verdict is Verdict.REVISED
    assert 100 * found.fraction == pytest.approx(-47.5, abs=0.06)
    # a delivery that misses the revised directive as well is an event still
    assert deviation(27.6, 14.5, revised=20.0).verdict is Verdict.EVENT
    assert deviation(27.6, 14.5, revised=10.0).verdict is Verdict.EVENT
    assert deviation(27.6, 14.5, revised=18.0, between=(14.0, 15.0)).verdict is (
        Verdict.PERHAPS_EVENT
    )
    assert deviation(27.6, 26.0, revised=14.5).verdict is Verdict.WITHIN
    assert not revised_in_time(directive, STOPPED_AT - timedelta(hours=2))
    assert revised_directive(directive, STOPPED_AT - timedelta(hours=2)) is None


def test_report_e_straddles_the_limit() -> None:
    found = deviation(0.5, 0.398, between=(0.386, 0.41))
    assert found.verdict is Verdict.PERHAPS_EVENT
    assert found.low_fraction == pytest.approx(-0.228, abs=0.0005)
    assert found.high_fraction == pytest.approx(-0.180, abs=0.0005)


def test_report_g_prints_deviations_that_do_not_follow_from_its_activities() -> None:
    assert deviation(11.9, 9.2).fraction != pytest.approx(-0.2248, abs=0.001)
    assert deviation(11.9, 8.92).fraction != pytest.approx(-0.3003, abs=0.001)


def test_the_limits_say_how_well_they_are_known() -> None:
    assert (deviation_limit("level_1").value, deviation_limit("level_1").verified) == (0.1, True)
    assert (deviation_limit("event").value, deviation_limit("event").verified) == (0.2, False)

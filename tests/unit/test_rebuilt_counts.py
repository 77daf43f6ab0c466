"""Counts behind printed percentages: kept only where they are the only ones."""

import pytest

from opensirt.errors import InputError
from opensirt.outcomes.evidence.rebuilt_counts import (
    RebuiltCounts,
    counts_that_print,
    only_counts,
)


def test_the_four_categories_of_thirty_patients_are_unique() -> None:
    found = only_counts([3, 43, 37, 17], decimals=0, at_most=30, complete=True)
    assert found == RebuiltCounts(30, (1, 13, 11, 5))


def test_the_completers_of_the_combined_protocol_are_the_only_denominator() -> None:
    assert only_counts([74], decimals=0, at_most=21, complete=False) == RebuiltCounts(19, (14,))


def test_procedures_and_patients_after_prrt_cannot_be_told_apart() -> None:
    found = counts_that_print([2, 14, 75, 9], decimals=0, at_most=58, complete=True)
    assert [one.of for one in found] == [44, 56, 57]
    with pytest.raises(InputError, match="printed by counts of 44, 56, 57; the count is not known"):
        only_counts([2, 14, 75, 9], decimals=0, at_most=58, complete=True)


def test_forty_patients_cannot_print_the_percentages_of_memon() -> None:
    with pytest.raises(InputError, match="no 40 or fewer print 1.2 %, 62.7 %"):
        only_counts([1.2, 62.7], decimals=1, at_most=40, complete=False)
    assert counts_that_print([20.5, 43.4], decimals=1, at_most=120, complete=False) == (
        RebuiltCounts(83, (17, 36)),
    )


def test_a_percentage_beyond_a_hundred_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 100"):
        counts_that_print([120.0], decimals=0, at_most=10, complete=False)

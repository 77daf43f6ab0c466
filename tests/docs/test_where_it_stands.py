"""The page on where radioembolization stands prints what the evidence pools to."""

import pytest
from doc_pages import ROOT

from opensirt import Missing, Question, meta_analysis

PAGE = (ROOT / "docs/theory/where-radioembolization-stands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("endpoint", "words"), [("dcr", "disease control"), ("orr", "objective")])
def test_the_pooled_proportions_are_those_of_today(endpoint: str, words: str) -> None:
    pooled = meta_analysis(Question(endpoint=endpoint)).proportion
    assert pooled is not None
    binomial = pooled.methods[0]
    (row,) = [one for one in PAGE.splitlines() if one.startswith(f"| {words}") and "here" in one]
    found = 100 * binomial.estimate, 100 * binomial.low, 100 * binomial.high
    assert "{:.1f} % ({:.1f} to {:.1f})".format(*found) in row
    assert f"k = {pooled.k}, n = {pooled.n}" in row
    inside = binomial.prediction
    assert not isinstance(inside, Missing)
    told = f"{100 * inside[0]:.1f} to {100 * inside[1]:.1f}"
    assert told in row or (told == "0.0 to 100.0" and "anything" in row)

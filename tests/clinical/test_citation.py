"""Every entry of a reference table says where it was read, and how well it is known."""

import pytest

from opensirt.domain.citation import Citation, Status, citation_of
from opensirt.errors import InputError, UnknownNameError


def test_what_was_read_or_computed_is_verified_and_the_rest_is_marked() -> None:
    assert {one for one in Status if one.verified} == {Status.VERIFIED, Status.COMPUTED}
    assert str(Citation("a book, page 3", Status.MEMORY)) == "a book, page 3 ⚠ memory"
    assert str(Citation("a book, page 3", Status.VERIFIED)) == "a book, page 3"


@pytest.mark.parametrize("lacking", ["source", "status"])
def test_an_entry_without_source_or_status_is_refused(lacking: str) -> None:
    entry = {"source": "a book", "status": "verified"}
    del entry[lacking]
    with pytest.raises(InputError, match=f"albi has no {lacking}"):
        citation_of(entry, where="albi")


def test_an_empty_source_is_refused() -> None:
    with pytest.raises(InputError, match="has no source"):
        Citation("", Status.VERIFIED)


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown status of albi 'perhaps'; known: verified"):
        citation_of({"source": "a book", "status": "perhaps"}, where="albi")

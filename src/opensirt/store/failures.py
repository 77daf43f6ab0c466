"""What a database says, in words for people; never with the values of a row."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from opensirt.errors import ConflictError, StoreError

_FULL = (
    "the disk of the store is full; nothing of this write was kept, what was there is whole: make "
    "room and write again"
)
_NO_SPACE_CODE = "53100"  # PostgreSQL: disk_full
_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def told() -> Iterator[None]:
    """Raise `StoreError` in place of what the database or the file system says.

    Raises
    ------
    ConflictError
        When another writer was first.
    StoreError
        When the database refuses or cannot be reached, or the disk is full.
    """
    try:
        yield
    except IntegrityError as error:
        raise _conflict(error) from None
    except (OperationalError, ProgrammingError) as error:
        raise StoreError(_words(error)) from None
    except DBAPIError as error:
        raise StoreError(_words(error)) from None
    except OSError as error:
        if error.errno in _FULL_ERRORS:
            raise StoreError(_FULL) from None
        raise


def _conflict(error: IntegrityError) -> StoreError:
    text = str(error.orig)
    if "added, never changed" in text:
        return StoreError(text.splitlines()[0])
    if "supersedes" in text or "_first" in text or "case_key" in text:
        return ConflictError(
            "another writer was first: the record that was to be replaced has been replaced "
            "already; read the latest one and decide again"
        )
    if "uid" in text:
        return ConflictError("another writer was first: this very record is in the store already")
    return StoreError(f"the database refuses the rows ({type(error.orig).__name__})")


def _words(error: DBAPIError) -> str:
    text = str(error.orig).strip()
    first = text.splitlines()[0] if text else type(error.orig).__name__
    if (
        "disk is full" in text
        or "disk I/O error" in text
        or (getattr(error.orig, "sqlstate", None) == _NO_SPACE_CODE)
    ):
        return _FULL
    if "no such table" in text or ("does not exist" in text and "relation" in text):
        return "the database holds no store of OpenSIRT; make one with: opensirt db init"
    return f"the database refuses: {first}"

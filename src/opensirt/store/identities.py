"""Who the patients are: apart from everything else, and every look at it is kept.

An identity is read by nothing that analyses or exports. Whoever says, changes, shows, looks for or
erases one leaves a line in a table that can neither be changed nor removed, and that holds the key
of the case and never the person.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from enum import Enum

from sqlalchemy import Connection, delete, func, insert, select

from opensirt.errors import ConflictError, InputError, StoreError
from opensirt.store.connect import reading, writing
from opensirt.store.store import Store
from opensirt.store.tables import cases, identities, identity_access

_LONGEST = 200


class Action(Enum):
    """What was done with an identity."""

    ADDED = "added"
    CHANGED = "changed"
    SHOWN = "shown"
    SOUGHT = "sought"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a patient is, as far as it is said.

    Raises
    ------
    InputError
        When nothing is said.
    """

    name: str | None = None
    birth_date: date | None = None
    hospital_number: str | None = None

    def __post_init__(self) -> None:
        if not any((self.name, self.birth_date, self.hospital_number)):
            raise InputError(
                "an identity says nothing; wanted a name, a date of birth or a hospital number"
            )

    def __repr__(self) -> str:
        return "Identity(***)"

    def text(self) -> str:
        """Return the JSON that the store keeps."""
        said = {name: str(one) for name, one in asdict(self).items() if one is not None}
        return json.dumps(said, ensure_ascii=False, sort_keys=True)


def _identity(document: str) -> Identity:
    said = json.loads(document)
    known = {one.name: said[one.name] for one in fields(Identity) if said.get(one.name)}
    if "birth_date" in known:
        known["birth_date"] = date.fromisoformat(known["birth_date"])
    return Identity(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who does it, when, and what for: stands in the list of accesses.

    Raises
    ------
    InputError
        When somebody or a reason is not named, or the instant has no zone.
    """

    by: str
    at: datetime
    reason: str

    def __post_init__(self) -> None:
        for name, words in (("by", "who does it"), ("reason", "what for")):
            said = getattr(self, name)
            if not said.strip() or len(said) > _LONGEST:
                raise InputError(
                    f"access to an identity needs to say {words}, in 1 to {_LONGEST} characters"
                )
        if self.at.tzinfo is None:
            raise InputError("the instant of an access has no time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of the list of accesses; `case_key` is None where a search found nobody."""

    case_key: str | None
    action: Action
    by: str
    at: datetime
    reason: str


def add_identity(store: Store, case_key: str, said: Identity, who: Who) -> None:
    """Say who a patient is, for the first time.

    Raises
    ------
    StoreError
        When there is no such case.
    ConflictError
        When it is said already.
    """
    with writing(store.engine) as connection:
        _require_case(connection, case_key)
        if _latest(connection, case_key) is not None:
            raise ConflictError(
                f"who case {case_key} is has been said already; change it, which keeps what was "
                "said before"
            )
        _keep(connection, case_key, said, who, Action.ADDED)


def change_identity(store: Store, case_key: str, who: Who, **changed: str | date | None) -> None:
    """Say anew some of who a patient is, such as another name; what was said before is kept.

    Raises
    ------
    StoreError
        When there is no such case, or nothing was said of it.
    InputError
        When nothing is changed.
    """
    new = {name: one for name, one in changed.items() if one is not None}
    if not new:
        raise InputError("no change is given; name what is to be said anew")
    with writing(store.engine) as connection:
        before = _required(connection, case_key)
        said = Identity(
            **{**{one.name: getattr(before, one.name) for one in fields(Identity)}, **new}
        )
        _keep(connection, case_key, said, who, Action.CHANGED)


def show_identity(store: Store, case_key: str, who: Who) -> Identity:
    """Return who a patient is; that it was looked at is kept first.

    Raises
    ------
    StoreError
        When there is no such case, or nothing was said of it.
    """
    with writing(store.engine) as connection:
        found = _required(connection, case_key)
        _log(connection, case_key, Action.SHOWN, who)
        return found


def find_identities(store: Store, words: str, who: Who) -> tuple[tuple[str, Identity], ...]:
    """Return the cases whose patient has a hospital number, or words in the name.

    Every case that is found is kept as looked at; the words themselves are not kept.

    Raises
    ------
    InputError
        When fewer than three characters are given.
    """
    wanted = words.strip().casefold()
    if len(wanted) < 3:  # noqa: PLR2004 - less would list everybody
        raise InputError("a search for a person needs three characters at least")
    with writing(store.engine) as connection:
        found = [
            (key, one)
            for key, one in _all_latest(connection)
            if wanted == (one.hospital_number or "").casefold()
            or wanted in (one.name or "").casefold()
        ]
        for key, _ in found:
            _log(connection, key, Action.SOUGHT, who)
        if not found:
            _log(connection, None, Action.SOUGHT, who)
    return tuple(found)


def erase_identity(store: Store, case_key: str, who: Who) -> int:
    """Remove all that was said of who a patient is; records and accesses stay. Return how many.

    Raises
    ------
    StoreError
        When there is no such case.
    """
    with writing(store.engine) as connection:
        _require_case(connection, case_key)
        gone = connection.execute(delete(identities).where(identities.c.case_key == case_key))
        _log(connection, case_key, Action.ERASED, who)
    if store.engine.dialect.name == "sqlite":
        # What was erased is overwritten in the file (secure_delete); the log beside it goes too.
        with store.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None  # noqa: S101 - the connection is open
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return int(gone.rowcount)


def identity_accesses(store: Store, case_key: str | None = None) -> tuple[Access, ...]:
    """Return who did what with identities, in order; of one case where it is named."""
    table = identity_access
    asked = select(table).order_by(table.c.number)
    if case_key is not None:
        asked = asked.where(table.c.case_key == case_key)
    with reading(store.engine) as connection:
        return tuple(
            Access(
                case_key=row.case_key,
                action=Action(row.action),
                by=row.by,
                at=row.at,
                reason=row.reason,
            )
            for row in connection.execute(asked)
        )


def _require_case(connection: Connection, case_key: str) -> None:
    if connection.execute(select(cases.c.key).where(cases.c.key == case_key)).scalar() is None:
        raise StoreError(f"there is no case {case_key!r} in the store")


def _latest(connection: Connection, case_key: str) -> Identity | None:
    asked = select(identities.c.document).where(identities.c.case_key == case_key)
    found = connection.execute(asked.order_by(identities.c.number.desc()).limit(1)).scalar()
    return None if found is None else _identity(found)


def _required(connection: Connection, case_key: str) -> Identity:
    _require_case(connection, case_key)
    found = _latest(connection, case_key)
    if found is None:
        raise StoreError(f"nobody has said who case {case_key} is; add it first")
    return found


def _all_latest(connection: Connection) -> Iterator[tuple[str, Identity]]:
    last = select(func.max(identities.c.number)).group_by(identities.c.case_key)
    asked = select(identities.c.case_key, identities.c.document)
    asked = asked.where(identities.c.number.in_(last)).order_by(identities.c.case_key)
    for key, document in connection.execute(asked).all():
        yield key, _identity(document)


def _keep(connection: Connection, case_key: str, said: Identity, who: Who, action: Action) -> None:
    row = {"case_key": case_key, "document": said.text(), "author": who.by, "made_at": who.at}
    connection.execute(insert(identities), [row])
    _log(connection, case_key, action, who)


def _log(connection: Connection, case_key: str | None, action: Action, who: Who) -> None:
    row = {
        "case_key": case_key,
        "action": action.value,
        "by": who.by,
        "at": who.at,
        "reason": who.reason,
    }
    connection.execute(insert(identity_access), [row])

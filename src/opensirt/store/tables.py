"""The tables: one for each kind of record, insert only.

What migrations make and what this module describes is compared by a test.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from opensirt.store.kinds import RECORD_KINDS

SEARCHED: dict[str, tuple[str, ...]] = {
    "case": ("device", "tumour_type", "treated_on"),
    "plan": ("device", "model"),
    "verify": ("engine",),
    "dosimetry": ("engine", "task", "outcome"),
}
"""Kind → columns of its own, for searching."""

_SHA256 = 64
_NAME = 200

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant as text in UTC with microseconds, which sorts by time on every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text of an instant; raise `ValueError` for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant in the store needs a time zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Return the instant of a text."""
        return None if value is None else datetime.fromisoformat(value)


_big = BigInteger().with_variant(Integer(), "sqlite")

info = Table(
    "store_info",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(_NAME), nullable=False),
)
"""What is said of the store once: its own id, and when it was made."""

cases = Table("cases", metadata, Column("key", String(_NAME), primary_key=True))

images = Table(
    "images",
    metadata,
    Column("sha256", String(_SHA256), primary_key=True),
    Column("size_bytes", _big, nullable=False),
    Column("stored_at", Instant, nullable=False),
)
"""Files in the folder of images, by the hash of their bytes."""


def _record_table(kind: str) -> Table:
    name = table_name(kind)
    extra: list[Any] = [Column(one, String(_NAME)) for one in SEARCHED.get(kind, ())]
    if kind == "case":
        only_one_first = Index(
            f"ix_{name}_first",
            "case_key",
            unique=True,
            sqlite_where=Column("supersedes").is_(None),
            postgresql_where=Column("supersedes").is_(None),
        )
        extra.append(only_one_first)
    return Table(
        name,
        metadata,
        Column("number", _big, primary_key=True, autoincrement=True),
        Column("uid", String(_SHA256), nullable=False),
        Column("case_key", String(_NAME), ForeignKey("cases.key"), nullable=False),
        Column("supersedes", String(_SHA256), ForeignKey(f"{name}.uid")),
        Column("author", String(_NAME), nullable=False),
        Column("made_at", Instant, nullable=False),
        Column("stored_at", Instant, nullable=False),
        Column("software_version", String(40), nullable=False),
        Column("sha256", String(_SHA256), nullable=False),
        Column("bytes_sha256", String(_SHA256), nullable=False),
        Column("files_sha256", String(_SHA256)),
        Column("file_name", String(_NAME)),
        Column("media", String(8), nullable=False),
        Column("content", Text, nullable=False),
        *extra,
        UniqueConstraint("uid"),
        UniqueConstraint("supersedes"),
        Index(f"ix_{name}_case_key", "case_key"),
    )


def table_name(kind: str) -> str:
    """Return the name of a kind's table.

    >>> table_name("work-up")
    'record_work_up'
    """
    return f"record_{kind.replace('-', '_')}"


def view_name(kind: str) -> str:
    """Return the name of the view of the records of a kind that no other one replaces."""
    return f"latest_{kind.replace('-', '_')}"


record_tables = {kind: _record_table(kind) for kind in RECORD_KINDS}

case_files = Table(
    "case_files",
    metadata,
    Column("case_uid", String(_SHA256), ForeignKey("record_case.uid"), primary_key=True),
    Column("path", String(1000), primary_key=True),
    Column("sha256", String(_SHA256), ForeignKey("images.sha256"), nullable=False),
)
"""The files of one version of a case: path in its folder → image."""

identities = Table(
    "identities",
    metadata,
    Column("number", _big, primary_key=True, autoincrement=True),
    Column("case_key", String(_NAME), ForeignKey("cases.key"), nullable=False),
    Column("document", Text, nullable=False),
    Column("author", String(_NAME), nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_identities_case_key", "case_key"),
)
"""Who a patient is: apart from everything else, read by nothing that exports."""

identity_access = Table(
    "identity_access",
    metadata,
    Column("number", _big, primary_key=True, autoincrement=True),
    Column("case_key", String(_NAME), ForeignKey("cases.key")),
    Column("action", String(16), nullable=False),
    Column("by", String(_NAME), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", String(_NAME), nullable=False),
    Index("ix_identity_access_case_key", "case_key"),
)
"""Who said, changed, showed, sought or erased who a patient is; never the person."""

APPEND_ONLY = (
    "store_info",
    "cases",
    "images",
    *(table_name(kind) for kind in RECORD_KINDS),
    "case_files",
    "identity_access",
)
"""Tables whose rows can neither be changed nor removed. A row of `identities` cannot be changed
but can be erased, as the law gives a patient the right to."""

"""Cases, images, the records of a course, identities."""

import sqlalchemy as sa
from alembic import op

from opensirt.store.migrations.append_only import append_only

revision = "0001"
down_revision = None

_KINDS = (
    "case",
    "select",
    "work_up",
    "plan",
    "approve",
    "order",
    "administer",
    "verify",
    "follow_up",
)
_SEARCHED = {
    "case": ("device", "tumour_type", "treated_on"),
    "plan": ("device", "model"),
    "verify": ("engine",),
}


def upgrade() -> None:
    """Make the tables, the views of the latest records and the triggers."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    sha256, name, instant = sa.String(64), sa.String(200), sa.String(32)
    op.create_table(
        "store_info",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", name, nullable=False),
    )
    op.create_table("cases", sa.Column("key", name, primary_key=True))
    op.create_table(
        "images",
        sa.Column("sha256", sha256, primary_key=True),
        sa.Column("size_bytes", big, nullable=False),
        sa.Column("stored_at", instant, nullable=False),
    )
    for kind in _KINDS:
        record_table(kind, _SEARCHED.get(kind, ()))
    op.create_index(
        "ix_record_case_first",
        "record_case",
        ["case_key"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    op.create_table(
        "case_files",
        sa.Column("case_uid", sha256, sa.ForeignKey("record_case.uid"), primary_key=True),
        sa.Column("path", sa.String(1000), primary_key=True),
        sa.Column("sha256", sha256, sa.ForeignKey("images.sha256"), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("number", big, primary_key=True, autoincrement=True),
        sa.Column("case_key", name, sa.ForeignKey("cases.key"), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("author", name, nullable=False),
        sa.Column("made_at", instant, nullable=False),
    )
    op.create_index("ix_identities_case_key", "identities", ["case_key"])
    for table in ("store_info", "cases", "images", "case_files"):
        protect(table)
    protect("identities", erasable=True)


def record_table(kind: str, searched: tuple[str, ...]) -> None:
    """Make the table of one kind of record, its view and its triggers."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    sha256, name, instant = sa.String(64), sa.String(200), sa.String(32)
    table = f"record_{kind}"
    op.create_table(
        table,
        sa.Column("number", big, primary_key=True, autoincrement=True),
        sa.Column("uid", sha256, nullable=False),
        sa.Column("case_key", name, sa.ForeignKey("cases.key"), nullable=False),
        sa.Column("supersedes", sha256, sa.ForeignKey(f"{table}.uid")),
        sa.Column("author", name, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("stored_at", instant, nullable=False),
        sa.Column("software_version", sa.String(40), nullable=False),
        sa.Column("sha256", sha256, nullable=False),
        sa.Column("bytes_sha256", sha256, nullable=False),
        sa.Column("files_sha256", sha256),
        sa.Column("file_name", name),
        sa.Column("media", sa.String(8), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        *(sa.Column(one, name) for one in searched),
        sa.UniqueConstraint("uid"),
        sa.UniqueConstraint("supersedes"),
    )
    op.create_index(f"ix_{table}_case_key", table, ["case_key"])
    later = f"SELECT 1 FROM {table} AS later WHERE later.supersedes = one.uid"  # noqa: S608
    latest = f"SELECT * FROM {table} AS one WHERE NOT EXISTS ({later})"  # noqa: S608
    op.execute(f"CREATE VIEW latest_{kind} AS {latest}")
    protect(table)


def protect(table: str, *, erasable: bool = False) -> None:
    """Keep the rows of a table from being changed or removed."""
    for statement in append_only(table, op.get_context().dialect.name, erasable=erasable):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: going back would throw records away."""
    raise NotImplementedError("a store is never downgraded; restore a backup instead")

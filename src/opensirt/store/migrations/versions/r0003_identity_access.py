"""Who looked at, said, changed or erased who a patient is."""

import sqlalchemy as sa
from alembic import op

from opensirt.store.migrations.versions.r0001_records import protect

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table of accesses and its triggers."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    name = sa.String(200)
    op.create_table(
        "identity_access",
        sa.Column("number", big, primary_key=True, autoincrement=True),
        sa.Column("case_key", name, sa.ForeignKey("cases.key")),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("by", name, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("reason", name, nullable=False),
    )
    op.create_index("ix_identity_access_case_key", "identity_access", ["case_key"])
    protect("identity_access")


def downgrade() -> None:
    """Refuse: going back would throw records away."""
    raise NotImplementedError("a store is never downgraded; restore a backup instead")

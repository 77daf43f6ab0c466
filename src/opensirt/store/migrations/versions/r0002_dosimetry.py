"""Rows of batch dosimetry over a cohort."""

from opensirt.store.migrations.versions.r0001_records import record_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of batch rows, its view and its triggers."""
    record_table("dosimetry", ("engine", "task", "outcome"))


def downgrade() -> None:
    """Refuse: going back would throw records away."""
    raise NotImplementedError("a store is never downgraded; restore a backup instead")

"""Triggers that keep rows from being changed or removed, in the words of each database."""

from collections.abc import Iterator

_SAY = "rows of {table} are added, never changed or removed"
_FUNCTION = """
CREATE OR REPLACE FUNCTION opensirt_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are added, never changed or removed', TG_TABLE_NAME;
END $$
"""


def append_only(table: str, dialect: str, *, erasable: bool = False) -> Iterator[str]:
    """Yield the statements that protect a table; an erasable one allows DELETE."""
    if dialect == "postgresql":
        yield _FUNCTION
        forbidden = "UPDATE" if erasable else "UPDATE OR DELETE OR TRUNCATE"
        yield (
            f"CREATE TRIGGER {table}_append_only BEFORE {forbidden} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION opensirt_append_only()"
        )
        return
    for event in ("UPDATE",) if erasable else ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_SAY.format(table=table)}'); END"
        )

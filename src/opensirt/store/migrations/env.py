"""Alembic runs this with a connection that `opensirt.store.migrate` has opened."""

from alembic import context

from opensirt.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()

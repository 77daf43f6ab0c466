"""Migrations of the database, run by `opensirt.store.migrate`."""

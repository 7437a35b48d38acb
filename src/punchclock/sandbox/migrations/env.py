"""Alembic's entry point: it runs the versions on the store's connection, in the store's transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

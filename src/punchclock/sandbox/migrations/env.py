"""How Alembic runs the schema's versions: on the connection that the store hands over, in the store's transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

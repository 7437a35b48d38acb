"""The versions of the database's schema, run by Alembic when a store opens."""

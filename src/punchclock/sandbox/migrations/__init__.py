"""The versions of the database schema. Alembic runs them when a store opens."""

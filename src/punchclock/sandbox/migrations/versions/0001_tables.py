"""The first schema: records and their counts, the journal, the counter of ids, and the servers' attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0001_tables"
down_revision = None


def upgrade() -> None:
    """Create the tables and their indexes."""
    key = ("vendor", "kind", "id")
    texts = ("person", "client", "project", "task", "job", "state", "work_date", "updated_on", "document")
    op.create_table(
        "records",
        *(sa.Column(name, sa.Text, primary_key=True) for name in key),
        sa.Column("number", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
    )
    # Every query names a vendor and a kind. The other columns are a filter, then the order of the result.
    for name, columns in {
        "records_by_age": ("number",),
        "records_by_update": ("updated_on", "number"),
        "records_by_state": ("state", "number"),
        "records_by_person": ("person", "state", "number"),
        "records_by_person_age": ("person", "number"),
        "records_by_person_update": ("person", "updated_on", "number"),
        "records_by_person_task": ("person", "task", "number"),
        "records_by_day": ("person", "work_date"),
        "records_by_task": ("task", "number"),
        "records_by_project": ("project", "number"),
        "records_by_client": ("client", "number"),
        "records_by_job": ("job", "number"),
    }.items():
        op.create_index(name, "records", ["vendor", "kind", *columns])
    group = ("vendor", "kind", "person", "client", "project", "task")
    op.create_table(
        "counts",
        *(sa.Column(name, sa.Text, primary_key=True) for name in group),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite needs no separate index for an INTEGER key
    op.create_table(
        "journal",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    counter = op.create_table("counter", sa.Column("last_id", sa.BigInteger, nullable=False))
    op.bulk_insert(counter, [{"last_id": 1000}])
    # One row for each server that has stored something since the last reset: the number of its latest transaction.
    op.create_table(
        "attempts",
        sa.Column("server", sa.Text, primary_key=True),
        sa.Column("attempt", sa.BigInteger, nullable=False),
    )

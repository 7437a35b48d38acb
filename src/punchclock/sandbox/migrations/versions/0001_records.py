"""Records by what they are looked up by, the journal, and the counter that ids come from."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables and their indexes."""
    texts = ("person", "client", "project", "task", "job", "state", "work_date", "updated_on", "document")
    op.create_table(
        "records",
        sa.Column("vendor", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
    )
    # A query names a vendor and a kind, then what it looks for; what it finds comes in the order of the index.
    for name, columns in {
        "records_by_age": ("number",),
        "records_by_update": ("updated_on", "number"),
        "records_by_state": ("state", "number"),
        "records_by_person": ("person", "state", "number"),
        "records_by_day": ("person", "work_date"),
        "records_by_task": ("task", "number"),
        "records_by_project": ("project", "number"),
        "records_by_client": ("client", "number"),
        "records_by_job": ("job", "number"),
    }.items():
        op.create_index(name, "records", ["vendor", "kind", *columns])
    op.create_table(
        "journal",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    counter = op.create_table("counter", sa.Column("last_id", sa.BigInteger, nullable=False))
    op.bulk_insert(counter, [{"last_id": 1000}])

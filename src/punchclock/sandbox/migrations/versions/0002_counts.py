"""Counts, so that to count records is not to read them; and indexes in which a person's own come in order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BY = "vendor, kind, person, client, project, task"


def upgrade() -> None:
    """Count what there is."""
    op.create_table(
        "counts",
        *(sa.Column(name, sa.Text, primary_key=True) for name in _BY.split(", ")),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    op.execute(f"INSERT INTO counts SELECT {_BY}, count(*) FROM records GROUP BY {_BY}")  # noqa: S608 names from here
    for name, columns in {
        "records_by_person_age": ("number",),
        "records_by_person_update": ("updated_on", "number"),
        "records_by_person_task": ("task", "number"),
    }.items():
        op.create_index(name, "records", ["vendor", "kind", "person", *columns])

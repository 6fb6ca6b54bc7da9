"""What late data would have raised, and what else a person said of what they did."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_action", sa.Column("detail", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "missed_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("worst", sa.Double(), nullable=False),
        sa.Column("limit_value", sa.Double(), nullable=False),
        sa.Column("from_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("found_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("reviewed_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_missed_event"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_missed_event_patient_id_patient"),
    )
    op.create_index("ix_missed_event_reviewed_utc_ms", "missed_event", ["reviewed_utc_ms"])

"""What people observe of a patient and enter."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENTERED = "entered_observation"


def upgrade() -> None:
    op.create_table(
        ENTERED,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("parameter", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("word", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("at_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entered_observation"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_entered_observation_patient_id_patient"),
    )
    op.create_index("ix_entered_observation_patient_id", ENTERED, ["patient_id"])
    op.create_index("ix_entered_observation_at_utc_ms", ENTERED, ["at_utc_ms"])

"""Escalation chains, the outbox with everything a message needs, every attempt, the notifier's timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OUTBOX = "notification_outbox"


def upgrade() -> None:
    for name in ("kind", "reference", "stage", "recipient", "channel", "priority", "text", "state"):
        default = {"kind": "alarm", "state": "queued"}.get(name, "")
        op.add_column(OUTBOX, sa.Column(name, sa.String(), nullable=False, server_default=default))
    op.add_column(OUTBOX, sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(OUTBOX, sa.Column("next_ms", sa.BigInteger(), nullable=True))
    op.add_column(OUTBOX, sa.Column("key", sa.String(), nullable=True))
    # SQLite adds a constraint only by copying the table: an index does the same.
    op.create_index("uq_notification_outbox_key", OUTBOX, ["key"], unique=True)
    op.create_index("ix_notification_outbox_episode", OUTBOX, ["episode"])
    op.create_index("ix_notification_outbox_state", OUTBOX, ["state"])
    op.create_table(
        "notification_attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("began_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_utc_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", "number", name="pk_notification_attempt"),
    )
    op.create_index("ix_notification_attempt_began_utc_ms", "notification_attempt", ["began_utc_ms"])
    op.create_table(
        "escalation",
        sa.Column("episode", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("changed_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("episode", name="pk_escalation"),
        sa.UniqueConstraint("reference", name="uq_escalation_reference"),
    )
    op.create_index("ix_escalation_phase", "escalation", ["phase"])
    op.create_table(
        "notifier",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timeline", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_notifier"),
    )

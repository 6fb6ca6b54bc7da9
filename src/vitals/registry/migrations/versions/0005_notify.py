"""Messages that were combined, browsers that show them, hand-overs, and the lease of the one notifier."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notification_outbox", sa.Column("combined_into", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "push_device",
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("gone_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", name="pk_push_device"),
    )
    op.create_index("ix_push_device_recipient", "push_device", ["recipient"])
    op.create_table(
        "hand_over",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("taker", sa.String(), nullable=False),
        sa.Column("offered_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("accepted_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_utc_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hand_over"),
    )
    op.create_index("ix_hand_over_ended_utc_ms", "hand_over", ["ended_utc_ms"])

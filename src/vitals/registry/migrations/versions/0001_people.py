"""Patients, sensors, gateways, bindings with history and the monitoring plan."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.String(), nullable=False),
        sa.Column("record_number", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enrolled_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
        sa.UniqueConstraint("record_number", name="uq_patient_record_number"),
        sa.UniqueConstraint("position", name="uq_patient_position"),
    )
    op.create_table(
        "sensor",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sensor"),
    )
    op.create_table(
        "gateway",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("added_utc_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway"),
    )
    op.create_table(
        "binding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("from_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("bound_by", sa.String(), nullable=False),
        sa.Column("unbound_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_binding"),
        sa.ForeignKeyConstraint(["sensor_id"], ["sensor.id"], name="fk_binding_sensor_id_sensor"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_binding_patient_id_patient"),
    )
    op.create_index("ix_binding_patient_id", "binding", ["patient_id"])
    op.create_index(
        "uq_binding_open",
        "binding",
        ["sensor_id"],
        unique=True,
        sqlite_where=sa.text("until_utc_ms IS NULL"),
        postgresql_where=sa.text("until_utc_ms IS NULL"),
    )
    op.create_table(
        "monitoring_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("from_utc_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_utc_ms", sa.BigInteger(), nullable=True),
        sa.Column("prescribed", sa.JSON(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("limits", sa.String(), nullable=False),
        sa.Column("watched_hours", sa.String(), nullable=False),
        sa.Column("responsible_nurse", sa.String(), nullable=False),
        sa.Column("cover", sa.String(), nullable=False),
        sa.Column("no_answer", sa.String(), nullable=False),
        sa.Column("on_oxygen", sa.Boolean(), nullable=False),
        sa.Column("prescribed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_monitoring_plan"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_monitoring_plan_patient_id_patient"),
    )
    op.create_index("ix_monitoring_plan_patient_id", "monitoring_plan", ["patient_id"])

"""Retention: nightly erasures, when somebody was last changed, since when consent is known to be lost."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "erasure_run",
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_erasure_run_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_run")),
    )
    with op.batch_alter_table("erasure_run", schema=None) as batch_op:
        batch_op.create_index("uq_erasure_run_night", ["tenant_id", "local_date"], unique=True)
        batch_op.create_index(
            "ix_erasure_run_to_do",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )

    with op.batch_alter_table("tenant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payload_days", sa.Integer(), nullable=False, server_default="90"))
        batch_op.add_column(sa.Column("next_erasure_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_tenant_next_erasure_at", ["next_erasure_at"], unique=False)
    with op.batch_alter_table("tenant", schema=None) as batch_op:
        batch_op.alter_column("payload_days", existing_type=sa.Integer(), server_default=None)

    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("social_insurance_number_since", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    # what was there before may have been changed a moment ago: nobody is erased too early
    op.execute("UPDATE participant SET changed_at = CURRENT_TIMESTAMP")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_participant_changed", ["tenant_id", "changed_at"], unique=False)

    op.add_column("release", sa.Column("consent_lost_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(
            "ix_release_consent_lost",
            ["tenant_id", "consent_lost_at"],
            unique=False,
            sqlite_where=sa.text("consent_lost_at IS NOT NULL"),
            postgresql_where=sa.text("consent_lost_at IS NOT NULL"),
        )

    with op.batch_alter_table("odd_answer", schema=None) as batch_op:
        batch_op.create_index("ix_odd_answer_number", ["tenant_id", "number"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("odd_answer", schema=None) as batch_op:
        batch_op.drop_index("ix_odd_answer_number")

    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index("ix_release_consent_lost")
        batch_op.drop_column("consent_lost_at")

    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_index("ix_participant_changed")
        batch_op.drop_column("changed_at")
        batch_op.drop_column("social_insurance_number_since")

    with op.batch_alter_table("tenant", schema=None) as batch_op:
        batch_op.drop_index("ix_tenant_next_erasure_at")
        batch_op.drop_column("next_erasure_at")
        batch_op.drop_column("payload_days")

    with op.batch_alter_table("erasure_run", schema=None) as batch_op:
        batch_op.drop_index("ix_erasure_run_to_do")
        batch_op.drop_index("uq_erasure_run_night")

    op.drop_table("erasure_run")

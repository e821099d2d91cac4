"""Since when people are stuck, whose mediator the network does not know, and how often a request was repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNKNOWN = sa.text("archive_reason = 'mediator-unknown'")


def upgrade() -> None:
    op.add_column("presence", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("presence", sa.Column("stuck_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_presence_mediator_unknown",
        "presence",
        ["connection_id"],
        sqlite_where=_UNKNOWN,
        postgresql_where=_UNKNOWN,
    )
    op.execute(_from_delivery("told_at", "presence.told_sequence", "presence.told_sequence > 0"))
    stuck = "presence.archived OR presence.rejected_sequence > presence.applied_sequence"
    newest = (
        "CASE WHEN presence.rejected_sequence > presence.applied_sequence"
        " THEN presence.rejected_sequence ELSE presence.applied_sequence END"
    )
    op.execute(_from_delivery("stuck_since", newest, stuck))
    op.add_column("participant", sa.Column("doubted_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("count", sa.Integer(), server_default="1", nullable=False))
    op.execute("UPDATE attempt SET last_at = at")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.alter_column("last_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_attempt_last", ["last_at"])


def _from_delivery(column: str, sequence: str, condition: str) -> str:
    """Fill a column with the receipt of the delivery that has this number; for rows of before, as near as it gets."""
    return (
        f"UPDATE presence SET {column} = (SELECT delivery.committed_at FROM delivery"  # noqa: S608 - from here alone
        f" WHERE delivery.connection_id = presence.connection_id AND delivery.sequence = {sequence})"
        f" WHERE {condition}"
    )


def downgrade() -> None:
    op.drop_column("participant", "doubted_since")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_last")
        batch_op.drop_column("count")
        batch_op.drop_column("last_at")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index("ix_presence_mediator_unknown")
        batch_op.drop_column("stuck_since")
        batch_op.drop_column("told_at")

"""In which frozen part somebody's record is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery_person", sa.Column("part_number", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("delivery_person", schema=None) as batch_op:
        batch_op.drop_column("part_number")

"""Row-level security on every table whose rows belong to a tenant; later tables get theirs by migrations/env.py."""

from alembic import op

from portal.wall import raise_wall, tear_down

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    raise_wall(op.get_bind())


def downgrade() -> None:
    tear_down(op.get_bind())

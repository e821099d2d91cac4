"""Whether a participant's e-mail address is one."""

import sqlalchemy as sa
from alembic import op

from portal.people.addresses import is_address

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_PARTICIPANTS = sa.table(
    "participant",
    sa.column("id", sa.BigInteger),
    sa.column("email", sa.String),
    sa.column("email_readable", sa.Boolean),
)
_BATCH = 1000


def upgrade() -> None:
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("email_readable", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.alter_column("email_readable", server_default=None)
    _look_at_every_address()


def _look_at_every_address() -> None:
    connection, after = op.get_bind(), 0
    table = _PARTICIPANTS
    query = (
        sa.select(table.c.id, table.c.email)
        .where(table.c.email.is_not(None))
        .order_by(table.c.id)
        .limit(_BATCH)
    )
    while rows := connection.execute(query.where(table.c.id > after)).all():
        wrong = [row.id for row in rows if row.email and not is_address(row.email)]
        if wrong:
            connection.execute(
                sa.update(table).where(table.c.id.in_(wrong)).values(email_readable=sa.false())
            )
        after = rows[-1].id


def downgrade() -> None:
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_column("email_readable")

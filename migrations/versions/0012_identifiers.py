"""A key by which identifiers are found however they are spelled."""

import sqlalchemy as sa
from alembic import op

from portal.people.identifiers import lookup_key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWNERS = ("mediator", "orders", "participant")
BATCH = 1000


def upgrade() -> None:
    for name in OWNERS:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column("lookup_key", sa.String(length=100), nullable=False, server_default="")
            )
            batch_op.create_index(f"ix_{name}_lookup_key", ["tenant_id", "lookup_key"], unique=False)
        _write_keys(name)
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lookup_key", sa.String(length=100), nullable=False, server_default=""))
        batch_op.create_index("ix_import_line_lookup_key", ["import_id", "kind", "lookup_key"], unique=False)


def _write_keys(name: str) -> None:
    table = sa.table(name, sa.column("id"), sa.column("number"), sa.column("lookup_key"))
    bind, after = op.get_bind(), 0
    query = sa.select(table.c.id, table.c.number).order_by(table.c.id).limit(BATCH)
    change = (
        sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(lookup_key=sa.bindparam("key"))
    )
    while rows := bind.execute(query.where(table.c.id > after)).all():
        bind.execute(change, [{"row_id": row.id, "key": lookup_key(row.number)} for row in rows])
        after = rows[-1].id


def downgrade() -> None:
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.drop_index("ix_import_line_lookup_key")
        batch_op.drop_column("lookup_key")
    for name in reversed(OWNERS):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{name}_lookup_key")
            batch_op.drop_column("lookup_key")

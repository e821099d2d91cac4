"""A key by which identifiers are found however they are spelled, one given to another person, and the times of exports."""

import sqlalchemy as sa
from alembic import op

from portal.people.identifiers import lookup_key

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OWNERS = ("mediator", "orders", "participant")
EXPORT_TIMES = (("import_run", "exported_at"), ("tenant", "newest_exports"))
BATCH = 1000


def upgrade() -> None:
    for name in OWNERS:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column("lookup_key", sa.String(length=100), nullable=False, server_default="")
            )
            batch_op.create_index(f"ix_{name}_lookup_key", ["tenant_id", "lookup_key"], unique=False)
        _write_keys(name)
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former_number", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("doubted_identity", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("confirmed_identity", sa.String(length=64), nullable=True))
        batch_op.create_index(
            "ix_participant_doubted",
            ["tenant_id"],
            unique=False,
            sqlite_where=sa.text("doubted_identity IS NOT NULL"),
            postgresql_where=sa.text("doubted_identity IS NOT NULL"),
        )
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lookup_key", sa.String(length=100), nullable=False, server_default=""))
        batch_op.create_index("ix_import_line_lookup_key", ["import_id", "kind", "lookup_key"], unique=False)

    for name, column in EXPORT_TIMES:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.JSON(), nullable=False, server_default="{}"))


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
    for name, column in reversed(EXPORT_TIMES):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column(column)
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.drop_index("ix_import_line_lookup_key")
        batch_op.drop_column("lookup_key")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_index("ix_participant_doubted")
        batch_op.drop_column("confirmed_identity")
        batch_op.drop_column("doubted_identity")
        batch_op.drop_column("former_number")
    for name in reversed(OWNERS):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{name}_lookup_key")
            batch_op.drop_column("lookup_key")

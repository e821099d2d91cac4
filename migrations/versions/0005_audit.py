"""The audit, the seals that chain it and the protocol, one-time links, and a name for each session."""

import sqlalchemy as sa
from alembic import op

from portal.audit.guards import removal, statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ERASABLE = {"audit_entry": True, "erased_entry": False, "protocol_entry": True, "seal": False}


def upgrade() -> None:

    op.create_table(
        "seal",
        sa.Column("chain", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
    )
    with op.batch_alter_table("seal", schema=None) as batch_op:
        batch_op.create_index("uq_seal_key", ["key", "chain"], unique=True)
        batch_op.create_index("uq_seal_number", ["chain", "number"], unique=True)

    op.create_table(
        "audit_entry",
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(length=50), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("subject", sa.String(length=30), nullable=True),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("seal_key", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_audit_entry_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_account", ["account_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_seal_key"), ["seal_key"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject", "subject_id", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_tenant", ["tenant_id", "id"], unique=False)

    op.create_table(
        "erased_entry",
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal_key", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_erased_entry_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased_entry")),
    )
    with op.batch_alter_table("erased_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erased_entry_seal_key"), ["seal_key"], unique=False)
        batch_op.create_index("uq_erased_entry", ["kind", "entry_id"], unique=True)

    op.create_table(
        "one_time_link",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_one_time_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_link_account_id"), ["account_id"], unique=False)

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("browser", sa.String(length=80), nullable=True))

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("protocol_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seal_key", sa.BigInteger(), nullable=True))
    op.execute("UPDATE protocol_entry SET seal_key = 0")  # from before the chain: no seal speaks for them
    with op.batch_alter_table("protocol_entry", schema=None) as batch_op:
        batch_op.alter_column("seal_key", existing_type=sa.BigInteger(), nullable=False)
        batch_op.create_index("ix_protocol_entry_seal_key", ["seal_key"], unique=False)

    dialect = op.get_bind().dialect.name
    for table, erasable in ERASABLE.items():
        for statement in statements(table, dialect, erasable=erasable):
            op.execute(statement)


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table in ERASABLE:
        for statement in removal(table, dialect):
            op.execute(statement)

    with op.batch_alter_table("protocol_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_protocol_entry_seal_key"))
        batch_op.drop_column("seal_key")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("signed_in_at")

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("browser")

    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_link_account_id"))

    op.drop_table("one_time_link")
    with op.batch_alter_table("erased_entry", schema=None) as batch_op:
        batch_op.drop_index("uq_erased_entry")
        batch_op.drop_index(batch_op.f("ix_erased_entry_seal_key"))

    op.drop_table("erased_entry")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_tenant")
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index(batch_op.f("ix_audit_entry_seal_key"))
        batch_op.drop_index("ix_audit_entry_account")

    op.drop_table("audit_entry")
    with op.batch_alter_table("seal", schema=None) as batch_op:
        batch_op.drop_index("uq_seal_number")
        batch_op.drop_index("uq_seal_key")

    op.drop_table("seal")

"""Tokens of the HTTP door, and what an import through it remembers of its request."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=50), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=50), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", _KEY, nullable=False),
        sa.Column("tenant_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_token_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("token_id", _KEY, nullable=True))
        batch_op.add_column(sa.Column("request_key", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column("request_digest", sa.LargeBinary(length=32), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_import_run_token_id_api_token"), "api_token", ["token_id"], ["id"]
        )
        batch_op.create_index("uq_import_run_request", ["tenant_id", "request_key"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index("uq_import_run_request")
        batch_op.drop_constraint(op.f("fk_import_run_token_id_api_token"), type_="foreignkey")
        batch_op.drop_column("request_digest")
        batch_op.drop_column("request_key")
        batch_op.drop_column("token_id")
    op.drop_table("api_token")

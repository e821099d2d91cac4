"""All tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("name", name=op.f("uq_heartbeat_name")),
    )
    with op.batch_alter_table("heartbeat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_heartbeat_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "tenant",
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("federal_state", sa.String(length=2), nullable=False),
        sa.Column("licence_from", sa.Date(), nullable=True),
        sa.Column("licence_until", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("transfer_time", sa.Time(), nullable=False),
        sa.Column("next_transfer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sends_social_insurance_number", sa.Boolean(), nullable=False),
        sa.Column("brake_minimum", sa.Integer(), nullable=False),
        sa.Column("brake_percent", sa.Integer(), nullable=False),
        sa.Column("brake_days", sa.Integer(), nullable=False),
        sa.Column("brake_order_minimum", sa.Integer(), nullable=False),
        sa.Column("protocol_months", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenant_slug")),
    )
    with op.batch_alter_table("tenant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tenant_next_transfer_at"), ["next_transfer_at"], unique=False)

    op.create_table(
        "connection",
        sa.Column("network", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("attempted_sequence", sa.Integer(), nullable=False),
        sa.Column("committed_sequence", sa.Integer(), nullable=False),
        sa.Column("needs_full", sa.Boolean(), nullable=False),
        sa.Column("reconcile_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_is_ordered", sa.Boolean(), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("network_name", sa.String(), nullable=True),
        sa.Column("network_licensed_until", sa.Date(), nullable=True),
        sa.Column("max_part_bytes", sa.Integer(), nullable=True),
        sa.Column("encodings", sa.JSON(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_connection_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
    )
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connection_probe_at"), ["probe_at"], unique=False)
        batch_op.create_index(
            "uq_connection_open",
            ["tenant_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "import_run",
        sa.Column("mode", sa.String(length=30), nullable=False),
        sa.Column("door", sa.String(length=10), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("nobody_leaves", sa.Boolean(), nullable=False),
        sa.Column("profiles_stay", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("problem_values", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(length=50), nullable=True),
        sa.Column("upload", sa.String(length=100), nullable=True),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("step", sa.String(length=30), nullable=False),
        sa.Column("cursor", sa.String(length=100), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_import_run_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index("ix_import_run_newest", ["tenant_id", "id"], unique=False)
        batch_op.create_index(
            "ix_import_run_to_do",
            ["id"],
            unique=False,
            sqlite_where=sa.text("emptied_at IS NULL"),
            postgresql_where=sa.text("emptied_at IS NULL"),
        )
        batch_op.create_index(
            "uq_import_run_running",
            ["tenant_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('staging', 'applying')"),
            postgresql_where=sa.text("state IN ('staging', 'applying')"),
        )

    op.create_table(
        "mediator",
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("initials", sa.String(length=50), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "sort_key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_mediator_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediator")),
    )
    with op.batch_alter_table("mediator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mediator_sort_key"), ["sort_key"], unique=False)
        batch_op.create_index("uq_mediator_number", ["tenant_id", "number"], unique=True)

    op.create_table(
        "orders",
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("measure_number", sa.String(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("responsible", sa.JSON(), nullable=False),
        sa.Column("has_responsible", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_orders_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("uq_orders_number", ["tenant_id", "number"], unique=True)

    op.create_table(
        "account",
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("initials", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["mediator_id"], ["mediator.id"], name=op.f("fk_account_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_account_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index("uq_account_tenant_initials", ["tenant_id", "initials"], unique=True)

    op.create_table(
        "import_line",
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("refers_to", sa.String(length=100), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_import_line_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_import_line_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_line")),
    )
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.create_index("ix_import_line_refers", ["import_id", "kind", "refers_to"], unique=False)
        batch_op.create_index("uq_import_line", ["import_id", "kind", "number"], unique=True)

    op.create_table(
        "import_rejection",
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("file", sa.String(length=100), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_run.id"],
            name=op.f("fk_import_rejection_import_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_import_rejection_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rejection")),
    )
    with op.batch_alter_table("import_rejection", schema=None) as batch_op:
        batch_op.create_index("ix_import_rejection", ["import_id", "id"], unique=False)

    op.create_table(
        "mediator_presence",
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("answered_sequence", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_mediator_presence_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["mediator_id"], ["mediator.id"], name=op.f("fk_mediator_presence_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_mediator_presence_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediator_presence")),
    )
    with op.batch_alter_table("mediator_presence", schema=None) as batch_op:
        batch_op.create_index("uq_mediator_presence", ["connection_id", "mediator_id"], unique=True)

    op.create_table(
        "participant",
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("salutation", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("social_insurance_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("caseworker", sa.String(), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("left_order_on", sa.Date(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("consent_until", sa.Date(), nullable=True),
        sa.Column("consent_withdrawn_on", sa.Date(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "sort_key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_participant_order_id_orders")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_participant_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
    )
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.create_index("ix_participant_consent_until", ["consent_until"], unique=False)
        batch_op.create_index("ix_participant_left", ["tenant_id", "left_at"], unique=False)
        batch_op.create_index("ix_participant_order", ["tenant_id", "order_id"], unique=False)
        batch_op.create_index("ix_participant_sort", ["tenant_id", "sort_key", "id"], unique=False)
        batch_op.create_index("uq_participant_number", ["tenant_id", "number"], unique=True)

    op.create_table(
        "delivery",
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=30), nullable=False),
        sa.Column("cause", sa.String(length=30), nullable=False),
        sa.Column("started_by", sa.String(length=50), nullable=False),
        sa.Column(
            "started_by_account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("local_date", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("idempotency_key", sa.String(length=36), nullable=False),
        sa.Column("base_sequence", sa.Integer(), nullable=True),
        sa.Column("remote_id", sa.String(length=64), nullable=True),
        sa.Column("receipt_id", sa.String(length=200), nullable=True),
        sa.Column("cursor", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commit_attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_unknown", sa.Boolean(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("answered", sa.JSON(), nullable=False),
        sa.Column("brake", sa.JSON(), nullable=True),
        sa.Column("shown_digest", sa.String(length=64), nullable=True),
        sa.Column("let_go_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("let_go_by", sa.String(length=50), nullable=True),
        sa.Column("problem", sa.String(length=30), nullable=True),
        sa.Column("problem_detail", sa.String(), nullable=True),
        sa.Column("discarded_by", sa.String(length=50), nullable=True),
        sa.Column("plans_anew_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("empty_polls", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_delivery_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["plans_anew_id"], ["delivery.id"], name=op.f("fk_delivery_plans_anew_id_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["started_by_account_id"], ["account.id"], name=op.f("fk_delivery_started_by_account_id_account")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_delivery_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_due",
            ["next_step_at"],
            unique=False,
            sqlite_where=sa.text("next_step_at IS NOT NULL"),
            postgresql_where=sa.text("next_step_at IS NOT NULL"),
        )
        batch_op.create_index("ix_delivery_newest", ["tenant_id", "id"], unique=False)
        batch_op.create_index(
            "uq_delivery_night",
            ["tenant_id", "local_date"],
            unique=True,
            sqlite_where=sa.text("local_date IS NOT NULL AND state <> 'discarded'"),
            postgresql_where=sa.text("local_date IS NOT NULL AND state <> 'discarded'"),
        )
        batch_op.create_index("uq_delivery_sequence", ["connection_id", "sequence"], unique=True)
        batch_op.create_index(
            "uq_delivery_uncommitted",
            ["connection_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'built', 'held', 'sending')"),
            postgresql_where=sa.text("state IN ('planned', 'built', 'held', 'sending')"),
        )

    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(
            "ix_login_session_open",
            ["account_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_login_session_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "participant_word",
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("word", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.id"],
            name=op.f("fk_participant_word_participant_id_participant"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_participant_word_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant_word")),
    )
    with op.batch_alter_table("participant_word", schema=None) as batch_op:
        batch_op.create_index("ix_participant_word", ["tenant_id", "word", "participant_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_participant_word_participant_id"), ["participant_id"], unique=False
        )

    op.create_table(
        "profile",
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_profile_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_profile_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("participant_id", name=op.f("uq_profile_participant_id")),
    )
    op.create_table(
        "release",
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(length=50), nullable=False),
        sa.Column("consent_confirmed", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=50), nullable=True),
        sa.Column("end_cause", sa.String(length=30), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_release_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_release_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_release_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index("ix_release_participant", ["participant_id", "id"], unique=False)
        batch_op.create_index(
            "uq_release_open",
            ["connection_id", "participant_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "search_term",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_search_term_account_id_account")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_search_term_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_term")),
        sa.UniqueConstraint("key", name=op.f("uq_search_term_key")),
    )
    with op.batch_alter_table("search_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_term_created_at"), ["created_at"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call", sa.String(length=30), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_attempt_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id_delivery")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_attempt_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_connection", ["connection_id", "id"], unique=False)
        batch_op.create_index("ix_attempt_delivery", ["delivery_id", "id"], unique=False)

    op.create_table(
        "delivery_mediator",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_mediator_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["mediator_id"], ["mediator.id"], name=op.f("fk_delivery_mediator_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_delivery_mediator_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_mediator")),
    )
    with op.batch_alter_table("delivery_mediator", schema=None) as batch_op:
        batch_op.create_index("uq_delivery_mediator", ["delivery_id", "mediator_id"], unique=True)

    op.create_table(
        "delivery_part",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_part_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_delivery_part_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_part")),
    )
    with op.batch_alter_table("delivery_part", schema=None) as batch_op:
        batch_op.create_index("uq_delivery_part", ["delivery_id", "number"], unique=True)

    op.create_table(
        "delivery_person",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.String(length=30), nullable=False),
        sa.Column("novelty", sa.String(length=30), nullable=False),
        sa.Column("explained", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=50), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_delivery_person_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["mediator_id"], ["mediator.id"], name=op.f("fk_delivery_person_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_delivery_person_order_id_orders")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_delivery_person_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_delivery_person_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_person")),
    )
    with op.batch_alter_table("delivery_person", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_person_participant", ["participant_id", "delivery_id"], unique=False
        )
        batch_op.create_index("uq_delivery_person", ["delivery_id", "participant_id"], unique=True)

    op.create_table(
        "odd_answer",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=50), nullable=False),
        sa.Column("reason", sa.String(length=50), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_odd_answer_delivery_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_odd_answer_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_odd_answer")),
    )
    with op.batch_alter_table("odd_answer", schema=None) as batch_op:
        batch_op.create_index(
            "uq_odd_answer", ["delivery_id", "kind", "subject", "number", "outcome"], unique=True
        )

    op.create_table(
        "presence",
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("release_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("applicant_id", sa.String(length=200), nullable=True),
        sa.Column("applied_sequence", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("archive_reason", sa.String(length=50), nullable=True),
        sa.Column("archive_detail", sa.String(), nullable=True),
        sa.Column("rejected_sequence", sa.Integer(), nullable=False),
        sa.Column("rejection_reason", sa.String(length=50), nullable=True),
        sa.Column("rejection_detail", sa.String(), nullable=True),
        sa.Column("clarification", sa.String(length=40), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("told_sequence", sa.Integer(), nullable=False),
        sa.Column("told_revision", sa.Integer(), nullable=False),
        sa.Column("told_digest", sa.String(length=64), nullable=True),
        sa.Column("told_mediator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("told_order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("refused_revision", sa.Integer(), nullable=True),
        sa.Column("refused_detail", sa.String(), nullable=True),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_presence_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["mediator_id"], ["mediator.id"], name=op.f("fk_presence_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_presence_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_presence_release_id_release")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_presence_tenant_id_tenant")),
        sa.ForeignKeyConstraint(
            ["told_mediator_id"], ["mediator.id"], name=op.f("fk_presence_told_mediator_id_mediator")
        ),
        sa.ForeignKeyConstraint(
            ["told_order_id"], ["orders.id"], name=op.f("fk_presence_told_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index("ix_presence_mediator", ["mediator_id"], unique=False)
        batch_op.create_index("ix_presence_participant", ["participant_id"], unique=False)
        batch_op.create_index(
            "ix_presence_released",
            ["connection_id", "participant_id"],
            unique=False,
            sqlite_where=sa.text("released"),
            postgresql_where=sa.text("released"),
        )
        batch_op.create_index("ix_presence_status", ["connection_id", "status"], unique=False)
        batch_op.create_index(
            "ix_presence_told",
            ["connection_id", "participant_id"],
            unique=False,
            sqlite_where=sa.text("told"),
            postgresql_where=sa.text("told"),
        )
        batch_op.create_index(
            "ix_presence_urgent",
            ["connection_id"],
            unique=False,
            sqlite_where=sa.text("urgent"),
            postgresql_where=sa.text("urgent"),
        )
        batch_op.create_index("ix_presence_waiting", ["connection_id", "waiting_since"], unique=False)
        batch_op.create_index("uq_presence", ["connection_id", "participant_id"], unique=True)
        batch_op.create_index("uq_presence_applicant", ["connection_id", "applicant_id"], unique=True)

    op.create_table(
        "protocol_entry",
        sa.Column("participant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=30), nullable=False),
        sa.Column("by", sa.String(length=50), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_protocol_entry_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_protocol_entry_delivery_id_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_protocol_entry_participant_id_participant")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_protocol_entry_tenant_id_tenant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_entry")),
    )
    with op.batch_alter_table("protocol_entry", schema=None) as batch_op:
        batch_op.create_index("ix_protocol_entry", ["participant_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("protocol_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_protocol_entry")

    op.drop_table("protocol_entry")
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.drop_index("uq_presence_applicant")
        batch_op.drop_index("uq_presence")
        batch_op.drop_index("ix_presence_waiting")
        batch_op.drop_index(
            "ix_presence_urgent", sqlite_where=sa.text("urgent"), postgresql_where=sa.text("urgent")
        )
        batch_op.drop_index(
            "ix_presence_told", sqlite_where=sa.text("told"), postgresql_where=sa.text("told")
        )
        batch_op.drop_index("ix_presence_status")
        batch_op.drop_index(
            "ix_presence_released", sqlite_where=sa.text("released"), postgresql_where=sa.text("released")
        )
        batch_op.drop_index("ix_presence_participant")
        batch_op.drop_index("ix_presence_mediator")

    op.drop_table("presence")
    with op.batch_alter_table("odd_answer", schema=None) as batch_op:
        batch_op.drop_index("uq_odd_answer")

    op.drop_table("odd_answer")
    with op.batch_alter_table("delivery_person", schema=None) as batch_op:
        batch_op.drop_index("uq_delivery_person")
        batch_op.drop_index("ix_delivery_person_participant")

    op.drop_table("delivery_person")
    with op.batch_alter_table("delivery_part", schema=None) as batch_op:
        batch_op.drop_index("uq_delivery_part")

    op.drop_table("delivery_part")
    with op.batch_alter_table("delivery_mediator", schema=None) as batch_op:
        batch_op.drop_index("uq_delivery_mediator")

    op.drop_table("delivery_mediator")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_delivery")
        batch_op.drop_index("ix_attempt_connection")

    op.drop_table("attempt")
    with op.batch_alter_table("search_term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_term_created_at"))

    op.drop_table("search_term")
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_release_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_release_participant")

    op.drop_table("release")
    op.drop_table("profile")
    with op.batch_alter_table("participant_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participant_word_participant_id"))
        batch_op.drop_index("ix_participant_word")

    op.drop_table("participant_word")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_seen_at"))
        batch_op.drop_index(
            "ix_login_session_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("login_session")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_delivery_uncommitted",
            sqlite_where=sa.text("state IN ('planned', 'built', 'held', 'sending')"),
            postgresql_where=sa.text("state IN ('planned', 'built', 'held', 'sending')"),
        )
        batch_op.drop_index("uq_delivery_sequence")
        batch_op.drop_index(
            "uq_delivery_night",
            sqlite_where=sa.text("local_date IS NOT NULL AND state <> 'discarded'"),
            postgresql_where=sa.text("local_date IS NOT NULL AND state <> 'discarded'"),
        )
        batch_op.drop_index("ix_delivery_newest")
        batch_op.drop_index(
            "ix_delivery_due",
            sqlite_where=sa.text("next_step_at IS NOT NULL"),
            postgresql_where=sa.text("next_step_at IS NOT NULL"),
        )

    op.drop_table("delivery")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_index("uq_participant_number")
        batch_op.drop_index("ix_participant_sort")
        batch_op.drop_index("ix_participant_order")
        batch_op.drop_index("ix_participant_left")
        batch_op.drop_index("ix_participant_consent_until")

    op.drop_table("participant")
    with op.batch_alter_table("mediator_presence", schema=None) as batch_op:
        batch_op.drop_index("uq_mediator_presence")

    op.drop_table("mediator_presence")
    with op.batch_alter_table("import_rejection", schema=None) as batch_op:
        batch_op.drop_index("ix_import_rejection")

    op.drop_table("import_rejection")
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.drop_index("uq_import_line")
        batch_op.drop_index("ix_import_line_refers")

    op.drop_table("import_line")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index("uq_account_tenant_initials")

    op.drop_table("account")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("uq_orders_number")

    op.drop_table("orders")
    with op.batch_alter_table("mediator", schema=None) as batch_op:
        batch_op.drop_index("uq_mediator_number")
        batch_op.drop_index(batch_op.f("ix_mediator_sort_key"))

    op.drop_table("mediator")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_import_run_running",
            sqlite_where=sa.text("state IN ('staging', 'applying')"),
            postgresql_where=sa.text("state IN ('staging', 'applying')"),
        )
        batch_op.drop_index(
            "ix_import_run_to_do",
            sqlite_where=sa.text("emptied_at IS NULL"),
            postgresql_where=sa.text("emptied_at IS NULL"),
        )
        batch_op.drop_index("ix_import_run_newest")

    op.drop_table("import_run")
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_connection_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_connection_probe_at"))

    op.drop_table("connection")
    with op.batch_alter_table("tenant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tenant_next_transfer_at"))

    op.drop_table("tenant")
    with op.batch_alter_table("heartbeat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_heartbeat_seen_at"))

    op.drop_table("heartbeat")

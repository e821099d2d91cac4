"""What the application's role may do on PostgreSQL: work with rows, append to what is kept, and nothing to tables."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from portal.core.append_only import GUARDED
from portal.core.errors import GrantFailed, GrantNeedsPostgresql, RoleTooMighty

_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname
"""
_GRANTED = """
SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl) WITH ORDINALITY
WHERE oid = to_regclass('tenant') AND privilege_type = 'INSERT' AND grantee NOT IN (relowner, 0)
"""
_ROLE = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role"
_SELF = """
SELECT current_user AS name, rolsuper AS superuser, rolbypassrls AS sees_past,
pg_has_role(c.relowner, 'USAGE') AS owner
FROM pg_roles, pg_class c WHERE rolname = current_user AND c.oid = to_regclass('tenant')
"""
_VERSION_TABLE = "alembic_version"
_EDIT = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class OwnRole:
    """The role as which this process works."""

    name: str
    superuser: bool
    sees_past: bool
    """Row-level security does not hold it (BYPASSRLS)."""
    owner: bool
    """The tables are its own."""

    @property
    def restricted(self) -> bool:
        """Whether the second wall and the grants hold it."""
        return not (self.superuser or self.sees_past or self.owner)


def find_own_role(connection: Connection) -> OwnRole | None:
    """Return the role of `connection`; None on SQLite, which knows none, and where there are no tables."""
    if connection.dialect.name != "postgresql":
        return None
    found = connection.execute(text(_SELF)).mappings().first()
    return OwnRole(**found) if found else None


def grant(connection: Connection, role: str, password: str | None = None) -> bool:
    """Let `role` do what the application needs and no more; whether it had to be made. Repeating it changes nothing.

    Raises Refusal `grant-needs-postgresql`, `role-too-mighty`, `grant-failed`.
    """
    if connection.dialect.name != "postgresql":
        raise GrantNeedsPostgresql
    try:
        return _grant(connection, role, password)
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", error)).__name__
        raise GrantFailed(kind=kind) from None


def renew_grants(connection: Connection) -> None:
    """Grant new tables to the roles that were granted the earlier ones; for the end of a migration."""
    if (
        connection.dialect.name == "postgresql"
        and connection.execute(text("SELECT to_regclass('tenant')")).scalar()
    ):
        for role in connection.execute(text(_GRANTED)).scalars().all():  # quoted where it has to be
            _grant_tables(connection, role)


def _grant(connection: Connection, role: str, password: str | None) -> bool:
    mighty = connection.execute(text(_ROLE), {"role": role}).scalar()
    owner = connection.execute(text("SELECT current_user = :role"), {"role": role}).scalar()
    if mighty or owner:
        raise RoleTooMighty(role=role)
    name = connection.dialect.identifier_preparer.quote(role)
    if mighty is None:
        connection.execute(text(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"))
    if password is not None:
        _set_password(connection, name, password)
    schema = connection.dialect.identifier_preparer.quote(_current_schema(connection))
    connection.execute(text(f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"))  # as since PostgreSQL 15
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {name}"))
    _grant_tables(connection, name)
    return mighty is None


def _grant_tables(connection: Connection, name: str) -> None:
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(_current_schema(connection))
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}"))
    for table in connection.execute(text(_TABLES)).scalars().all():
        connection.execute(text(f"GRANT {_allowed(table)} ON {quote(table)} TO {name}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}"))
    version = connection.dialect.server_version_info
    staged = connection.execute(text("SELECT to_regclass('import_line')")).scalar()
    if version and version >= (17,) and staged:  # before, its statistics are the server's own affair
        connection.execute(text(f"GRANT MAINTAIN ON import_line TO {name}"))


def _allowed(table: str) -> str:
    """What is kept for ever is appended; a row of it may go where a trigger finds that an erasure named it."""
    if table == _VERSION_TABLE:
        return "SELECT"
    if table not in GUARDED:
        return _EDIT
    return "SELECT, INSERT, DELETE" if GUARDED[table] else "SELECT, INSERT"


def _current_schema(connection: Connection) -> str:
    return str(connection.execute(text("SELECT current_schema()")).scalar_one())


def _set_password(connection: Connection, name: str, password: str) -> None:
    """The server's log may show statements: it gets the password only as the client has scrambled it."""
    driver = connection.connection.dbapi_connection
    assert driver is not None
    scrambled = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{scrambled}'")

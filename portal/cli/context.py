"""The edge of every command: application, language and tenant; each refusal one sentence, exit code 1."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click
from flask import Flask, g
from flask.cli import ScriptInfo
from flask_babel import force_locale
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.accounts.queries import find_actor
from portal.audit.recording import Intent, intend
from portal.bare import create_bare_app
from portal.cli.errors import KeyMissing, RedisAway, Unexpected
from portal.cli.refused import Refused
from portal.core.crypto import DecryptionError
from portal.core.database import current_scope, db, rollback, scope_to
from portal.core.log import configure_logs, describe_error
from portal.core.refusal import Refusal
from portal.core.schema import check_database
from portal.core.settings import SettingsError, current_settings
from portal.domain.actors import Actor
from portal.domain.audit import AuditEvent
from portal.domain.permissions import Permission
from portal.domain.tenants import Tenant
from portal.tenants.queries import get_tenant
from portal.webkit.messages import message

P = ParamSpec("P")
R = TypeVar("R")

OPERATOR = Actor("support")
"""The author of a command given without an account: the operator, at the server."""


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """Run the command in the application's context and language; what it is refused becomes a sentence."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with application():
            return command(*args, **kwargs)

    return wrapped


@contextmanager
def application() -> Iterator[Flask]:
    """The application, its context and language for a while; what is refused inside becomes a sentence."""
    app = _load()
    with app.app_context(), force_locale(current_settings().locale):
        try:
            yield app
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and the exit code is 1
            _explain(error)
        finally:
            intend(None)
            db.session.remove()


def _load() -> Flask:
    given = click.get_current_context().find_object(ScriptInfo)
    if given:  # the caller passed an application
        return given.load_app()
    configure_logs(logging.ERROR)
    try:
        return create_bare_app()
    except SettingsError as error:
        raise Refused(str(error)) from None


def _explain(error: Exception) -> NoReturn:
    """Say what went wrong, without a traceback and without the values that an error's text may repeat."""
    refusal = error if isinstance(error, Refusal) else _refusal_for(error)
    with suppress(SQLAlchemyError):  # where the database went away there is nothing to undo
        rollback()
    raise Refused(message(refusal)) from None


def _refusal_for(error: Exception) -> Refusal:
    if isinstance(error, SQLAlchemyError):
        try:
            check_database()
        except Refusal as refusal:
            return refusal
    if isinstance(error, RedisError):
        return RedisAway()
    if isinstance(error, DecryptionError):
        return KeyMissing()
    found = describe_error(error)
    places = found["at"]
    assert isinstance(places, list)
    return Unexpected(kind=found["error"], place=places[-1] if places else "")


def use_tenant(slug: str) -> Tenant:
    """Return the tenant called `slug`, whose rows alone the command sees from now on. Raises NotFound."""
    scope_to(get_tenant(slug).id)
    tenant = get_tenant(slug)  # once more: the scope lets go of what was loaded before
    g.time_zone = tenant.time_zone
    return tenant


def resolve_actor(by: str | None, permission: Permission, otherwise: Actor = OPERATOR) -> Actor:
    """Return the person behind `--by`, who must have the permission. Raises Refusal."""
    return otherwise if by is None else find_actor(by, permission)


def record_audit(
    event: AuditEvent, actor: Actor, *, subject: str | None = None, subject_id: int | None = None
) -> None:
    """Have the next commit say in the tenant's audit that this command was given, and on whose behalf."""
    tenant_id = current_scope()
    intend(
        Intent(
            event,
            actor.initials,
            tenant_id=tenant_id if isinstance(tenant_id, int) else None,
            account_id=actor.account_id,
            subject=subject,
            subject_id=subject_id,
            data={"command": " ".join(click.get_current_context().command_path.split()[1:])},
        )
    )

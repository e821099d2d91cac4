"""What protects every answer: headers, form tokens, limits, and the address of who asks."""

from __future__ import annotations

from flask import Flask, Response, abort
from flask_compress import Compress
from flask_limiter import Limiter
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.core.settings import Settings
from portal.webkit import limit_storage
from portal.webkit.callers import caller_key, with_plain_address
from portal.webkit.sessions import current_session

BODY_LIMIT = 1_000_000
"""Bytes of a request; the upload of an export sets its own."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

csrf = CSRFProtect()
limiter = Limiter(key_func=caller_key, default_limits=[])


def allow_forms_to(response: Response, origin: str) -> None:
    """Let this page's forms be redirected to one other site, too."""
    form_action = "form-action 'self'"
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        form_action, f"{form_action} {origin}"
    )


def own_key() -> str:
    """Return the key of limits that count for the signed-in account, from any address."""
    return f"account:{current_user.get_id()}"


def failed(response: Response) -> bool:
    """Return whether something secret was typed wrong: only that counts for limits on guessing."""
    return response.status_code == 422


def _say_that_the_database_is_away() -> None:
    if current_session().database_down:
        abort(503)


def init_app(app: Flask, settings: Settings) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_MIN_SIZE=1000,
        COMPRESS_STREAMS=False,
    )
    _configure_limits(app, settings)
    Compress(app)
    app.before_request(_say_that_the_database_is_away)  # before the form's token, which is kept there
    csrf.init_app(app)
    limiter.init_app(app)
    app.wsgi_app = with_plain_address(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.secure_cookies:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def _configure_limits(app: Flask, settings: Settings) -> None:
    app.config.update(
        RATELIMIT_STORAGE_URI=f"{limit_storage.SCHEME}://",
        RATELIMIT_STORAGE_OPTIONS={
            "redis_url": settings.redis_url,
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            "retry": None,
        },
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_KEY_PREFIX="jobbruecke",
    )

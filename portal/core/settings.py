"""Every setting once: name, type, default and unit; read from the environment or a `.env` file."""

from __future__ import annotations

import base64
import unicodedata
from enum import StrEnum
from functools import cached_property

from flask import current_app
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.core.service_addresses import base_address, is_host, is_loopback
from portal.core.setting_types import (
    ApplicantPage,
    BaseAddress,
    DatabaseAddress,
    EncryptionKeys,
    FilePath,
    OptionalAddress,
    Pauses,
    RedisAddress,
    check_sender,
)

PREFIX = "JOBBRUECKE_"


class MailEncryption(StrEnum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it and says what it wants."""


class Settings(BaseSettings):
    """The settings of one process. Each field's description is its documentation (docs/settings.md)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8-sig", extra="ignore", frozen=True
    )

    database_url: DatabaseAddress = Field(
        description="Address of the database: sqlite:///PATH, from the working folder on, or postgresql://…"
    )
    redis_url: RedisAddress = Field(description="Address of Redis: redis://…, rediss://… or unix://…")
    secret_key: SecretStr = Field(
        min_length=32, description="At least 32 random characters; signs form tokens."
    )
    encryption_keys: EncryptionKeys = Field(
        description="Comma-separated NAME:KEY, KEY being 32 bytes in base64; the first encrypts, all decrypt."
    )
    network_jobnetzwerk_url: BaseAddress = Field(
        description="Base address of Jobnetzwerk; https, or http to loopback."
    )
    network_job4you_url: BaseAddress = Field(
        description="Base address of Job4You; https, or http to loopback."
    )
    network_jobnetzwerk_page: ApplicantPage = Field(
        default=None,
        description="Page of an applicant in Jobnetzwerk for people, {applicant_id} being the Bewerber-ID.",
    )
    network_job4you_page: ApplicantPage = Field(
        default=None,
        description="Page of an applicant in Job4You for people, {applicant_id} being the Bewerber-ID.",
    )
    network_ca_file: FilePath | None = Field(
        default=None, description="PEM file of certificate authorities to trust instead of the built-in list."
    )
    network_read_seconds: float = Field(
        default=30, gt=0, le=40, description="Overall limit for one answer of the network, in seconds."
    )
    lease_seconds: int = Field(
        default=50,
        ge=2,
        le=60,
        description="How long a claimed step may go without a sign of life, in seconds.",
    )
    tick_seconds: float = Field(
        default=1, gt=0, le=30, description="How often cron looks for steps that have become due, in seconds."
    )
    sweep_seconds: float = Field(
        default=30, gt=0, le=30, description="How often cron looks for everything else, in seconds."
    )
    poll_seconds: float = Field(
        default=5, gt=0, description="First pause before asking for answers again, in seconds; it grows."
    )
    poll_limit_seconds: float = Field(
        default=300, gt=0, description="Longest pause between two questions for answers, in seconds."
    )
    retry_seconds: Pauses = Field(
        default=(10, 30, 90, 300, 3600),
        description="Pauses after failed attempts, in seconds; the last one repeats.",
    )
    probe_seconds: float = Field(
        default=60,
        gt=0,
        description="While paused, how often the network is asked whether it is back, in seconds.",
    )
    part_records: int = Field(default=5000, ge=1, description="Records in one part of a delivery, at most.")
    upload_limit_mb: int = Field(default=200, ge=1, description="Largest uploaded export, in MB.")
    data_folder: FilePath = Field(default="var", description="Folder for uploads waiting to be imported.")
    secure_cookies: bool = Field(
        default=True, description="Cookies only over TLS; off for plain http on loopback."
    )
    session_idle_minutes: int = Field(
        default=60, ge=1, description="A session ends after this many idle minutes."
    )
    session_limit_hours: int = Field(
        default=12, ge=1, description="A session ends after this many hours at most."
    )
    second_factor_for: str = Field(
        default="none",
        pattern="^(none|support|everybody)$",
        description="Who must sign in with a second factor: none, support or everybody; all others may.",
    )
    public_url: OptionalAddress = Field(
        default=None, description="Address under which people reach the portal, https://…; begins links."
    )
    oidc_issuer: str | None = Field(
        default=None,
        max_length=255,
        description="Issuer of an OpenID Connect provider as it calls itself, https://…; wants PUBLIC_URL and Authlib.",
    )
    oidc_client_id: str | None = Field(
        default=None, validate_default=True, description="Who we are to the OpenID Connect provider."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Our secret at the OpenID Connect provider; none for a public client."
    )
    oidc_name: str = Field(
        default="Single Sign-on",
        max_length=60,
        description="What the button for that way of signing in says.",
    )
    password_sign_in: bool = Field(
        default=True,
        validate_default=True,
        description="Signing in with a password; off where everybody comes by the OpenID Connect provider.",
    )
    locale: str = Field(
        default="de",
        pattern="^(de|en)$",
        description="Language of the command line, and of mails to accounts that chose none: de or en.",
    )
    trusted_proxies: int = Field(
        default=0, ge=0, description="How many reverse proxies stand before the web server."
    )
    smtp_host: str | None = Field(
        default=None, description="Mail server that takes our mails; without one none are sent."
    )
    smtp_port: int = Field(
        default=587, ge=1, le=65535, description="Its port: usually 587 with starttls, 465 with tls."
    )
    smtp_user: str | None = Field(default=None, description="Name with which the mail server knows us.")
    smtp_password: SecretStr | None = Field(default=None, description="Password that goes with it.")
    smtp_tls: MailEncryption = Field(
        default=MailEncryption.STARTTLS,
        description="starttls, tls, or none, which is for a literal loopback address only.",
    )
    smtp_from: str | None = Field(
        default=None,
        validate_default=True,
        description="Sender of our mails, as in Jobbrücke <jobbruecke@example.org>.",
    )
    smtp_ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of certificate authorities for the mail server instead of the system's.",
    )
    import_silent_days: int = Field(
        default=3,
        ge=0,
        description="After so many working days without an import people are told; 0: never.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token for /metrics; without one only loopback may read them.",
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _check_issuer(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value:
            return None
        base_address(value)  # as it is: issuers are compared to the letter
        if not info.data.get("public_url"):
            raise ValueError("wants JOBBRUECKE_PUBLIC_URL, too: the provider sends people back there")
        return value

    @field_validator("oidc_client_id")
    @classmethod
    def _check_client(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("oidc_issuer") and not value:
            raise ValueError("is missing, since JOBBRUECKE_OIDC_ISSUER is set")
        return value or None

    @field_validator("password_sign_in")
    @classmethod
    def _check_ways_in(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and not info.data.get("oidc_issuer"):
            raise ValueError("leaves no way in: JOBBRUECKE_OIDC_ISSUER is not set")
        return value

    @field_validator("smtp_host")
    @classmethod
    def _check_mail_server(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("public_url"):
            raise ValueError("wants PUBLIC_URL to be set, too: mails have links")
        if value and not is_host(value):
            raise ValueError("wants the name or address of a host alone")
        return value or None

    @field_validator("smtp_tls")
    @classmethod
    def _check_mail_way(cls, value: MailEncryption, info: ValidationInfo) -> MailEncryption:
        host = info.data.get("smtp_host")
        if value is MailEncryption.NONE and host and not is_loopback(host):
            raise ValueError("wants starttls or tls for a server that is not a literal loopback address")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _check_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value:
            if info.data.get("smtp_host"):
                raise ValueError("is missing while SMTP_HOST is set")
            return None
        return check_sender(value)

    @field_validator("smtp_password")
    @classmethod
    def _check_password(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value and not info.data.get("smtp_user"):
            raise ValueError("is of no use without SMTP_USER")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _check_line(cls, value: object) -> object:
        """A carriage return left over from another system's file is in no address, path or secret."""
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and any(unicodedata.category(char) == "Cc" for char in text):
            raise ValueError("wants one line without control characters")
        return value

    @cached_property
    def keys(self) -> dict[str, bytes]:
        """The encryption keys by name, 32 bytes each, the encrypting one first."""
        return {name: base64.b64decode(key.get_secret_value()) for name, key in self.encryption_keys.items()}

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load_settings(**overrides: object) -> Settings:
    """Return the settings of this process.

    Raises SettingsError naming each setting that is missing or wrong; values are never repeated.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item) for item in error.errors())) from None
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not in UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"The file .env cannot be read: {type(error).__name__}.") from None


def _explain(item: object) -> str:
    assert isinstance(item, dict)
    field = str(item["loc"][0])
    wants = Settings.model_fields[field].description if field in Settings.model_fields else ""
    said = "is missing" if item["type"] == "missing" else str(item["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{field.upper()} {said}. It wants: {wants}"


def current_settings() -> Settings:
    """Return the settings of the current application."""
    found: Settings = current_app.extensions["jobbruecke_settings"]
    return found

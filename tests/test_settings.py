"""A missing or wrong setting stops the start with its name and what it wants; its value is never repeated."""

import base64
from pathlib import Path

import pytest

from portal.core.service_addresses import is_loopback
from portal.core.settings import PREFIX, Settings, SettingsError, load_settings
from tests.support.database import make_settings

KEY = base64.b64encode(b"k" * 32).decode()
GOOD = {
    "DATABASE_URL": "sqlite:///var/test.db",
    "REDIS_URL": "redis://127.0.0.1",
    "SECRET_KEY": "s" * 32,
    "ENCRYPTION_KEYS": f"one:{KEY}",
    "NETWORK_JOBNETZWERK_URL": "https://network.example",
    "NETWORK_JOB4YOU_URL": "http://127.0.0.1:5001/",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Good settings, and no `.env`."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


def refusal() -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__, "the original error holds the values"
    return str(raised.value)


def test_good_settings_are_taken() -> None:
    settings = load_settings()
    assert settings.sqlite
    assert settings.keys == {"one": b"k" * 32}
    assert settings.network_job4you_url == "http://127.0.0.1:5001"
    assert settings.secure_cookies


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_one_is_named(name: str, environment: pytest.MonkeyPatch) -> None:
    environment.delenv(PREFIX + name)
    said = refusal()
    assert said.startswith(f"{PREFIX}{name} is missing. It wants: ")
    assert len(said.splitlines()) == 1


def test_all_missing_ones_are_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environment.delenv(PREFIX + name)
    assert {line.split()[0] for line in refusal().splitlines()} == {PREFIX + name for name in GOOD}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:hunter2@host/db"),
        ("DATABASE_URL", "sqlite://hunter2"),
        ("REDIS_URL", "hunter2"),
        ("SECRET_KEY", "hunter2"),
        ("ENCRYPTION_KEYS", ""),
        ("ENCRYPTION_KEYS", " , "),
        ("ENCRYPTION_KEYS", "hunter2"),
        ("ENCRYPTION_KEYS", "one:hunter2"),
        ("ENCRYPTION_KEYS", "one:hunter2ä"),
        ("ENCRYPTION_KEYS", "one:" + base64.b64encode(b"hunter2").decode()),
        ("ENCRYPTION_KEYS", f"hunter-2:{KEY}"),
        ("ENCRYPTION_KEYS", f"{'h' * 17}:{KEY}"),
        ("ENCRYPTION_KEYS", f"one:{KEY},one:{KEY}"),
        ("NETWORK_JOBNETZWERK_URL", "http://hunter2.example"),
        ("NETWORK_JOBNETZWERK_URL", "http://localhost:5001"),
        ("NETWORK_JOBNETZWERK_URL", "http://192.168.0.1"),
        ("NETWORK_JOBNETZWERK_URL", "http://0.0.0.0"),
        ("NETWORK_JOBNETZWERK_URL", "http://[::ffff:8.8.8.8]"),
        ("NETWORK_JOBNETZWERK_URL", "ftp://hunter2.example"),
        ("NETWORK_JOBNETZWERK_URL", "https://"),
        ("NETWORK_JOBNETZWERK_URL", "https://u:hunter2@host.example"),
        ("NETWORK_JOBNETZWERK_URL", "https://host.example/?hunter2"),
        ("NETWORK_JOBNETZWERK_URL", "https://[hunter2"),
        ("NETWORK_JOB4YOU_URL", "hunter2"),
        ("NETWORK_READ_SECONDS", "hunter2"),
        ("NETWORK_READ_SECONDS", "0"),
        ("NETWORK_READ_SECONDS", "41"),
        ("LEASE_SECONDS", "1"),
        ("LEASE_SECONDS", "3.5"),
        ("TICK_SECONDS", "31"),
        ("RETRY_SECONDS", ""),
        ("RETRY_SECONDS", "10,hunter2"),
        ("RETRY_SECONDS", "10,-30"),
        ("RETRY_SECONDS", "10,nan"),
        ("RETRY_SECONDS", "inf"),
        ("PART_RECORDS", "0"),
        ("UPLOAD_LIMIT_MB", "hunter2"),
        ("SECURE_COOKIES", "hunter2"),
        ("LOCALE", "hunter2"),
        ("TRUSTED_PROXIES", "-1"),
    ],
)
def test_a_wrong_one_is_named_and_its_value_not_repeated(
    name: str, value: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(PREFIX + name, value)
    said = refusal()
    assert said.startswith(f"{PREFIX}{name} ")
    wants = Settings.model_fields[name.lower()].description
    assert wants
    assert wants in said
    assert "hunter" not in said
    assert KEY not in said


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_says_what_it_wants(field: str) -> None:
    assert Settings.model_fields[field].description


def test_pauses_and_keys_are_lists(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "RETRY_SECONDS", "1, 2.5,60")
    environment.setenv(PREFIX + "ENCRYPTION_KEYS", f"new:{KEY}, old:{KEY},")
    settings = load_settings()
    assert settings.retry_seconds == (1, 2.5, 60)
    assert list(settings.keys) == ["new", "old"], "the first one encrypts"


def test_an_address_of_postgresql_gets_its_driver(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(PREFIX + "DATABASE_URL", "postgresql://u@h/db")
    assert load_settings().database_url == "postgresql+psycopg://u@h/db"


def test_the_environment_goes_before_the_file(environment: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"{PREFIX}LOCALE=en\n{PREFIX}REDIS_URL=redis://file\n", encoding="utf-8")
    settings = load_settings()
    assert (settings.locale, settings.redis_url) == ("en", "redis://127.0.0.1")


def test_secrets_are_not_shown(environment: pytest.MonkeyPatch) -> None:
    shown = repr(load_settings())
    assert GOOD["SECRET_KEY"] not in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", False),
        ("127.1", False),
        ("0x7f000001", False),
        ("2130706433", False),
        ("0.0.0.0", False),  # noqa: S104
        ("127.0.0.1.example.org", False),
        ("", False),
    ],
)
def test_only_a_literal_loopback_address_is_one(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    "value",
    [
        "https://jn.example/a",
        "http://jn.example/{applicant_id}",
        "javascript:{applicant_id}",
        "https:///{applicant_id}",
    ],
)
def test_an_applicants_page_is_an_address_with_a_gap(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="network_jobnetzwerk_page"):
        make_settings("sqlite:///x.db", tmp_path, network_jobnetzwerk_page=value)


def test_an_empty_applicants_page_is_none(tmp_path: Path) -> None:
    assert (
        make_settings("sqlite:///x.db", tmp_path, network_jobnetzwerk_page="").network_jobnetzwerk_page
        is None
    )

"""Sealed values open with their key, at their place, unchanged; otherwise not at all."""

import pytest

from portal.core.crypto import Vault, VaultError

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32}
PLACE = "connection.token_sealed:1"
PLAIN = b"the secret"


def test_a_sealed_value_opens_at_its_place() -> None:
    vault = Vault(OLD)
    assert vault.open(vault.seal(PLAIN, PLACE), PLACE) == PLAIN


def test_the_same_value_is_never_sealed_the_same_way() -> None:
    vault = Vault(OLD)
    sealed = {vault.seal(PLAIN, PLACE) for _ in range(100)}
    assert len(sealed) == 100
    assert not any(PLAIN in value for value in sealed)


@pytest.mark.parametrize("place", ["connection.token_sealed:2", "connection.token_sealed:11", ""])
def test_a_value_moved_to_another_row_stays_shut(place: str) -> None:
    vault = Vault(OLD)
    with pytest.raises(VaultError):
        vault.open(vault.seal(PLAIN, PLACE), place)


def test_a_value_of_an_unknown_key_stays_shut() -> None:
    with pytest.raises(VaultError, match="not among ENCRYPTION_KEYS"):
        Vault(NEW).open(Vault(OLD).seal(PLAIN, PLACE), PLACE)


def test_a_key_of_the_same_name_but_other_bytes_opens_nothing() -> None:
    with pytest.raises(VaultError):
        Vault({"old": b"x" * 32}).open(Vault(OLD).seal(PLAIN, PLACE), PLACE)


def test_no_changed_or_cut_value_opens() -> None:
    vault = Vault(OLD)
    sealed = vault.seal(PLAIN, PLACE)
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]
    for value in (*changed, *cut, sealed + b"x"):
        with pytest.raises(VaultError) as raised:
            vault.open(value, PLACE)
        assert "secret" not in str(raised.value)


def test_keys_are_changed_step_by_step() -> None:
    sealed = Vault(OLD).seal(PLAIN, PLACE)
    both = Vault(NEW | OLD)
    assert both.open(sealed, PLACE) == PLAIN
    assert not both.is_current(sealed)
    anew = both.seal(both.open(sealed, PLACE), PLACE)
    assert both.is_current(anew)
    assert Vault(NEW).open(anew, PLACE) == PLAIN

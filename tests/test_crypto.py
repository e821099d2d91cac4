"""Values are decrypted with their key, at their place, unchanged; otherwise not at all."""

import pytest

from portal.core.crypto import DecryptionError, Keyring

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32}
PLACE = "connection.token_encrypted:1"
PLAIN = b"the secret"


def test_a_value_is_decrypted_at_its_place() -> None:
    keyring = Keyring(OLD)
    assert keyring.decrypt(keyring.encrypt(PLAIN, PLACE), PLACE) == PLAIN


def test_the_same_value_is_never_encrypted_the_same_way() -> None:
    keyring = Keyring(OLD)
    encrypted = {keyring.encrypt(PLAIN, PLACE) for _ in range(100)}
    assert len(encrypted) == 100
    assert not any(PLAIN in value for value in encrypted)


@pytest.mark.parametrize("place", ["connection.token_encrypted:2", "connection.token_encrypted:11", ""])
def test_a_value_moved_to_another_row_stays_shut(place: str) -> None:
    keyring = Keyring(OLD)
    with pytest.raises(DecryptionError):
        keyring.decrypt(keyring.encrypt(PLAIN, PLACE), place)


def test_a_value_of_an_unknown_key_stays_shut() -> None:
    with pytest.raises(DecryptionError, match="not among ENCRYPTION_KEYS"):
        Keyring(NEW).decrypt(Keyring(OLD).encrypt(PLAIN, PLACE), PLACE)


def test_a_key_of_the_same_name_but_other_bytes_opens_nothing() -> None:
    with pytest.raises(DecryptionError):
        Keyring({"old": b"x" * 32}).decrypt(Keyring(OLD).encrypt(PLAIN, PLACE), PLACE)


def test_no_changed_or_cut_value_opens() -> None:
    keyring = Keyring(OLD)
    encrypted = keyring.encrypt(PLAIN, PLACE)
    changed = [
        encrypted[:at] + bytes([encrypted[at] ^ 1]) + encrypted[at + 1 :] for at in range(len(encrypted))
    ]
    cut = [encrypted[:length] for length in range(len(encrypted))]
    for value in (*changed, *cut, encrypted + b"x"):
        with pytest.raises(DecryptionError) as raised:
            keyring.decrypt(value, PLACE)
        assert "secret" not in str(raised.value)


def test_keys_are_changed_step_by_step() -> None:
    encrypted = Keyring(OLD).encrypt(PLAIN, PLACE)
    both = Keyring(NEW | OLD)
    assert both.decrypt(encrypted, PLACE) == PLAIN
    assert not both.is_current(encrypted)
    anew = both.encrypt(both.decrypt(encrypted, PLACE), PLACE)
    assert both.is_current(anew)
    assert Keyring(NEW).decrypt(anew, PLACE) == PLAIN

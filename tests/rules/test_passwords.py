"""Passwords that somebody guesses who knows German, and whom the account belongs to."""

import unicodedata

import pytest

from portal.accounts.passwords import check_password
from portal.core.refusal import Refusal

ABOUT = ("Erika Mustermann", "erika.mustermann@beispiel.example", "EM", "Bildungswerk Nord gGmbH", "bwn")


@pytest.mark.parametrize(
    "password",
    [
        "Arbeitsagentur",
        "Sommerferien26",
        "Bewerbungstraining",
        "Bewerbungsmappe",
        "Vermittlungsgutschein",
        "Maßnahmeträger",
        "Massnahmetraeger",
        "MASSNAHMETRÄGER",
        "Weihnachten2026",
        "Osterferien2026!",
        "Frühlingserwachen",
        "Fruehlingserwachen",
        "Fruhlingserwachen",
        unicodedata.normalize("NFD", "Büroklammer12"),
        "Katzenfutter12",
        "Urlaubsreise26",
        "Berlin-Mitte-1",
        "Schatzimausi12",
        "Kaninchenstall",
        "MichaelSchmidt",
        "qwertzuiopü123",
        "P@sswort2026",
        "Bildungswerk Nord",
        "BildungswerkNord2026!",
        "ErikaMustermann",
        "erika.mustermann@beispiel.example",
        "erika@beispiel.example",
        "em-erika-mustermann-2026",
        "Nord-Sommer-Erika-26",
    ],
)
def test_what_is_guessed(password: str) -> None:
    with pytest.raises(Refusal) as raised:
        check_password(password, *ABOUT)
    assert raised.value.code == "password-easy"


@pytest.mark.parametrize(
    "password",
    [
        "Dreizehn Kraniche im Nebel",
        "Mein Hund frisst gern Käse",
        "Tasse Lampe Regen Wolke",
        "Kupferkessel-Wanderdüne-Akkordeon",
        "xkw83hd72mfq",
        "vT9#kq2LmZx8",
        "nKz83-plqw-77vva",
        "z" * 3 + "Nebelhorn Wal Ziegel Moos" * 30,
    ],
)
def test_what_is_not(password: str) -> None:
    check_password(password, *ABOUT)


def test_twelve_characters_are_the_least_however_an_umlaut_is_written() -> None:
    for form in ("NFC", "NFD"):
        with pytest.raises(Refusal) as raised:
            check_password(unicodedata.normalize(form, "vÜ9#kq2ÖmZä"))
        assert raised.value.code == "password-too-short"

"""How names are folded: as German sorts them, and found however somebody types them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.people.folding import fold, next_word, person_words, search_words, sort_key

LETTERS = st.text("aeouäöüßxlmAEÄ' -", max_size=12)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),  # the same, in two characters
        ("MÜLLER", "muller"),
        ("Straße", "strasse"),
        ("ẞ", "ss"),
        ("Łukasz Đorđević", "lukasz dordevic"),
        ("Ñandú", "nandu"),
        ("Æsop Œuvre Ø", "asop ouvre o"),
        ("ﬁ", "fi"),
        ("İpek", "ipek"),
        ("", ""),
    ],
)
def test_accents_and_cases_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_lists_are_in_the_order_of_a_german_telephone_book() -> None:
    names = ["Zebra", "Ärmel", "Arm", "Öl", "Ober", "Straße", "Strasser", "ärmer"]
    expected = ["Arm", "Ärmel", "ärmer", "Ober", "Öl", "Straße", "Strasser", "Zebra"]
    assert sorted(names, key=lambda name: sort_key(name, "", "1")) == expected


def test_people_of_one_name_are_told_apart_by_number() -> None:
    assert sort_key("Muster", "Eva", "1") != sort_key("Muster", "Eva", "2")
    assert sort_key("Muster", "Eva", "9") < sort_key("Muster", "Evelyn", "1")
    assert sort_key("Muster", "Zoe", "9") < sort_key("Mustermann", "Adam", "1")


def test_a_key_is_never_empty() -> None:
    assert sort_key("", "", "7")


@pytest.mark.parametrize("typed", ["Müller", "Mueller", "Muller", "MUELLER", " müller ", "Mu\u0308ller"])
def test_a_name_is_found_however_it_is_typed(typed: str) -> None:
    assert search_words(typed) == ["muller"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("von der Straße-Weiß", ["von", "der", "strasse", "weiss"]),
        ("O'Neill", ["o", "neill"]),
        ("a_b", ["a", "b"]),
        ("Eva Eva", ["eva"]),
        ("%*()\"'", []),
        ("   ", []),
    ],
)
def test_words_are_what_is_between_signs(text: str, words: list[str]) -> None:
    assert search_words(text) == words


@given(LETTERS, st.data())
def test_whoever_types_the_beginning_of_a_name_finds_it(name: str, data: st.DataObject) -> None:
    typed = name[: data.draw(st.integers(0, len(name)))]
    stored = search_words(name)
    for word in search_words(unicodedata.normalize(data.draw(st.sampled_from(["NFC", "NFD"])), typed)):
        assert any(word <= kept < next_word(word) for kept in stored)


def test_the_range_of_a_word_ends_behind_the_words_it_begins() -> None:
    assert "mu" <= "muzzz" < next_word("mu")
    assert not "mu" <= "mv" < next_word("mu")


@pytest.mark.parametrize("typed", ["müller jörg", "Jörg Müller", "TN-0042", "tn-00", "0042"])
def test_a_person_is_found_by_name_and_number(typed: str) -> None:
    kept = person_words("Müller", "Jörg", "TN-0042")
    assert all(any(word <= found < next_word(word) for found in kept) for word in search_words(typed))


def test_a_person_without_a_name_is_found_by_number() -> None:
    assert person_words("", "", "7") == ["7"]

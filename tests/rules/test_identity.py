"""Whether an identifier was given to somebody else: by name and date of birth."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.domain.rules.identity import Identity, is_other_person

BORN, CORRECTED, OTHER = dt.date(1990, 2, 1), dt.date(1990, 1, 2), dt.date(1985, 7, 13)
ANNA = Identity("Müller", "Anna", BORN)


@pytest.mark.parametrize(
    "after",
    [
        Identity("Zander", "Olaf", OTHER),
        Identity("Zander", "Olaf", dt.date(1990, 2, 2)),
        Identity("Müller", "Olaf", OTHER),
        Identity("Müller", "Olaf", dt.date(1990, 2, 11)),
        Identity("Schmidt", "Anna", OTHER),
        Identity("Zander", "Olaf", None),
        Identity("von Berg", "Olaf", OTHER),
        Identity("", "", OTHER),
    ],
)
def test_name_and_date_of_birth_together_make_another_person(after: Identity) -> None:
    assert is_other_person(ANNA, after)
    assert is_other_person(after, ANNA)


@pytest.mark.parametrize(
    "after",
    [
        ANNA,
        # a marriage, another first name, or both, with the date of birth as it was
        Identity("Schmidt", "Anna", BORN),
        Identity("Müller", "Anton", BORN),
        Identity("Schmidt", "Anton", BORN),
        # a corrected date of birth
        Identity("Müller", "Anna", OTHER),
        Identity("Müller", "Anna", None),
        # spelling, further names, titles, swapped columns
        Identity("Mueller", "ANNA", OTHER),
        Identity("Müller-Schmidt", "Anna Maria", OTHER),
        Identity("Müler", "Ana", OTHER),
        Identity("Müller", "A.", OTHER),
        Identity("Anna", "Müller", OTHER),
        # a marriage and a date corrected at once
        Identity("Schmidt", "Anna", CORRECTED),
        Identity("Schmidt", "Anna", dt.date(1991, 2, 1)),
        # the date is exported for the first time, or no longer
        Identity("Schmidt", "Anna", None),
        Identity("Müller", "Anton", None),
        # a name that is missing says nothing, nor do both while the date stays
        Identity("Müller", "", OTHER),
        Identity("", "", BORN),
        Identity("", "", None),
    ],
)
def test_one_alone_or_a_correction_does_not(after: Identity) -> None:
    assert not is_other_person(ANNA, after)
    assert not is_other_person(after, ANNA)


def test_a_particle_does_not_make_two_names_one() -> None:
    assert is_other_person(Identity("von Berg", "Anna", BORN), Identity("von Thal", "Olaf", OTHER))


def test_a_digest_stands_for_name_and_date_whatever_the_spelling() -> None:
    key = b"k" * 32
    assert ANNA.digest(key) == Identity("MUELLER", "anna", BORN).digest(key)
    assert ANNA.digest(key) != Identity("Müller", "Anna", OTHER).digest(key)
    assert ANNA.digest(key) != ANNA.digest(b"l" * 32)

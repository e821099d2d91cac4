"""Character sets: what is read, what is refused by its name, and what looks odd and is right."""

from __future__ import annotations

import pytest

from tests.imports.test_reading import read, refused, seen

HEADER = "tn_id;nachname;ort\r\n"
LINES = f"{HEADER}T1;Müller;Köln\r\nT2;Groß;Ärmelstraße\r\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode("utf-16"),
        b"\xff\xfe" + LINES.encode("utf-16-le"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        b"\xff\xfe\xff\xfe" + LINES.encode("utf-16-le"),
        b"\xef\xbb\xbf\xef\xbb\xbf" + LINES.encode(),
        LINES.replace("\r\n", "\r").encode(),
        LINES.replace("\r\n", "\r").encode("utf-16"),
        LINES.replace("\r\n", "\r").encode("cp1252"),
        LINES.encode() + b"\x1a",
        LINES.encode() + b"\x1a\x1a\r\n\x1a",
        LINES.encode().removesuffix(b"\r\n") + b"\x1a",
        (LINES + "\x1a\r\n").encode("utf-16"),
        LINES.encode() + b"\r\n;;;;\r\n \r\n",
    ],
)
def test_what_programs_write_is_read(content: bytes) -> None:
    assert [(line.at, line.parsed.number, line.parsed.values) for line in read(content)] == [
        (2, "T1", {"last_name": "Müller", "city": "Köln"}),
        (3, "T2", {"last_name": "Groß", "city": "Ärmelstraße"}),
    ]


def with_cell(cell: str, codec: str, errors: str = "strict") -> bytes:
    return f"{HEADER}T1;Abel;Bonn\r\nT2;{cell};Bonn\r\n".encode(codec, errors)


@pytest.mark.parametrize(
    "name",
    ["Müller", "Jäger", "Grün", "Größe", "Schön", "König", "Römer", "Gröttner", "Weiß",
     "Krämer", "Fröhlich", "Änne", "Özkan", "Ünal", "Süß",
     "Renée", "François", "MÜLLER", "JÄGER"],
)  # fmt: skip
def test_mac_roman_is_refused_by_name(name: str) -> None:
    assert refused(with_cell(name, "mac_roman")) == ("encoding-mac-roman", 3, None)


@pytest.mark.parametrize("codec", ["cp850", "cp437"])
@pytest.mark.parametrize(
    "name",
    [
        "Müller",
        "Jäger",
        "Grün",
        "Größe",
        "Schön",
        "Weiß",
        "Strauß",
        "MÜLLER",
        "GRÖSSE",
        "André",
        "Muñoz",
        "García",
    ],
)
def test_the_character_sets_of_dos_are_refused_by_name(name: str, codec: str) -> None:
    assert refused(with_cell(name, codec)) == ("encoding-dos", 3, None)


@pytest.mark.parametrize("codec", ["cp1251", "koi8_r", "cp1253", "cp1250"])
def test_other_character_sets_are_refused(codec: str) -> None:
    name = {"cp1253": "Παπαδόπουλος", "cp1250": "Wałęsa"}.get(codec, "Иванова")
    assert refused(with_cell(name, codec)) == ("encoding-unknown", 3, None)


@pytest.mark.parametrize(
    "name",
    ["Müller", "Yıldız", "Şule", "Wałęsa", "Żaneta", "Šimůnek", "Иванова", "Γεωργίου", "محمد", "תמר", "Nguyễn", "Ionuț",
     "Leylə", "李", "ქეთევან", "– und", "5 €", "„Neu“", "\ufffd", "😀", "José"],
)  # fmt: skip
def test_one_letter_of_utf_8_in_another_character_set_is_refused(name: str) -> None:
    content = f"{HEADER}T1;M".encode() + b"\xfcller;\r\n" + f"T2;{name};\r\n".encode()
    assert refused(content) == ("encoding-mixed", 2, None)
    turned = f"{HEADER}T2;{name};\r\n".encode() + b"T1;M\xfcller;\r\n"
    assert refused(turned) == ("encoding-mixed", 3, None)


def test_a_letter_of_utf_8_that_was_cut_is_refused() -> None:
    assert refused(f"{HEADER}T1;Müller;\r\n".encode() + b"T2;J\xc3;\r\n") == ("encoding-mixed", 3, None)


def test_a_mark_that_says_utf_8_where_it_is_not_is_refused() -> None:
    assert refused(b"\xef\xbb\xbf" + LINES.encode("cp1252")) == ("encoding-mixed", 2, None)


def test_the_line_ends_of_old_macs_hide_no_character_set() -> None:
    content = f"{HEADER}T1;Abel;Bonn\r\nT2;Jäger;Köln\r\n".replace("\r\n", "\r")
    assert refused(content.encode("mac_roman")) == ("encoding-mac-roman", 3, None)


def test_what_spreadsheets_call_unicode_text_has_another_separator() -> None:
    assert refused("tn_id\tnachname\r\nT1\tMüller\r\n".encode("utf-16")) == ("delimiter-wrong", 1, None)


def test_some_lines_in_mac_roman_among_others_are_refused() -> None:
    content = LINES.encode("cp1252") + "T3;Müller;Grün\r\n".encode("mac_roman")
    assert refused(content) == ("encoding-mixed", 4, None)


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman", "cp850", "cp437"])
@pytest.mark.parametrize("name", ["Müller", "Jäger", "GRÖSSE", "Großmann", "José"])
def test_letters_encoded_twice_are_refused(name: str, codec: str) -> None:
    twice = name.encode().decode("cp1252", "replace") if codec == "cp1252" else name.encode().decode(codec)
    if "\ufffd" not in twice:
        assert refused(with_cell(twice, "utf-8")) == ("file-encoded-twice", 3, None)
        assert refused(with_cell(twice, "utf-16")) == ("file-encoded-twice", 3, None)


@pytest.mark.parametrize(
    "cell",
    [
        "â€“ und",
        "â€žNeuâ€œ",
        "5 â‚¬",
        "Nguyá»…n",
        "Ð˜Ð²Ð°Ð½",
        "ÃƒÂ¼ber",
        "A\u00c2\u00a0B",
        "ï»¿Anna",
        "ï¿½",
        "MÃƒÂ¼ller",
    ],
)
def test_other_letters_encoded_twice_are_refused(cell: str) -> None:
    assert refused(with_cell(cell, "utf-8")) == ("file-encoded-twice", 3, None)


def test_the_mark_of_a_lost_letter_is_refused() -> None:
    assert refused(with_cell("M\ufffdller", "utf-8")) == ("file-characters-lost", 3, None)
    assert refused(with_cell("M\ufffdller", "utf-16")) == ("file-characters-lost", 3, None)


ODD_BUT_RIGHT = [
    "„Spaß“", "„Fuß“, „Maß“", "Straß…", "Spaß–Tag", "MATÚŠ", "TOMÁŠ", "Tomáš", "Úžas", "Šimunek", "ŠKODA", "Žižek",
    "CŒUR", "Bœuf", "L'HAŸ-LES-ROSES", "Ysaÿe", "Ÿves", "«\u00a0Café\u00a0»", "„Olé…“", "„CAFÉ“", "A–Z", "5 €", "100€",
    "„Ä“, „Ö“ und „Ü“", "Þór", "Sigríður", "Ærø", "O’Neill", "d´Or", "ECDL®", "Excel™ für alle", "§ 45 SGB III",
    "1½ Tage", "m²", "ÄÖÜäöüß", "Mª Carmen", "¿Qué?", "Horváth", "Fabián", "Juárez", "Krška", "Pšenica", "Vršič",
    "Konštantín", "Rejštejn", "Dolinškova", "„Tomáš“, „Kříž“", "„Kríž“", "curauá",
    "Aukštaitis", "Žnidaršič", "DŽENAN", "Dženan", "„Mit“arbeit", "JOÃO", "IRMÃ", "Kunst·Kultur", "“Österreich”",
    "»Süß«, »Maß«", "Bär", "Weiß, Käthe – „Käthchen“", "20 °C", "Nº 5", "Ausbildung…und weiter", "‚Groß‘", "AnaŠimun",
]  # fmt: skip


@pytest.mark.parametrize("cell", ODD_BUT_RIGHT)
def test_what_only_looks_odd_is_read(cell: str) -> None:
    for codec in ("cp1252", "utf-8", "utf-16"):
        try:
            content = f"{HEADER}T1;{cell};{'Müller Jäger Größe ' * 8}\r\n".encode(codec)
        except UnicodeEncodeError:
            continue
        [line] = read(content)
        assert line.parsed.values["last_name"] == cell


@pytest.mark.parametrize(
    "cell",
    [
        "Wałęsa",
        "Yıldız",
        "Иванова",
        "محمد",
        "Nguyễn",
        "Lê Thị Hồng",
        "ქეთევან",
        "李小龙",
        "Leyla Əliyeva",
        "Dvořák",
    ],
)
def test_letters_of_other_languages_are_read(cell: str) -> None:
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        [line] = read(f"{HEADER}T1;{cell};\r\n".encode(codec))
        assert line.parsed.values["last_name"] == cell


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LINES.encode("utf-16-le"), ("encoding-utf-16", 0)),
        (LINES.encode("utf-16-be"), ("encoding-utf-16", 0)),
        (b"\xff\xfe\0\0" + LINES.encode("utf-32-le"), ("encoding-utf-32", 0)),
        (LINES.encode("utf-16")[:-1], ("cut-off", 3)),
        (b"\xff\xfe" + "tn_id;nachname\nT1;\ud800\n".encode("utf-16-le", "surrogatepass"), ("encoding-unknown", 2)),
        (LINES.encode("utf-7"), ("encoding-utf-7", 2)),
        (b"+/v8-" + LINES.encode("utf-7"), ("encoding-utf-7", 0)),
        (b"tn_id;nachname\nT1;a\0b\n", ("nul-bytes", 2)),
        ("tn_id;nachname\nT1;a\0b\n".encode("utf-16"), ("nul-bytes", 2)),
        ("tn_id;nachname\rT1;Müller\rT2;\ufffd\r".encode(), ("file-characters-lost", 3)),
        (b"tn_id;nachname\nT1;A\n\x1aT2;B\n", ("end-mark", 3)),
        (b"tn_id;nachname\nT1;A\n\x1a\ntn_id;nachname\nT2;B\n", ("end-mark", 3)),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_where(content: bytes, expected: tuple[str, int]) -> None:
    assert refused(content)[:2] == expected


@pytest.mark.parametrize(
    "address", ["max+jobs@example.org", "x+ANY-day@example.org", "a+AOQ-b@example.org", "+49-30-1", "C++"]
)
def test_a_plus_in_an_address_is_no_utf_7(address: str) -> None:
    [line] = read(f"tn_id;email\nT1;{address}\n")
    assert line.parsed.values == {"email": address}


def test_an_end_mark_within_a_field_rejects_its_line_alone() -> None:
    assert seen("tn_id;nachname\nT1;A\x1aB\nT2;C\n") == [(2, "T1", ["control-characters"]), (3, "T2", [])]


def test_a_mark_beyond_the_first_piece_of_a_file_is_found() -> None:
    many = "".join(f"T{number};Müller;Köln\r\n" for number in range(70_000))
    assert refused(f"{HEADER}{many}X1;M\ufffdller;\r\n".encode()) == ("file-characters-lost", 70_002, None)
    assert refused(f"{HEADER}{many}".encode("cp1252") + "X1;Şule;\r\n".encode()) == (
        "encoding-mixed",
        2,
        None,
    )
    assert refused(f"{HEADER}{many}".encode("cp1252") + "X1;Grün;\r\n".encode("mac_roman")) == (
        "encoding-mixed",
        70_002,
        None,
    )

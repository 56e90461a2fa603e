"""Text files are decoded as their author wrote them, or rejected with the reason."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studio.core.data import corpus, encodings
from studio.core.errors import InvalidInput

PLAIN = "Eine Größe, die man mißt: 3 µm. Ça va déjà mieux, dit-il à Zoë, naïve.\n" * 3


@pytest.mark.parametrize(
    "codec, name",
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("latin-1", "Latin-1"),
    ],
)
def test_encodings_are_detected(codec, name):
    text = corpus.read(PLAIN.encode(codec))
    assert (text.text, text.encoding) == (PLAIN, name)
    assert bool(text.notes) == (name == "Latin-1")  # assumptions are reported


@pytest.mark.parametrize("mark, codec", [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_both_byte_orders_of_utf16_are_read(mark, codec):
    assert corpus.read(mark + PLAIN.encode(codec)).text == PLAIN


def test_windows_1252_quotes_are_detected():
    text = corpus.read(b"\x93So\x94, she said, \x91it is\x92. " * 4)
    assert text.text.startswith("“So”, she said, ‘it is’.")
    assert text.encoding == "Windows-1252"


@pytest.mark.parametrize(
    "name, codec, expected", [("ru_cp1251.txt", "cp1251", "1251"), ("zh_gb18030.txt", "gb18030", "GB18030")]
)
def test_other_scripts_are_decoded_with_a_note(data_dir, name, codec, expected):
    data = (data_dir / "odd" / "04" / name).read_bytes()
    text = corpus.read(data)
    assert text.text == data.decode(codec).replace("\r\n", "\n")
    assert expected in text.encoding and "give its encoding if that is wrong" in text.notes[0]


TEXTS = {
    "koi8_r": "Все люди рождаются свободными и равными в своём достоинстве и правах. ",
    "cp1250": "Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi w swojej godności. ",
    "cp1253": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια. ",
    "cp932": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "iso2022_jp": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "euc_kr": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. ",
    "big5": "人人生而自由,在尊嚴和權利上一律平等。他們賦有理性和良心,並應以兄弟關係的精神相對待。",
    "latin-1": "Tous les êtres humains naissent libres et égaux en dignité et en droits. ",
    "cp1252": "The café was closed, so everyone went to the beach – and it was a nice day. ",
}


@pytest.mark.parametrize("codec", TEXTS)
def test_the_encoding_is_detected_from_the_language(codec):
    text = TEXTS[codec] * 6
    assert corpus.read(text.encode(codec)).text == text
    assert corpus.read(text.encode(codec), codec).notes == ()


SENTENCES = {  # of everyday language, so that frequent letters are in them
    "Polish": "Wczoraj padał śnieg, więc dzieci zostały w domu. Mama upiekła ciasto, źle się czuł ojciec.",
    "Czech": "Děti si hrají na zahradě. Když začne pršet, běží domů a maminka jim uvaří čaj.",
    "Hungarian": "A vonat reggel indul a főpályaudvarról. Az utasok előre váltsanak jegyet, az idő hűvös.",
    "Romanian": "Trenul pleacă dimineaţa la ora şapte. Călătorii trebuie să cumpere bilete din timp.",
    "Turkish": "Sabah erkenden kalktım ve istasyona gittim. Yağmur yağıyordu, herkes sessizce bekliyordu.",
    "German": "Der Zug nach München fährt später, weil auf der Strecke gebaut wird. Er heißt Blauer Löwe.",
    "French": "Le marché ouvre à huit heures. Les élèves y achètent des pêches et un gâteau très sucré.",
    "Spanish": "El niño compró una piña en el mercado y después volvió a casa. Mañana habrá más frutas.",
    "Portuguese": "A estação não abre aos domingos. As crianças foram à praia com a avó.",
    "Danish": "Om sommeren køber vi jordbær på gården ved åen. Børnene løber rundt på græsset.",
    "Icelandic": "Það er kalt í dag og snjór liggur yfir öllu. Börnin fara út að leika sér.",
    "English": "“I don’t know,” she said — and the door closed. The café was empty.",
    "Russian": "Вчера весь день шёл дождь, и дети сидели дома. Мама испекла пирог со сливами.",
    "Ukrainian": "Учора весь день ішов дощ, тому діти сиділи вдома. Їжак спав під ялиною.",
    "Greek": "Χθες έβρεχε όλη μέρα και τα παιδιά έμειναν στο σπίτι. Η μητέρα έφτιαξε γλυκό.",
}
ENCODINGS = [
    *[(language, codec) for language in list(SENTENCES)[:4] for codec in ("cp1250", "iso8859-2")],
    *[("Turkish", "cp1254"), ("Turkish", "iso8859-9")],
    *[(language, "cp1252") for language in list(SENTENCES)[5:12]],
    *[(language, codec) for language in ("German", "French") for codec in ("mac_roman", "cp850")],
    *[("Russian", codec) for codec in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac_cyrillic")],
    *[("Ukrainian", "cp1251"), ("Ukrainian", "koi8-u"), ("Greek", "cp1253"), ("Greek", "iso8859-7")],
]


@pytest.mark.parametrize("language, codec", ENCODINGS)
@pytest.mark.parametrize("count", [1, 20])
def test_encodings_of_one_script_are_told_apart(language, codec, count):
    text = f"{SENTENCES[language]}\n" * count
    assert corpus.read(text.encode(codec)).text == text


def test_a_given_encoding_is_used():
    text = PLAIN + "\n"
    assert corpus.read(text.encode("utf-16-le"), "utf-16-le").text == text
    assert corpus.read(text.encode("cp1252"), "cp1251").text != text
    assert corpus.read(text.encode("utf-8-sig"), "utf-8").text == text


@pytest.mark.parametrize("name", ["klingon", "base64", "punycode", "utf-7", "a\0b", ""])
def test_invalid_encoding_names_are_refused(name):
    with pytest.raises(InvalidInput, match="encoding"):
        corpus.read(PLAIN.encode(), name)


@pytest.mark.parametrize(
    "data, encoding", [(PLAIN.encode("latin-1"), "utf-8"), (bytes([129, 141, 143, 255, 152] * 40), "auto")]
)
def test_text_in_a_wrong_or_undetectable_encoding_is_refused(data, encoding):
    with pytest.raises(encodings.UnknownEncoding, match="encoding"):
        corpus.read(data, encoding)


def test_a_few_broken_bytes_are_still_utf8():
    data = (PLAIN * 40).encode()
    text = corpus.read(data[:500] + b"\xff" + data[500:])
    assert text.encoding == "UTF-8" and "1 broken" in text.notes[0]
    assert text.text == PLAIN * 40


def test_line_endings_are_normalized():
    text = corpus.read(b"one\r\ntwo\rthree\nfour" * 5)
    assert text.text == "one\ntwo\nthree\nfour" * 5
    assert "line endings" in text.notes[0]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "empty"),
        (b"a", "at least 64"),
        (b"abc" * 10, "at least 64"),
        (b" \n" * 99, "spaces"),
        (b"a" * 99, "different characters"),
        (bytes(range(256)) * 9, "NUL"),
        (bytes(range(1, 32)) * 9, "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "PNG"),
        (b"PK\x03\x04" + b"x" * 99, "zip"),
        (b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"x", "UTF-16"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 7000))).encode(), "6,000"),
        (PLAIN.encode("utf-16-le"), "NUL.*utf-16-le"),
    ],
)
def test_files_that_are_not_texts_are_refused(data, message):
    with pytest.raises(InvalidInput, match=message):
        corpus.read(data)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(2**40)  # larger than any memory, so reading it would fail
    with pytest.raises(InvalidInput, match="100 MB"):
        corpus.read(path)


def test_a_device_is_never_read():
    with pytest.raises(InvalidInput, match="null: a device or pipe"):
        corpus.read(Path("/dev/null"))


@pytest.mark.parametrize("name", ["nothing.txt", "", "a\0b"])
def test_unreadable_paths_are_refused(tmp_path, name):
    with pytest.raises(InvalidInput, match="text"):
        corpus.read(tmp_path / name)


def test_emoji_and_a_single_long_line_are_accepted():
    assert corpus.read(("🙂🎉👩‍👩‍👧" * 30).encode()).encoding == "UTF-8"
    assert len(corpus.read(b"ab " * 350_000).text) == 1_050_000


def test_corpus_texts_are_accepted_or_refused_as_expected(data_dir):
    with (data_dir / "badfiles" / "INDEX.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if row[0].startswith("text/")]
    unexpected = []
    for path, _, _, verdict, *_ in rows:
        try:
            corpus.read(data_dir / "badfiles" / path)
            outcome = "accept"
        except InvalidInput:
            outcome = "refuse"
        if verdict in ("accept", "refuse") and outcome != verdict:
            unexpected.append(path)
    assert len(rows) > 30 and not unexpected


def test_facts_of_a_text_are_computed():
    text = "aab\nb c\x1b[0m “x” ☃\n" + "word " * 30
    facts = corpus.compute_facts(text)
    assert facts.chars == len(text) and facts.lines == 3 and facts.words == 35
    assert dict(facts.alphabet)["a"] == 2 and facts.alphabet[0][1] == max(n for _, n in facts.alphabet)
    assert {c for c, _ in facts.unusual} == {"\x1b", "“", "”", "☃"}
    assert [corpus.describe_character(c) for c in "a \n☃\u200d"] == [
        "a",
        "space",
        "line end",
        "☃",
        "zero width joiner",
    ]

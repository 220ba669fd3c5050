"""training/data/tables.py, xeno_canto.py: tables as programs save them, refused by row."""

import json

import pytest

from training.data.filters import Filter, why_none
from training.data.metadata import read_metadata, to_recording

HEAD = ["filename", "primary_label", "scientific_name", "recordist"]
ROWS = [
    ["a/1.wav", "a", "Ana alba", "José Müller"],
    ["a/2.wav", "a", "Ana alba", "Ek; Bo, née Łoś"],
    ["b/3.wav", "b", "Bea bona", 'Cy "the\tear" Day'],
]
WESTERN = [[cell.replace("Łoś", "Loś").replace("ś", "s") for cell in row] for row in ROWS]


def as_text(rows, delimiter=",", end="\n", head=HEAD):
    def cell(text):
        quoted = any(sign in text for sign in f'{delimiter}"\n')
        return '"' + text.replace('"', '""') + '"' if quoted else text

    return end.join(delimiter.join(map(cell, row)) for row in [head, *rows]) + end


def read(folder, content, name="metadata.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_metadata(path)


def cells(recordings):
    return [
        [one.filename, one.primary_label, one.scientific_name, one.recordist] for one in recordings
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_table_is_read_however_a_program_saves_it(tmp_path, encoding, delimiter, end):
    text = as_text(ROWS, delimiter, end)
    assert cells(read(tmp_path, text.encode(encoding))) == ROWS


def test_table_of_windows_is_read(tmp_path):
    assert cells(read(tmp_path, as_text(WESTERN, ";").encode("cp1252"))) == WESTERN


def test_line_by_which_excel_names_the_delimiter_is_no_header(tmp_path):
    assert cells(read(tmp_path, "sep=;\r\n" + as_text(ROWS, ";", "\r\n"))) == ROWS


@pytest.mark.parametrize(
    "head",
    [
        ["Filename", "Primary Label", "SCIENTIFIC_NAME", " recordist "],
        ["FILE NAME", "primary-label", "Scientific name", "Author"],
        ["filename", "eBird_code", "Sci_Name", "rec"],
    ],
)
def test_header_is_known_in_any_case_and_with_spaces(tmp_path, head):
    assert cells(read(tmp_path, as_text(ROWS, head=head))) == ROWS


@pytest.mark.parametrize("nothing", ["\n", ",,,\n", " , ,\t,\n", "\r\n\n"])
def test_empty_rows_are_no_recordings(tmp_path, nothing):
    lines = as_text(ROWS).splitlines(keepends=True)
    text = lines[0] + nothing + nothing.join(lines[1:]) + nothing * 3
    assert cells(read(tmp_path, text)) == ROWS


def test_comma_behind_every_row_is_no_field(tmp_path):
    text = as_text([row[:2] for row in ROWS], head=HEAD[:2]).replace("\n", ",,\n")
    assert [one.filename for one in read(tmp_path, text)] == [row[0] for row in ROWS]


def test_field_that_a_row_lacks_is_unknown(tmp_path):
    assert read(tmp_path, as_text(ROWS) + "c/4.wav,c\n")[3].recordist == ""


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace('"Ek; Bo, née Łoś"', "Ek, Bo"), r"row 3: expected 4 fields"),
        (lambda text: text.replace("b/3.wav", '"b/3.wav'), r"row 4: .*quotation mark"),
        (lambda text: text + f"c,c,{'x' * 200_000},d\n", r"row 5: field larger"),
        (lambda text: text.replace("José", "Jos\0"), r"row 2: a character of value 0"),
        (lambda text: text.replace("a/2.wav", ""), r"row 3: expected a filename and a primary"),
        (lambda text: text.replace("a/2.wav", "C:\\birds\\2.wav"), r"row 3: .*below the folder"),
        (lambda text: text.replace("a/2.wav", "..\\2.wav"), r"row 3: .*below the folder"),
        (
            lambda text: text.replace("a/2.wav", ".\\a\\1.wav"),
            r"found twice: a/1.wav .*row 2, row 3",
        ),
        (lambda text: text.replace("filename", "file"), r"columns found: file, primary_label, sci"),
        (
            lambda text: text.replace("primary_label", "p").replace("sci", "s"),
            r"columns found: file",
        ),
        (
            lambda text: text.replace("recordist", "Filename"),
            r"row 1: two columns are called filen",
        ),
        (lambda text: text.splitlines()[0], r"found none: the header alone"),
        (lambda _: "", r"found none: an empty file"),
        (lambda _: "\n\n  \n", r"found none: an empty file"),
        (lambda _: b"PK\x03\x04" + bytes(200), r"found a workbook or an archive"),
        (
            lambda _: b"filename,primary_label\na,b\n\x81\xff\x8d,c\n",
            r"row 3: a character is in no",
        ),
    ],
)
def test_refusal_is_one_sentence_with_the_file_and_the_row(tmp_path, spoil, words):
    with pytest.raises(ValueError, match=rf"metadata\.csv.*{words}") as refusal:
        read(tmp_path, spoil(as_text(ROWS)))
    assert "\n" not in str(refusal.value)


def entry(number, **more):
    place = {"lat": "50.1", "lon": "14.4"}
    return {
        "id": str(number),
        "gen": "Turdus",
        "sp": "merula",
        "file-name": "a.mp3",
        **place,
        **more,
    }


ENTRIES = [entry(1), entry(2, lat=None, lon=None), entry(3, en=None, rec=7)]


@pytest.mark.parametrize(
    "content",
    [
        {"recordings": ENTRIES},
        ENTRIES,
        [{"page": 1, "recordings": ENTRIES[:2]}, {"page": 2, "recordings": ENTRIES[1:]}],
        {"recordings": [*ENTRIES, ENTRIES[0]]},
    ],
)
@pytest.mark.parametrize("name", ["answer.json", "ANSWER.JSON"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_answers_of_xeno_canto_are_read_page_by_page(tmp_path, content, name, encoding):
    found = read(tmp_path, json.dumps(content).encode(encoding), name)
    assert [one.xc_id for one in found] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"error": "client_error", "message": "Bad key"}', "error, not its recordings: Bad key"),
        ('[{"error": "limit"}]', "error, not its recordings: limit"),
        ('{"recordings": []}', "expected at least one recording, found none"),
        ('{"recordings": null}', "expected a list of recordings, got null"),
        ('{"a": 1}', "expected recordings, found a"),
        ('{"recordings": [3]}', "entry 1: expected a recording, got 3"),
        ('{"recordings": [{"id": "1", "gen": "Turdus"}]}', "entry 1: expected id, .*found no sp"),
        ("7", "expected xeno-canto's answer, got 7"),
        ("<html>Too many requests</html>", "row 1: expected xeno-canto's answer in JSON"),
        ('{"recordings": [', "row 1: expected xeno-canto's answer in JSON"),
    ],
)
def test_answer_without_recordings_is_refused_in_words(tmp_path, content, words):
    with pytest.raises(ValueError, match=rf"answer\.json.*{words}"):
        read(tmp_path, content, "answer.json")


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("50,1", 50.1), ("\N{MINUS SIGN}8.6", -8.6), ("50,1,2", None), ("null", None)],
)
def test_coordinate_is_read_as_countries_write_it(text, degrees):
    assert to_recording({"filename": "a", "primary_label": "a", "lat": text}).latitude == degrees


def test_path_of_windows_is_a_path():
    row = {"filename": ".\\Turdus merula\\ä 1.wav", "primary_label": "a"}
    assert to_recording(row).filename == "Turdus merula/ä 1.wav"


def test_filter_that_keeps_nothing_says_why():
    rows = [{"filename": f"{n}", "primary_label": "a", "lat": "1", "lon": "1"} for n in range(3)]
    rows += [{"filename": "x", "primary_label": "a"}]
    found = [to_recording(row) for row in rows]
    assert "1 without a latitude and longitude" in why_none(found, Filter())
    assert "3 elsewhere" in why_none(found, Filter())
    assert "4 of species with fewer than 100" in why_none(found, Filter(None, None))

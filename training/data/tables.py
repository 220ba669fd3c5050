"""A CSV table as programs save it -> its rows. What cannot be read is refused by file and row."""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]

DELIMITERS = ",;\t|"
# The longest first: the mark of UTF-16 begins that of UTF-32.
MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"SQLite format 3")
HINT = 'save the table as "CSV UTF-8"'
# So many bytes show whether every second one is 0: UTF-16 without its mark.
PROBE_BYTES = 200
LONGEST_NAME = 40


@dataclass(frozen=True)
class Line:
    """One row: where it is, for messages ("metadata.csv, row 5"), and its cells by column."""

    place: str
    cells: Row


def read_csv(path: Path, known: Collection[str]) -> list[Line]:
    """Return the rows that are not empty; columns are named in lower case with `_` for spaces.

    `known` are the columns that decide which delimiter it is. Raises OSError, ValueError.
    """
    text, delimiter = _delimiter(read_text(path), known)
    rows = _rows(path, text, delimiter)
    first, header = next(rows, (1, []))
    names = [_column(cell) for cell in header]
    twice = sorted(name for name, count in Counter(filter(None, names)).items() if count > 1)
    if twice:
        raise ValueError(
            f"{path}, row {first}: two columns are called {', '.join(twice)}; rename one"
        )
    lines = []
    for number, cells in rows:
        place = f"{path}, row {number}"
        if any(cells[len(names) :]):
            raise ValueError(
                f"{place}: expected {len(names)} fields as in the header, found {len(cells)};"
                f' put a field that holds "{delimiter}" between quotation marks'
            )
        pairs = zip(names, cells + [""] * (len(names) - len(cells)), strict=False)
        lines.append(Line(place, {name: cell for name, cell in pairs if name}))
    if not lines:
        what = "the header alone" if names else "an empty file"
        raise ValueError(f"{path}: expected at least one recording, found none: {what}")
    return lines


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, UTF-16, UTF-32 or Windows-1252.

    Raises OSError, and ValueError where it is none of these.
    """
    data = path.read_bytes()
    if data.startswith(NO_TEXT):
        raise ValueError(f"{path}: expected text, found a workbook or an archive; {HINT}")
    try:
        return data.decode(_encoding(data))
    except UnicodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeError as error:
        row = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise ValueError(
            f"{path}, row {row}: a character is in no encoding that is known; {HINT}"
        ) from error


def refuse_missing(path: Path, lines: list[Line], columns: dict[str, tuple[str, ...]]) -> None:
    """Raise ValueError where a table lacks all names of a column."""
    found = list(lines[0].cells)
    for name, names in columns.items():
        if not set(names) & set(found):
            shown = ", ".join(_short(column) for column in found) or "none"
            raise ValueError(
                f"{path}: expected a column {' or '.join(names)} for the {name};"
                f" columns found: {shown}"
            )


def _encoding(data: bytes) -> str:
    marked = next((name for mark, name in MARKS if data.startswith(mark)), "")
    probe = data[:PROBE_BYTES]
    if not marked and len(probe) > 1 and not any(probe[1::2]):
        return "utf-16-le"
    if not marked and len(probe) > 1 and not any(probe[0:-1:2]):
        return "utf-16-be"
    return marked or "utf-8"


def _delimiter(text: str, known: Collection[str]) -> tuple[str, str]:
    """Return the table, Excel's line "sep=;" blank, and its delimiter."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return "\n" + rest, first.strip()[-1]
    header = text.lstrip("\r\n").splitlines()[:1] or [""]

    def score(delimiter: str) -> tuple[int, int]:
        names = {_column(cell.strip('"')) for cell in header[0].split(delimiter)}
        return len(names & set(known)), header[0].count(delimiter)

    return text, max(DELIMITERS, key=score)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Return the rows that are not empty, each with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(
                f"{path}, row {number}: {error}; is there a quotation mark without its partner?"
            ) from error
        if any("\0" in cell for cell in cells):
            raise ValueError(f"{path}, row {number}: a character of value 0 is in it; {HINT}")
        if any(cell.strip() for cell in cells):
            yield number, cells


def _column(cell: str) -> str:
    plain = unicodedata.normalize("NFC", cell.strip().strip("\ufeff"))
    return "_".join(plain.lower().replace("-", " ").replace("_", " ").split())


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."

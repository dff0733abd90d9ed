import gzip
import os
from collections import deque
from pathlib import Path

import pytest

from catalog.importers.rows import Located, Rejected, UnreadableSource
from catalog.importers.source import LONGEST_LINE, Source
from tests.catalog.files import opened, read, read_format, write, zipped

BOOKS = "book_id,goodreads_book_id,title\n1,11,Emma\n"
RATINGS = "user_id,book_id,rating\n7,1,5\n8,1,3\n"


def assert_emma(path: Path) -> None:
    found = read_format("goodbooks", path)
    assert [item.title for item in found.items] == ["Emma"]
    assert [(event.user_id, event.value) for event in found.events] == [("7", 5.0), ("8", 3.0)]
    assert found.rejected == []


def test_a_folder_is_read_as_it_is(tmp_path: Path) -> None:
    assert_emma(write(tmp_path, {"books.csv": BOOKS, "ratings.csv": RATINGS}))


def test_gzipped_files_are_read_as_they_are(tmp_path: Path) -> None:
    assert_emma(write(tmp_path, {"books.csv.gz": BOOKS, "ratings.csv.gz": RATINGS}))


def test_names_do_not_depend_on_case(tmp_path: Path) -> None:
    assert_emma(write(tmp_path, {"Books.CSV": BOOKS, "Ratings.csv.GZ": RATINGS}))


def test_a_file_without_the_gz_ending_may_still_be_gzipped(tmp_path: Path) -> None:
    assert_emma(write(tmp_path, {"books.csv": BOOKS, "ratings.csv": gzip.compress(RATINGS.encode())}))


def test_a_zip_archive_is_read_as_it_is_whatever_folder_it_holds(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "goodbooks/books.csv": BOOKS,
        "goodbooks/ratings.csv.gz": gzip.compress(RATINGS.encode()),
        "__MACOSX/goodbooks/._books.csv": "junk",
    }
    assert_emma(zipped(tmp_path / "goodbooks.zip", files))


def test_one_file_is_a_source_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"ratings.csv.gz": RATINGS, "books.csv": BOOKS})
    found = read_format("goodbooks", tmp_path / "ratings.csv.gz")
    assert len(found.events) == 2
    assert found.items == []


def test_an_unpacked_file_wins_over_its_packed_twin(tmp_path: Path) -> None:
    write(tmp_path, {"ratings.csv.gz": "user_id,book_id,rating\n", "ratings.csv": RATINGS})
    assert len(read_format("goodbooks", tmp_path).events) == 2


def test_progress_ends_exactly_at_the_total(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"books.csv": BOOKS, "ratings.csv": RATINGS * 1000, "notes.txt": "not read"}
    for path in (write(tmp_path, files), zipped(tmp_path / "all.zip", files)):
        data = opened("goodbooks", path)
        assert data.bytes_read == 0
        read(data)
        assert data.bytes_read == data.total_bytes == len(BOOKS) + 1000 * len(RATINGS)


def test_progress_of_gzip_counts_packed_bytes(tmp_path: Path) -> None:
    data = opened("goodbooks", write(tmp_path, {"ratings.csv.gz": RATINGS * 1000}))
    read(data)
    assert data.bytes_read == data.total_bytes == (tmp_path / "ratings.csv.gz").stat().st_size


def test_a_gzip_file_that_breaks_off_gives_its_rows_and_then_the_reason(tmp_path: Path) -> None:
    lines = "user_id,book_id,rating\n" + "".join(f"{person},{person % 97},4\n" for person in range(100_000))
    packed = gzip.compress(lines.encode())
    (tmp_path / "ratings.csv.gz").write_bytes(packed[: len(packed) // 2])
    read_rows: deque[Located | Rejected] = deque()
    with pytest.raises(UnreadableSource, match=r"ratings\.csv in .* breaks off or is damaged after line \d+"):
        read_rows.extend(opened("goodbooks", tmp_path).rows())
    assert 10_000 < len(read_rows) < 100_000
    assert all(isinstance(entry, Located) for entry in read_rows)


def test_a_damaged_zip_member_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "goodbooks.zip", {"ratings.csv": RATINGS * 500})
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(UnreadableSource, match=r"ratings\.csv in .* is damaged after line"):
        read_format("goodbooks", path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"is empty\. Give the folder"):
        Source(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"ratings.csv": RATINGS})
    (tmp_path / "ratings.csv").chmod(0)
    with pytest.raises(UnreadableSource, match=r"ratings\.csv .*can't be read"):
        read_format("goodbooks", tmp_path)


def test_a_file_without_line_breaks_is_never_read_whole(tmp_path: Path) -> None:
    source = Source(write(tmp_path, {"events.jsonl": "x" * (3 * LONGEST_LINE)}))
    assert max(map(len, source.lines("events.jsonl", "utf-8"))) == LONGEST_LINE


def test_bytes_that_are_not_utf8_reject_their_line_alone(tmp_path: Path) -> None:
    books = BOOKS.encode() + "2,12,Äneis\n".encode("latin-1") + b"3,13,Persuasion\n"
    found = read_format("goodbooks", write(tmp_path, {"books.csv": books}))
    assert [item.title for item in found.items] == ["Emma", "Persuasion"]
    assert found.reasons == [("books.csv", 3, "title holds bytes that are not of the file's encoding")]


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    assert_emma(write(tmp_path, {"books.csv": "\ufeff" + BOOKS, "ratings.csv": "\ufeff" + RATINGS}))


def test_the_fingerprint_changes_with_the_bytes_and_not_with_the_place(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder, ratings in zip(folders, (RATINGS, RATINGS, RATINGS + "9,1,1\n"), strict=True):
        folder.mkdir()
        write(folder, {"ratings.csv": ratings})
    one, two, three = (opened("goodbooks", folder).fingerprint() for folder in folders)
    assert one == two != three
    assert len(one) == 64


def test_the_fingerprint_changes_with_the_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, {"events.csv": "user,item,stars,points\n1,2,3,4\n"})
    first = opened("csv", path, mapping={"value": "stars"}).fingerprint()
    assert first != opened("csv", path, mapping={"value": "points"}).fingerprint()

"""`manage.py evaluate`: files without a database, the database without files; one sentence for what is wrong."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recommender.engine.feedback import strengths
from recommender.engine.types import CannotFit
from recommender.training.files import read
from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from tests.catalog.files import opened, write
from tests.recommender.events import ratings


def lines(people: int = 12, items: int = 10) -> str:
    rows = [
        f"u{user},i{item},{5 if (user + item) % 2 else 1}"
        for user in range(people)
        for item in range(items)
        if (user * item) % 3
    ]
    return "\n".join(["user_id,item_id,rating", *rows, ""])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, {"e.csv": lines()}) / "e.csv"


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_file_needs_no_database(file: Path, tmp_path: Path) -> None:
    nowhere = {**os.environ, "DATABASE_URL": f"postgres://somebody@127.0.0.1:{free_port()}/nothing"}
    command = [sys.executable, "manage.py", "evaluate", "--format", "csv", "--path", str(file), "--algorithms", "svd"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "out.json")], cwd=PROJECT, env=nowhere, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    written = json.loads((tmp_path / "out.json").read_text())
    assert [run["algorithm"] for run in written["runs"]] == ["svd", "popular", "item_knn"]
    assert written["data"].keys() == {
        "rows",
        "users",
        "items",
        "repeats",
        "rejected",
        "left_out",
        "sha256",
    }
    assert (written["data"]["users"], written["data"]["items"]) == (8, 6)


def figures_of(tmp_path: Path, text: str, *arguments: object) -> dict[str, Any]:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    path, out = write(folder, {"e.csv": text}) / "e.csv", folder / "out.json"
    run("--format", "csv", "--path", path, "--algorithms", "popular", "--json", out, *arguments)
    written: dict[str, Any] = json.loads(out.read_text())
    return written


def test_of_two_ratings_in_a_file_the_last_is_evaluated_and_the_repeats_are_counted(tmp_path: Path) -> None:
    pairs = [f"u{user},i{item}" for user in range(40) for item in range(10)]
    text = "\n".join(["user_id,item_id,rating", *(f"{pair},1" for pair in pairs), *(f"{pair},5" for pair in pairs)])
    found = figures_of(tmp_path, text)
    assert (found["data"]["rows"], found["data"]["repeats"]) == (400, 400)
    assert found["runs"][0]["users"] > 30


@pytest.mark.parametrize("split", ["moment", "temporal", "random", "leave-one-out"])
def test_another_order_of_lines_changes_neither_figures_nor_hash(split: str, tmp_path: Path) -> None:
    heading, *rows = lines().splitlines()
    one, other = (figures_of(tmp_path, "\n".join([heading, *order]), "--split", split) for order in (rows, rows[::-1]))
    timed = {"fit_seconds", "score_seconds", "peak_rss_mb"}
    assert one["data"] == other["data"]
    for run_, again in zip(one["runs"], other["runs"], strict=True):
        assert {name: value for name, value in run_.items() if name not in timed} == {
            name: value for name, value in again.items() if name not in timed
        }


def test_a_split_that_others_made_is_two_files(tmp_path: Path) -> None:
    train = [
        "user_id,item_id,rating",
        *(f"u{user},i{item},5" for user in range(12) for item in range(8) if (user + item) % 3),
    ]
    test = ["user_id,item_id,rating", "u0,i0,1", "u0,i0,5", "u1,i2,5", "new,i8,5"]
    files = write(tmp_path, {"a.csv": "\n".join(train), "b.csv": "\n".join(test)})
    out = tmp_path / "out.json"
    run("--train", files / "a.csv", "--test", files / "b.csv", "--algorithms", "item_knn", "--json", out)
    written = json.loads(out.read_text())
    assert (written["data"]["rows"], written["data"]["users"], written["data"]["items"]) == (64 + 3, 13, 9)
    assert written["runs"][0]["protocol"].startswith("The split was given")
    assert (written["runs"][0]["users"], written["runs"][0]["served"]) == (3, 2)


@pytest.mark.django_db
def test_without_a_file_the_events_of_the_database_are_measured() -> None:
    ratings()
    shown = run("--algorithms", "item_knn", "--split", "random", "--seeds", "1,2")
    assert [line.split()[:2] for line in shown.splitlines()[:5]] == [
        ["ALGORITHM", "SEED"],
        *([name, seed] for seed in ("1", "2") for name in ("item_knn", "popular")),
    ]


def test_folds_show_the_error_of_ratings(file: Path) -> None:
    shown = run("--format", "csv", "--path", file, "--algorithms", "svd", "--cv", 3).splitlines()
    assert shown[0].split() == ["ALGORITHM", "SEED", "FOLD", "RMSE", "MAE"]
    assert [line.split()[2] for line in shown[1:4]] == ["1", "2", "3"]
    assert shown[4].startswith("48 rows evaluated")


@pytest.mark.parametrize(("more", "sentence"), [((), "no user has anything relevant"), (("--cv", 2), "Leave --cv out")])
def test_data_of_which_nothing_can_be_judged_say_what_to_do(
    more: tuple[object, ...], sentence: str, tmp_path: Path
) -> None:
    _, shown = evaluated(tmp_path, "user_id,item_id,type\n" + "u,bread,purchase\n" * 3, *more)
    assert "Nothing could be judged: " in shown
    assert sentence in shown


def test_the_terminal_says_how_many_rows_were_evaluated_and_what_stands_beside(tmp_path: Path) -> None:
    _, shown = evaluated(tmp_path, lines() + "u1,i1,9\n" + lines().partition("\n")[2])
    assert "48 rows evaluated, of 8 users and 6 items; 1 lines left out, 48 repeats." in shown
    assert "For comparison, always measured as well: item_knn.\n" in shown
    assert "Nothing could be judged" not in shown


def test_counts_that_are_cut_are_told(tmp_path: Path) -> None:
    text = "user_id,item_id,plays\nu,a,10\nu,b,11\nv,a,700\n"
    assert "Lines with a count of more than 10, taken for 10: 2." in evaluated(tmp_path, text, "--implicit")[1]


def test_ratings_outside_the_scale_name_the_option(tmp_path: Path) -> None:
    assert "--scale MIN..MAX" in evaluated(tmp_path, lines() + "u1,i1,9\n")[1]


def test_people_are_shown_by_what_is_known_of_them(file: Path) -> None:
    shown = run(
        "--format", "csv", "--path", file, "--algorithms", "popular", "--split", "leave-one-out", "--by-activity"
    )
    assert "EVENTS" in shown
    assert "5-19" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--path", "x"], "--path and --format go together"),
        (["--format", "csv", "--path", "nowhere"], "There is no file or folder nowhere"),
        (["--format", "cvs", "--path", "{file}"], "Unknown format 'cvs'"),
        (["--train", "{file}"], "--train and --test go together"),
        (["--train", "{file}", "--test", "{file}", "--cv", "3"], "with neither --path nor --cv"),
        (["--train", "{file}", "--test", "{empty}"], "The file of --test has no events to evaluate on"),
        (["--algorithms", "eaze"], "Unknown: eaze. Known: svd, als, baseline, bpmf"),
        (["--test-fraction", "2"], "--test-fraction 2 doesn't lie between 0 and 1"),
        (["--k", "0"], "--k must be 1 or more"),
        (["--cv", "1"], "--cv 2 or more"),
        (["--format", "csv", "--path", "{file}", "--json", "/nowhere/x.json"], "there is no folder /nowhere"),
        (["--format", "csv", "--path", "{empty}"], "There are no events to evaluate on"),
    ],
)
@pytest.mark.django_db
def test_what_is_wrong_is_one_sentence(arguments: list[str], sentence: str, file: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    empty = write(tmp_path / "none", {"n.csv": "user_id,item_id,rating\n"}) / "n.csv"
    with pytest.raises(CommandError) as raised:
        run(*(argument.format(file=file, empty=empty) for argument in arguments))
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_ratings_alone_count_where_there_are_any(tmp_path: Path) -> None:
    path = (
        write(tmp_path, {"e.csv": "user,item,type,value\nu,a,rating,4\nu,b,view,\nv,a,rating,2\nv,c,hum,\n"}) / "e.csv"
    )
    found = read(opened("csv", path))
    assert (len(found.dataset), found.dataset.n_items, found.left_out.lines) == (2, 1, 2)
    implicit = read(opened("csv", path), implicit=True).dataset
    assert (len(implicit), implicit.n_items) == (3, 2)
    assert {kind.is_explicit for kind in implicit.kinds} == {False}


def test_a_relevant_rating_is_what_the_caller_says(tmp_path: Path) -> None:
    path = write(tmp_path, {"e.csv": "user,item,rating\nu,a,3\n"}) / "e.csv"
    kinds: Any = [read(opened("csv", path), relevant_at=at).dataset.kinds[0].relevant_at for at in (None, 3.0)]
    assert kinds == [4.0, 3.0]


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotFit, match="no events to evaluate on"):
        read(opened("csv", write(tmp_path, {"e.csv": "user,item\n"}) / "e.csv"))


PLAYS = "user,item,plays\n" + "".join(
    f"u{user},i{item},{700 if (user + item) % 2 else 3}\n"
    for user in range(12)
    for item in range(10)
    if user % 3 != item % 3
)


def evaluated(path: Path, text: str, *arguments: object) -> tuple[dict[str, Any], str]:
    """Return what the JSON says of the data, and what the terminal shows."""
    file = write(path, {"log.csv": text}) / "log.csv"
    shown = run("--format", "csv", "--path", file, "--algorithms", "popular", "--json", path / "f.json", *arguments)
    return json.loads((path / "f.json").read_text())["data"], shown


def test_counts_are_no_ratings_where_any_event_counts(tmp_path: Path) -> None:
    data, shown = evaluated(tmp_path, PLAYS, "--implicit", "--map", "value=plays")
    assert (data["rows"], data["left_out"], data["rejected"]) == (PLAYS.count("\n") - 1, 0, 0)
    assert "; 0 lines left out" in shown


def test_lines_that_are_left_out_are_told_in_terminal_and_json(tmp_path: Path) -> None:
    data, shown = evaluated(tmp_path, PLAYS, "--map", "value=plays")
    out_of_scale = PLAYS.count(",700\n")
    assert (data["rows"], data["left_out"]) == (PLAYS.count(",3\n"), out_of_scale)
    assert f"Lines left out because they can't be read: {out_of_scale}. The first is line 2 of log.csv: rating" in shown


def test_events_beside_ratings_are_told(tmp_path: Path) -> None:
    text = lines().replace("user_id,item_id,rating", "user_id,item_id,type,value").replace(",5\n", ",rating,5\n")
    data, shown = evaluated(tmp_path, text.replace(",1\n", ",view,\n"))
    assert data["left_out"] == lines().count(",1\n")
    assert f"Events left out because ratings alone count: {data['left_out']}." in shown


def test_repeats_are_told(tmp_path: Path) -> None:
    data, shown = evaluated(tmp_path, lines() + lines().partition("\n")[2])
    assert data["rows"] == data["repeats"]
    assert f"Ratings that a later one of the same user and item replaces: {data['repeats']}." in shown


def test_a_file_of_which_nothing_counts_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no events to evaluate on\. Lines left out .*: 1\. The first is line 2"):
        evaluated(tmp_path, "user,item,rating\nu,i,9\n")


def test_a_count_weighs_as_much_as_that_many_lines(tmp_path: Path) -> None:
    counted = "user,item,type,quantity\nu,a,purchase,3\nv,a,purchase,1\nu,b,view,999\n"
    repeated = "user,item,type\n" + "u,a,purchase\n" * 3 + "v,a,purchase\n" + "u,b,view\n" * 10
    for implicit in (False, True):
        first, second = (
            strengths(read(opened("csv", write(tmp_path, {"e.csv": text}) / "e.csv"), implicit=implicit).dataset)
            for text in (counted, repeated)
        )
        assert (first.toarray() == second.toarray()).all()
        assert first.nnz == 3
    assert len(read(opened("csv", write(tmp_path, {"e.csv": counted}) / "e.csv")).dataset) == 3

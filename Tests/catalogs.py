"""Catalog files in the format of the Kaggle data set, made for the tests."""

from __future__ import annotations

import csv
import random
from pathlib import Path

COLUMNS = (
    "id,title,type,description,release_year,age_certification,runtime,genres,production_countries,"
    "seasons,imdb_id,imdb_score,imdb_votes,tmdb_popularity,tmdb_score"
).split(",")
SCRIPT = "<script>document.title = 'broken into'</script>"

_WHO = ["A widow", "Two brothers", "A retired detective", "A young cook", "A tired nurse", "A choir"]
_DOES = [
    "falls in love with a stranger who",
    "hunts a killer who",
    "grieves for a friend who",
    "laughs through a summer with a rival who",
    "flees from a monster that",
    "builds a small restaurant with a neighbour who",
]
_AND = [
    "hides a terrible secret in the old house.",
    "teaches them to hope again.",
    "must win the last match of the season.",
    "waits at the edge of a dark forest.",
    "brings the whole village together.",
    "cannot forget the war.",
]
_GENRES = ["drama", "comedy", "crime", "romance", "horror", "family", "thriller", "war"]


def row(index: int, **fields) -> dict[str, str]:
    """A well-formed row, the same for the same index."""
    pick = random.Random(index)
    show = index % 3 == 0
    kind = "SHOW" if show else "MOVIE"
    made = {
        "id": f"{'ts' if show else 'tm'}{index}",
        "title": f"Test Title {index}",
        "type": kind,
        "description": f"{pick.choice(_WHO)} {pick.choice(_DOES)} {pick.choice(_AND)}",
        "release_year": str(1960 + index % 60),
        "age_certification": pick.choice(["", "PG", "PG-13", "R"] if not show else ["", "TV-14", "TV-MA"]),
        "runtime": str(20 + index % 120),
        "genres": str(sorted(pick.sample(_GENRES, 2))),
        "production_countries": "['US']",
        "seasons": "2.0" if show else "",
        "imdb_id": f"tt{index:07d}",
        "imdb_score": f"{4 + pick.random() * 5:.1f}",
        "imdb_votes": f"{pick.randrange(100, 90000)}.0",
        "tmdb_popularity": f"{pick.random() * 40:.3f}",
        "tmdb_score": f"{4 + pick.random() * 5:.1f}",
    }
    return made | fields


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


#: Rows that can't be loaded: position in the file, the column at fault, the cell.
BAD_ROWS = [
    (10, "type", "PODCAST"),
    (20, "release_year", "nineteen"),
    (30, "genres", "['drama'"),
    (40, "id", ""),
    (50, "runtime", "ninety"),
]
ROWS = 60
#: Two rows have one id, and five are bad.
TITLES = ROWS - len(BAD_ROWS) - 1


def sixty() -> list[dict[str, str]]:
    """60 rows with everything the real file has, and rows that can't be loaded."""
    rows = [row(index) for index in range(1, ROWS + 1)]
    rows[0] |= {"title": SCRIPT, "release_year": "1903", "description": "<img src=x onerror=alert(1)> & <b>"}
    rows[1] |= {"description": 'Line one,\nline "two",\n\nline four.', "title": 'The "Quoted", One'}
    rows[2] |= {"description": "", "genres": "[]", "production_countries": "[]"}
    rows[3] |= {"title": "Élan vital 🎬 東京", "description": "Ünïcödé 💔 всё ещё 物語"}
    rows[4] |= {"imdb_score": "", "imdb_votes": "", "imdb_id": "", "tmdb_score": "", "age_certification": ""}
    rows[6] = dict(rows[5])
    for position, column, cell in BAD_ROWS:
        rows[position][column] = cell
    return rows

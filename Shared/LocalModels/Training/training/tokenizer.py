"""Text to vocabulary rows, in the same steps as `Tokenizer.swift`."""

import unicodedata
from functools import cache

from .taxonomy import listed, rows

MAX_WORD = 60
FOLDED = 0x2000
APOSTROPHES = {"’", "‘", "`", "´", "ʼ"}
ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will"}
SPELLINGS = {
    word: read.split() for written, read in rows("spellings.txt") for word in listed(written)
}
STEMS = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}


@cache
def kind(character):
    """Returns "word", "mark" (dropped), "space" or "symbol" (a token of its own)."""
    category = unicodedata.category(character)
    if category[0] in "LN":
        return "word"
    if category == "Mn":
        return "mark"
    return "space" if category[0] in "ZC" else "symbol"


@cache
def fold(character):
    """Lower case without accents, below U+2000; the resource stores this as a table."""
    if ord(character) >= FOLDED:
        return character
    lowered = "".join(unicodedata.normalize("NFD", part) for part in character.lower())
    return "".join(part for part in lowered if unicodedata.category(part) != "Mn")


def expand(word):
    """Splits contractions and spells out slang, so that "not" is always a word of its own."""
    if word in SPELLINGS:
        return SPELLINGS[word]
    first, *rest = word.split("'")
    parts = [first]
    for ending in rest:
        if ending == "t" and len(parts[-1]) > 1 and parts[-1].endswith("n"):
            stem = parts[-1][:-1]
            parts[-1] = STEMS.get(stem, stem)
            parts.append("not")
        else:
            parts.append(ENDINGS.get(ending, ending))
    return parts


def words(text):
    """Yields words and single symbols, lower-cased, without accents."""
    text = "".join("'" if c in APOSTROPHES else fold(c) if ord(c) > 127 else c.lower() for c in text)
    word = ""
    for index, character in enumerate(text):
        sort = kind(character)
        inner = character == "'" and word and word[-1] != "'" and index + 1 < len(text)
        if sort == "word" or (inner and kind(text[index + 1]) == "word"):
            word += character
            continue
        if sort == "mark":
            continue
        if word:
            yield from expand(word)
            word = ""
        if sort == "symbol":
            yield character
    if word:
        yield from expand(word)


def shorten(word, limit):
    """Cuts every run of three or more of one ASCII character to `limit` of them."""
    out, start = [], 0
    while start < len(word):
        end = start
        while end < len(word) and word[end] == word[start]:
            end += 1
        run = end - start
        out.append(word[start] * (limit if run >= 3 and word[start].isascii() else run))
        start = end
    return "".join(out)


class Tokenizer:
    """Greedy longest match over whole words and "##" continuations.

    `entries` holds one string a row, the row's index being the token.
    """

    def __init__(self, entries):
        self.entries = entries
        self.rows = {entry: row for row, entry in enumerate(entries)}
        self.known = {}

    def pieces(self, word):
        found, start = [], 0
        while start < len(word):
            end = len(word)
            while end > start:
                row = self.rows.get(word[start:end] if start == 0 else "##" + word[start:end])
                if row is not None:
                    found.append(row)
                    break
                end -= 1
            if end == start:
                return found
            start = end
        return found

    def word(self, word):
        if word in self.known:
            return self.known[word]
        if len(word.encode()) > MAX_WORD:
            found = []
        elif word in self.rows:
            found = [self.rows[word]]
        else:
            twice, once = shorten(word, 2), shorten(word, 1)
            ended = twice.rstrip(twice[-1]) + twice[-1]
            forms = (twice, ended, once) if twice != word else ()
            whole = next((form for form in forms if form in self.rows), None)
            found = [self.rows[whole]] if whole else self.pieces(twice)
        self.known[word] = found
        return found

    def rows_of(self, text, limit=None):
        """Returns the rows of `text`, at most `limit`."""
        found = [row for word in words(text) for row in self.word(word)]
        return found if limit is None else found[:limit]

"""Which emotions titles are tagged with: how usual a tag is in each genre, and what plots give it.

A tag's score is log-odds: its share among all titles, moved by each genre towards its share there,
by the plot's likeness to the tag's words, and by the feeling the network reads in the plot.
"""

import numpy as np

from . import table
from .plot import usual
from .resource import floats, lines
from .taxonomy import listed, rows
from .tokenizer import words

# The share of a genre's titles that have the tags of each column of genres.txt, and of no column.
SHARES = (0.8, 0.5, 0.33, 0.2, 0.1)
UNLISTED = 0.03
# How much shares count beside the plot; chosen on half of the titles tagged by GPT-3.5.
GENRE_WEIGHT = 1.2
HIGHEST_LOGIT = 12


def genres():
    """Returns genre -> the tags of each of its columns."""
    return {
        name: [listed(field) for field in fields] for name, _, _, *fields in rows("genres.txt")
    }


def tags():
    """Returns [(tag, family, words of plots)]."""
    return [(tag, family, listed(cues)) for tag, family, cues in rows("title_tags.txt")]


def named():
    """Returns tag -> family."""
    return {tag: family for tag, family, _ in tags()}


def log_odds(shares):
    return np.log(shares / (1 - shares))


def shares(names):
    """Returns the share of each genre's titles that have a tag, `[genres, tags]`."""
    known = {tag: column for column, (tag, *_) in enumerate(tags())}
    found = np.full((len(names), len(known)), UNLISTED)
    for row, name in enumerate(names):
        for share, listed_tags in zip(SHARES, genres()[name]):
            found[row, [known[tag] for tag in listed_tags]] = share
    return found


def cue_lines():
    """Yields the words and phrases of each tag, itself the first, commas between."""
    for tag, _, cues in tags():
        yield ",".join(dict.fromkeys(" ".join(words(cue)) for cue in (tag, *cues)))


def sections(families, rates, vectors, logits, embed):
    """Returns the sections of the tags.

    - families: the network's; rates: each genre's share of all titles.
    - vectors, logits: of all descriptions, `[titles, 128]` and `[titles, families]`.
    - embed: from texts to unit vectors.
    """
    names = list(genres())
    by_genre = shares(names)
    base = log_odds(rates @ by_genre / rates.sum())
    cues = np.stack([embed([tag, *found]).sum(0) for tag, _, found in tags()])
    cues = table.unit(cues).astype(np.float32)
    columns = [families.index(family) for _, family, _ in tags()]
    feelings = np.clip(logits, -HIGHEST_LOGIT, HIGHEST_LOGIT)[:, columns]
    return {
        "TAGS": lines(f"{tag}\t{family}" for tag, family, _ in tags()),
        "TAGP": floats(GENRE_WEIGHT * np.concatenate([base[None], log_odds(by_genre) - base])),
        "TAGV": floats(cues),
        "TAGZ": floats(np.stack([*usual(vectors @ cues.T), *usual(feelings)])),
        "CUES": lines(cue_lines()),
    }

"""Which emotions titles are tagged with: how usual a tag is in each genre, and what plots give it.

A tag's score is log-odds: its share among all titles, moved by each genre towards its share there,
by the kinds of title it is, by the plot's likeness to the tag's words, and by the feeling the
network reads in the plot.
"""

import numpy as np

from . import table
from .plot import usual
from .resource import floats, lines, weighted
from .taxonomy import listed, rows
from .tokenizer import words

# The share of a genre's titles that have the tags of each column of genres.txt, and of no column.
SHARES = (0.8, 0.5, 0.33, 0.2, 0.1)
UNLISTED = 0.03
# How much shares count beside the plot; chosen on half of the titles tagged by GPT-3.5.
GENRE_WEIGHT = 1.2
HIGHEST_LOGIT = 12
# By how much a kind of title moves its tags: those felt much more, more, less.
KIND_STEPS = (1.12, 0.56, -0.56)


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


def spelled(phrases):
    """Returns phrases as the tokenizer spells them, each once, commas between."""
    return ",".join(dict.fromkeys(" ".join(words(phrase)) for phrase in phrases))


def cue_lines():
    """Yields the words and phrases of each tag, itself the first, commas between."""
    for tag, _, cues in tags():
        yield spelled((tag, *cues))


def kind_lines():
    """Yields genres, genres that rule the kind out, words of plots, and tag:step, tabs between."""
    known = {tag for tag, *_ in tags()}
    for kind, required, excluded, cues, *steps in rows("kinds.txt"):
        moved = {
            tag: step for step, field in zip(KIND_STEPS, steps, strict=True) for tag in listed(field)
        }
        unknown = {*moved} - known | {*listed(required), *listed(excluded)} - {*genres()}
        if unknown:
            raise ValueError(f"kinds.txt: {kind} names {sorted(unknown)}")
        yield "\t".join(
            (
                ",".join(listed(required)),
                ",".join(listed(excluded)),
                spelled(listed(cues)),
                weighted(moved.items()),
            )
        )


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
        "KIND": lines(kind_lines()),
    }

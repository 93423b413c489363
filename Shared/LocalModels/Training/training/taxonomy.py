"""The 40 families of feelings, their words, and how GoEmotions' 28 labels map to them."""

import dataclasses
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent

LABELS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment "
    "disapproval disgust embarrassment excitement fear gratitude grief joy love nervousness "
    "optimism pride realization relief remorse sadness surprise neutral"
).split()

# A family -> the GoEmotions label that says the same.
DIRECT = {
    family: family
    for family in (
        "joy amusement love desire excitement pride surprise curiosity confusion relief gratitude "
        "admiration caring sadness grief disappointment remorse anger annoyance disgust fear "
        "approval realization"
    ).split()
} | {"hope": "optimism", "shame": "embarrassment", "anxiety": "nervousness"}


@dataclasses.dataclass(frozen=True)
class Term:
    """A word for a feeling; valence -2...2, arousal 0...2."""

    word: str
    family: str
    valence: int
    arousal: int


@dataclasses.dataclass(frozen=True)
class Words:
    """What mood sentences of one family are made of."""

    adjectives: list
    nouns: list
    wanted: list
    opposites: list
    events: list


def rows(name, separator="|"):
    """Yields the fields of each line of a data file, without comments."""
    for line in (DATA / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [field.strip() for field in line.split(separator)]


def listed(field, separator=","):
    return [part.strip() for part in field.split(separator) if part.strip()]


def terms():
    """Returns the words for feelings; phrases' families start with "P_" and are left out."""
    return [
        Term(word, family, int(valence), int(arousal))
        for family, valence, arousal, words in rows("affect_terms.txt")
        if not family.startswith("P_")
        for word in listed(words)
    ]


def families():
    return list(dict.fromkeys(term.family for term in terms()))


def nouns():
    """Returns [(noun, family)], the words of answers."""
    return [
        (noun, family)
        for family, _, _, field in rows("family_nouns.txt")
        for noun in listed(field)
    ]


def family_words():
    """Returns family -> `Words`."""
    events = {family: listed(text, ";") for family, text in rows("mood_events.txt")}
    return {
        family: Words(*(listed(field) for field in fields), events[family])
        for family, *fields in rows("mood_words.txt")
    }

"""Words and signs that speak for themselves: emoji, emoticons, other languages, genres."""

import collections
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from .resource import hashed, lines, weighted
from .taxonomy import DATA, family_words, listed, rows, terms
from .tokenizer import SPELLINGS, fold

CLDR = Path("/usr/share/unicode/cldr/common/annotations")
# Languages whose emoji keywords are read besides the words written by hand.
KEYWORD_LANGUAGES = "de es fr it pt nl pl ru tr sv uk cs da fi ja zh ko ar hi el".split()
LOOK = "\ufe0f"
SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
FACES = re.compile("[\U0001f600-\U0001f64f\U0001f910-\U0001f92f\U0001f970-\U0001f97a❤💔☹☺]")
KEYWORD_USES = 25
# Languages whose words have no spaces between them, or endings of many forms.
UNPARTED = {"ja", "zh", "ko"}


def annotations(language, names=False):
    """Returns emoji -> CLDR keywords, or emoji -> [name]."""
    root = ET.parse(CLDR / f"{language}.xml").getroot()
    return {
        note.get("cp").replace(LOOK, ""): [part.strip().lower() for part in note.text.split("|")]
        for note in root.iter("annotation")
        if (note.get("type") == "tts") == names and not SKIN.search(note.get("cp"))
    }


def emoji_names():
    return {sign: name for sign, (name, *_) in annotations("en", names=True).items()}


def pairs(field):
    """Reads "family:weight, ..." as [(family, weight)]."""
    return [(name, float(weight)) for name, weight in (part.split(":") for part in listed(field))]


def signs_in(field):
    """Splits a run of emoji, keeping joined ones whole."""
    found = []
    for character in field.replace(LOOK, ""):
        if found and (character == "\u200d" or found[-1].endswith("\u200d")):
            found[-1] += character
        else:
            found.append(character)
    return found


def emoji_feelings():
    """Returns emoji -> [(family, strength)], those written by hand first, then CLDR's keywords."""
    found = {sign: pairs(field) for signs, field in rows("emoji_feelings.txt") for sign in signs_in(signs)}
    family_of = {term.word: term.family for term in terms()}
    for sign, keywords in annotations("en").items():
        votes = collections.Counter(family_of[word] for word in keywords if word in family_of)
        if sign not in found and votes and not sign.isascii():
            total = votes.total() + 1
            found[sign] = [(family, 0.7 * n / total) for family, n in votes.most_common(2)]
    return found


def emoticons():
    spaced = (line.rsplit(" | ", 1) for line in raw_lines("emoticons.txt"))
    return {sign: pairs(field) for signs, field in spaced for sign in signs.split()}


def plain(word):
    """Spells a word as the tokenizer does."""
    return "".join(map(fold, word))


def raw_lines(name):
    text = (DATA / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def keyword_feelings(language, feelings):
    """Returns word -> (family, strength) that CLDR's keywords of faces give in a language."""
    uses, votes = collections.Counter(), collections.defaultdict(collections.Counter)
    for sign, keywords in annotations(language).items():
        split = {part for word in keywords for part in (word, *word.split())}
        uses.update(split)
        if FACES.search(sign):
            for word in split:
                for family, weight in feelings.get(sign, []):
                    votes[word][family] += weight
    found = {}
    for word, families in votes.items():
        (family, weight), total = families.most_common(1)[0], families.total()
        is_clear = weight / total > 0.34 and weight / uses[word] > 0.25
        if len(word) > 1 and is_clear and uses[word] <= KEYWORD_USES:
            found[word] = [(family, round(0.8 * weight / total, 2))]
    return found


def languages():
    """Returns (language -> word -> [(family, strength)], language -> function words, negations)."""
    feelings = emoji_feelings()
    words = {code: keyword_feelings(code, feelings) for code in KEYWORD_LANGUAGES}
    common, negations = {}, {}
    for code, sort, field in rows("foreign_words.txt"):
        if sort == "common":
            common[code] = listed(field, " ")
        elif sort == "not":
            negations[code] = listed(field, " ")
        else:
            words.setdefault(code, {}).update({word: [(sort, 0.9)] for word in listed(field)})
    return words, common, negations


def family_rows():
    """Yields family, valence, arousal, its nouns, and the families that denying it leaves."""
    words = family_words()
    for family, valence, arousal, nouns in rows("family_nouns.txt"):
        opposites = ",".join(words[family].opposites)
        yield "\t".join((family, valence, arousal, ",".join(listed(nouns)), opposites))


def naming_words():
    """Returns single words -> the family they name, those of affect_terms.txt first."""
    found = {term.word: term.family for term in terms()}
    for family, words in family_words().items():
        for word in words.adjectives + words.nouns + words.wanted:
            if word.isalpha():
                found.setdefault(word, family)
    return found


def language_sections():
    """Returns a row for each sense of each language with its phrases, and the index of words."""
    words, common, negations = languages()
    rows, senses = [], collections.defaultdict(list)

    def add(code, key, said, phrases=()):
        for word in said:
            senses[word].append(len(rows))
        rows.append(f"{code}\t{key}\t{','.join(phrases)}")

    for code, known in common.items():
        add(code, "common", known)
    for code, known in negations.items():
        add(code, "not", known)
    for code, known in words.items():
        spelled = {plain(word): feelings for word, feelings in sorted(known.items())}
        grouped = collections.defaultdict(list)
        for word, feelings in spelled.items():
            grouped[weighted(feelings)].append(word)
        for key, found in grouped.items():
            phrases = [word for word in found if " " in word or code in UNPARTED]
            add(code, key, [word for word in found if word not in phrases], phrases)
    starts = np.cumsum([0, *map(len, senses.values())]).astype("<u4")
    places = np.array([row for found in senses.values() for row in found], "<u2")
    index = hashed(list(senses)) + starts.tobytes() + places.tobytes()
    return {"LANG": lines(rows), "LANX": index}


def sections():
    """Returns the text sections of the resource: one row a line, fields parted by tabs."""
    strip = lambda text: text.replace(LOOK, "")
    return {
        "TERM": lines(family_rows()),
        "WORD": lines(f"{word}\t{family}" for word, family in naming_words().items()),
        "GENR": lines(
            f"{name}\t{sign}\t{','.join(listed(others))}"
            for name, sign, others, *_ in rows("genres.txt")
        ),
        "SPEL": lines(f"{word}\t{' '.join(read)}" for word, read in SPELLINGS.items()),
        "FEMO": lines(f"{family}\t{sign}" for family, sign in rows("family_emoji.txt")),
        "EMOJ": lines(f"{strip(sign)}\t{weighted(found)}" for sign, found in emoji_feelings().items()),
        "EMOT": lines(f"{sign}\t{weighted(found)}" for sign, found in emoticons().items()),
        "IDIO": lines(
            f"{phrase}\t{weighted(pairs(field))}"
            for phrases, field in rows("idioms.txt")
            for phrase in listed(phrases, ";")
        ),
    } | language_sections()

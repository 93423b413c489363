"""The texts a student learns to imitate: WordNet's words and glosses, and GoEmotions' comments."""

import random
import re
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")

# Lexicographer files whose nouns speak of people, feelings, acts and events.
# Source: https://wordnet.princeton.edu/documentation/lexnames5wn
HUMAN_NOUNS = {4, 7, 9, 10, 12, 16, 18, 19, 22, 24, 26, 28}
FEELING_FILES = {12, 37}
GLOSS_SAMPLE = 45_000


def synsets():
    """Yields (part of speech, lexicographer file, words, gloss) of all of WordNet."""
    for part in ("adj", "adv", "noun", "verb"):
        for line in (WORDNET / f"data.{part}").read_text("latin1").splitlines():
            if line.startswith("  "):
                continue
            head, gloss = line.split("|", 1)
            fields = head.split()
            count = int(fields[3], 16)
            words = [fields[4 + 2 * i].split("(")[0].replace("_", " ") for i in range(count)]
            yield part, int(fields[1]), words, gloss.strip()


def wordnet_texts():
    """Returns (lemmas, glosses and examples), each sorted or sampled with a fixed seed."""
    chance = random.Random(3)
    lemmas, glosses = [], []
    for part, file, words, gloss in synsets():
        words = [word for word in words if word == word.lower()]
        if not words:
            continue
        definition = gloss.split('"')[0].strip(" ;")
        if part != "noun" or file in HUMAN_NOUNS:
            lemmas += words
            glosses.append(definition)
            glosses += re.findall(r'"([^"]+)"', gloss)
        elif chance.random() < 0.15:
            lemmas.append(words[0])
            glosses.append(definition)
    glosses = sorted({gloss for gloss in glosses if len(gloss) > 8})
    chance.shuffle(glosses)
    return sorted(set(lemmas)), glosses[:GLOSS_SAMPLE]


def feeling_words():
    """Returns WordNet's single words for feelings (nouns) and emotions (verbs)."""
    found = set()
    for _, file, words, _ in synsets():
        if file in FEELING_FILES:
            found.update(word.lower() for word in words if word.isalpha())
    return found


def unmask(text):
    """Puts words where GoEmotions hides names and religions."""
    return text.replace("[NAME]", "someone").replace("[RELIGION]", "religion")


def goemotions(path):
    """Reads a GoEmotions split; returns (texts, lists of label indices)."""
    texts, labels = [], []
    for line in Path(path).read_text("utf-8").splitlines():
        text, indices, *_ = line.split("\t")
        texts.append(unmask(text))
        labels.append([int(index) for index in indices.split(",")])
    return texts, labels

"""Mood sentences with families, written by hand and made from templates."""

import math
import random
import re

from .taxonomy import DATA, family_words, listed

DEGREES = ["", "so ", "very ", "really ", "a bit ", "totally ", "kind of ", "absolutely ", "extremely "]
STATES = [
    "I feel {}", "feeling {}", "I am {}", "I'm {}", "im {}", "{} today", "{}", "woke up {}",
    "{} right now", "I feel {} and I do not know why", "today I am {}", "been {} all day",
    "just {}", "{} tonight", "i was feeling {}", "everything makes me {}",
]
HELD = ["full of {}", "so much {}", "my heart is full of {}", "nothing but {}", "I feel {}", "{}",
        "overcome with {}", "some {}", "there is {} in me"]
WISHES = [
    "I want something {}", "give me something {}", "something {} please", "a movie {}",
    "looking for a show {}", "need something {} tonight", "recommend me something {}",
    "in the mood for something {}", "show me a film {}", "let's watch something {}",
]
DENIALS = [
    "not {}", "not {} at all", "I am not {}", "I'm not really {}", "I do not feel {}",
    "I don't feel {} today", "I'm not {} anymore", "not exactly {}", "not feeling {}",
    "never been less {}", "I wasn't {}", "not {} today", "anything but {}", "far from {}",
]
SHUNNED = ["nothing {}", "something not {}", "not too {} please", "anything that isn't {}",
           "please nothing {} tonight", "I don't want anything {}"]
LOST = ["I wish I was {}", "I used to be {}", "I can't feel {}"]
OVERCOME = ["no longer {}", "not {} anymore, thank god", "stopped being {}"]
PEAKS = ["couldn't be more {}", "never been so {}", "I have never felt so {}", "could not be more {}",
         "never felt more {}"]
JOINTS = [" and ", " but ", " but also a bit ", ", ", " yet "]
FRAMES = ["{}", "{}!", "{}", "so {}", "{} ...", "today: {}", "{}, that is all"]
NEUTRAL = "neutral"
SIGH = "ugh, {}"
SIGHED = {"anger", "annoyance", "sadness", "boredom", "tiredness", "anxiety"}
PLEASANT = {
    "joy", "excitement", "calm", "hope", "pride", "gratitude", "courage", "love", "approval",
    "amusement", "curiosity", "wonder", "adventure", "relief", "belonging", "admiration", "caring",
}


# Letters side by side on a keyboard, one of which is hit for another.
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
# Words that a slip leaves readable.
LONGER = re.compile("[a-z]{4,}")
# Apostrophes that many leave out; of others, as in "we'll", it would make another word.
LEFT_OUT = re.compile(r"['\u2019](?=(?:t|m|s)\b)")


class Templates:
    """Writes labelled sentences; the same seed writes the same ones."""

    def __init__(self, seed=11):
        self.chance = random.Random(seed)
        self.words = family_words()
        self.names = list(self.words)
        self.texts = []

    def add(self, text, *families):
        self.texts.append((text, sorted(set(families))))

    def other(self, field):
        """Returns (family, one of its words), any family having the field."""
        family = self.chance.choice([name for name in self.names if getattr(self.words[name], field)])
        return family, self.chance.choice(getattr(self.words[family], field))

    def states(self, family):
        for word in self.words[family].adjectives:
            for _ in range(6):
                state = self.chance.choice(STATES)
                self.add(state.format(self.chance.choice(DEGREES) + word), family)
            second, adjective = self.other("adjectives")
            pair = word + self.chance.choice(JOINTS) + adjective
            self.add(self.chance.choice(STATES).format(pair), family, second)
            second, event = self.other("events")
            reason = self.chance.choice([", ", ". ", " because ", " - "]) + event
            self.add(self.chance.choice(STATES).format(word) + reason, family, second)

    def nouns(self, family):
        for word in self.words[family].nouns:
            for frame in self.chance.sample(HELD, 4):
                self.add(frame.format(word), family)

    def wishes(self, family):
        for word in self.words[family].wanted:
            for frame in self.chance.sample(WISHES, 5):
                self.add(frame.format(word), family)
            if self.words[family].opposites and word.isalpha():
                for frame in self.chance.sample(SHUNNED, 3):
                    self.add(frame.format(word), *self.words[family].opposites)
            second, wanted = self.other("wanted")
            self.add(f"something {word} and {wanted}", family, second)

    def denials(self, family):
        words = self.words[family]
        for word in words.adjectives:
            frames = DENIALS + (LOST if family in PLEASANT else OVERCOME)
            for frame in self.chance.sample(frames, 5):
                self.add(frame.format(word), *words.opposites)
            if family in PLEASANT:
                for frame in self.chance.sample(PEAKS, 2):
                    self.add(frame.format(word), family)

    def events(self, family):
        for event in self.words[family].events:
            for _ in range(3):
                frames = FRAMES + [SIGH] * (family in SIGHED)
                self.add(self.chance.choice(frames).format(event), family)
            second, other = self.other("events")
            joint = self.chance.choice([". ", ", but ", " and ", ", then "])
            self.add(event + joint + other, family, second)

    def write(self):
        """Returns [(text, families)] in a fixed, mixed order."""
        for family in self.names:
            self.states(family)
            self.nouns(family)
            self.wishes(family)
            self.denials(family)
            self.events(family)
        self.chance.shuffle(self.texts)
        return self.texts


def labelled(path):
    """Yields (text, families) of each line of a data file, no family where a mood is neutral."""
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            text, families, *_ = line.split("\t")
            yield text, [family for family in listed(families) if family != NEUTRAL]


def written(folder="moods"):
    """Returns [(text, families)] of the files in a folder."""
    return [found for path in sorted((DATA / folder).glob("*.tsv")) for found in labelled(path)]


def later():
    """Returns [(text, families)] of moods that all learn from but the reader, which only reads them."""
    return written("moods/later")


def situations(most=8, seed=9):
    """Returns [(text, families)] of situations.tsv, up to `most` choices of alternatives a line."""
    chance = random.Random(seed)
    found = []
    for line, families in labelled(DATA / "situations.tsv"):
        parts = re.split(r"\{([^}]*)\}", line)
        choices = [part.split("|") if odd % 2 else [part] for odd, part in enumerate(parts)]
        count = min(most, math.prod(map(len, choices)))
        texts = set()
        while len(texts) < count:
            text = "".join(map(chance.choice, choices))
            texts.add(re.sub(r"\s+([,.])", r"\1", text).strip())
        found += [(text, families) for text in sorted(texts)]
    return found


def joined(first, second, chance):
    """Returns a text of two, one after another."""
    return first + chance.choice([". ", ", but ", " and ", ", then ", "... ", " - ", "\n"]) + second


def mixed(sentences, count=2_000, seed=5):
    """Returns longer moods, each two of `sentences` one after another."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        (first, one), (second, other) = chance.sample(sentences, 2)
        found.append((joined(first, second, chance), sorted(set(one + other))))
    return found


def slipped(word, chance):
    """Returns a word of four letters or more with a slip of the finger after its first letter: two letters
    swapped, one left out, doubled, or another hit beside it."""
    place = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    keys = next(keys for keys in KEYS if letter in keys)
    beside = keys[max(0, keys.index(letter) - 1) : keys.index(letter) + 2].replace(letter, "")
    slips = [after, letter * 2 + after, chance.choice(beside) + after]
    if after[0] != letter:
        slips.append(after[0] + letter + after[1:])
    return before + chance.choice(slips)


def mistyped(text, chance):
    """Returns a text as it may be typed in a hurry: small letters, apostrophes left out, a slip in up to
    two of its longer words."""
    text = LEFT_OUT.sub("", text.lower())
    longer = list(LONGER.finditer(text))
    for found in sorted(chance.sample(longer, min(2, len(longer))), key=lambda found: -found.start()):
        text = text[: found.start()] + slipped(found.group(), chance) + text[found.end() :]
    return text

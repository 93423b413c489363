"""The student's vocabulary: BERT's wordpieces that occur, and whole words that matter."""

import collections
import re

import numpy as np

from .teacher import model_folder

LATIN = re.compile(r"^(##)?[a-zß-ÿ]+$")
WORD = re.compile(r"[^\W\d_]+")
EMOJI_COUNT = 5


def wordpieces():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    entries = (model_folder() / "vocab.txt").read_text("utf-8").split("\n")
    return tokenizer, [entry for entry in entries if entry]


def is_emoji(character):
    return 0x2600 <= ord(character) < 0x27C0 or 0x1F000 <= ord(character) < 0x1FB00


def choose(corpus, comments, feelings, terms, pieces, emoji_names):
    """Returns (entries, first vectors `[len(entries), 384]`).

    `corpus` are all texts, `comments` those of people, whose words and emoji count sooner.
    """
    tokenizer, names = wordpieces()
    known = set(names)
    common, spoken, emoji = (collections.Counter() for _ in range(3))
    for text in corpus:
        common.update(WORD.findall(text.lower()))
    for text in comments:
        spoken.update(WORD.findall(text.lower()))
        emoji.update(filter(is_emoji, text))
    used = collections.Counter()
    for encoding in tokenizer.encode_batch(corpus, add_special_tokens=False):
        used.update(encoding.ids)

    kept = [
        row
        for row, name in enumerate(names)
        if not name.startswith("[")
        and (len(name.removeprefix("##")) == 1 or used[row] > 0)
        and (name.isascii() or LATIN.match(name))
    ]
    whole = {
        word
        for word, count in common.items()
        if word.isascii() and len(word) > 2 and word not in known
        and (count >= 4 or spoken[word] >= 3 or word in feelings)
    }
    whole |= {word for term in terms for word in term.split() if word.isalpha()} - known
    signs = sorted(sign for sign, count in emoji.items() if count >= EMOJI_COUNT and sign in emoji_names)
    words = sorted(whole)
    spelled = tokenizer.encode_batch(
        words + [emoji_names[sign] for sign in signs], add_special_tokens=False
    )
    vectors = np.concatenate(
        [pieces[kept], np.stack([pieces[encoding.ids].mean(0) for encoding in spelled])]
    )
    return [names[row] for row in kept] + words + signs, vectors

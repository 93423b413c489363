"""Trains the student models from the teacher: the plain table, the classifier, the affect table."""

import dataclasses
import hashlib
import json
import random

import numpy as np
import torch

from . import classifier, corpus, moods, reader, table, taxonomy, thresholds, title_tags, vocabulary
from .tokenizer import SPELLINGS, Tokenizer

MAPPED_WEIGHT, UNMAPPED_WEIGHT = 0.35, 0.05
# How often each text is shown to the network in an epoch; the reader learns from each once, except the
# "later" ones, which it only reads.
REPEATS = {"comments": 1, "written": 3, "situations": 3, "mixed": 2, "templates": 2, "later": 3}
# How much the network is told by the reader, the rest being what was written down.
READER_SHARE = 0.5
# What the reader's families of a comment weigh, whose labels tell few of them.
READ_WEIGHT = 0.5
# How often each word for a feeling is shown to the table, beside 160,000 texts.
NAMED_REPEATS = 20
# Texts made of the written moods for the network, which is told of them what it is told of those.
MISTYPED, JOINED = 20_000, 12_000
EPOCHS = 12


@dataclasses.dataclass
class Students:
    """What the resource file is made of; tables are `[tokens, 128]`."""

    tokenizer: Tokenizer
    network: classifier.Network
    embedding: np.ndarray
    report: dict


def one_hot(lists, names):
    found = np.zeros((len(lists), len(names)), np.float32)
    for row, listed in enumerate(lists):
        for name in listed:
            found[row, names.index(name) if isinstance(name, str) else name] = 1
    return found


def derived(examples, places, seed=13):
    """Returns examples whose rows are texts at `places` mistyped, and pairs of them joined."""
    chance = random.Random(seed)
    alone = chance.choices(places, k=MISTYPED)
    rows = [moods.mistyped(examples.rows[place], chance) for place in alone]
    first, second = chance.choices(places, k=JOINED), chance.choices(places, k=JOINED)
    rows += [
        moods.joined(examples.rows[one], examples.rows[other], chance) for one, other in zip(first, second)
    ]
    both = np.maximum(examples.targets[first], examples.targets[second])
    targets = np.concatenate([examples.targets[alone], both])
    return classifier.Examples(rows, targets, examples.weights[alone + first])


class Trainer:
    """Holds the data that all students learn from."""

    def __init__(self, goemotions, teacher, emoji_names):
        self.teacher, self.families = teacher, taxonomy.families()
        self.comments, self.comment_labels = corpus.goemotions(goemotions / "train.tsv")
        self.held_out, held_labels = corpus.goemotions(goemotions / "dev.tsv")
        self.held_labels = one_hot(held_labels, taxonomy.LABELS)
        self.templates, self.moods = moods.Templates().write(), moods.written()
        self.situations, self.later = moods.situations(), moods.later()
        lemmas, glosses = corpus.wordnet_texts()
        self.texts = lemmas + glosses + self.comments
        self.sentences = teacher.sentences(self.texts)
        spoken = self.comments + [text for text, _ in self.moods + self.later + self.situations + self.templates]
        terms = [term.word for term in taxonomy.terms()]
        entries, self.first = vocabulary.choose(
            self.texts + spoken, spoken, corpus.feeling_words(), terms, teacher.pieces(), emoji_names
        )
        self.tokenizer = Tokenizer(entries)
        self.rows = self.tokenize(self.texts)
        print(f"{len(self.texts)} texts, {len(entries)} tokens, {len(self.moods) + len(self.later)} moods", flush=True)

    def tokenize(self, texts):
        """Returns each text's tokens; a text without any gets the first token."""
        return [self.tokenizer.rows_of(text) or [0] for text in texts]

    def comment_examples(self):
        labels = one_hot(self.comment_labels, taxonomy.LABELS)
        families = np.zeros((len(labels), len(self.families)), np.float32)
        weights = np.full(families.shape, UNMAPPED_WEIGHT, np.float32)
        for family, label in taxonomy.DIRECT.items():
            column = self.families.index(family)
            families[:, column] = labels[:, taxonomy.LABELS.index(label)]
            weights[:, column] = MAPPED_WEIGHT
        return classifier.Examples(
            self.comments,
            np.concatenate([labels, families], 1),
            np.concatenate([np.ones_like(labels), weights], 1),
        )

    def mood_examples(self, sentences):
        families = one_hot([listed for _, listed in sentences], self.families)
        blank = np.zeros((len(sentences), len(taxonomy.LABELS)), np.float32)
        return classifier.Examples(
            [text for text, _ in sentences],
            np.concatenate([blank, families], 1),
            np.concatenate([blank, np.ones_like(families)], 1),
        )

    def examples(self):
        """Returns kind of text -> examples."""
        sentences = {
            "written": self.moods,
            "situations": self.situations,
            "mixed": moods.mixed(self.moods + self.situations),
            "templates": self.templates,
            "later": self.later,
        }
        found = {kind: self.mood_examples(listed) for kind, listed in sentences.items()}
        return {"comments": self.comment_examples()} | found

    def kept(self, name, inputs, make):
        """Returns the array `make()`, from the cache if it was made of the same `inputs`."""
        digest = hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:12]
        store = self.teacher.cache / f"{name}-{digest}.npy"
        if not store.exists():
            np.save(store, make())
        return np.load(store)

    def told(self, examples, taught):
        """Returns the probabilities, `[texts, labels + families]`, of a reader tuned on the first `taught`."""

        def read():
            tuned = reader.Reader(examples.targets.shape[1])
            states = tuned.states(examples.rows[:taught])
            learned = classifier.Examples(states, examples.targets[:taught], examples.weights[:taught])
            tuned.tune(learned)
            # Apart, since what batches a text is read in changes the last bits.
            parts = [states, tuned.states(examples.rows[taught:])]
            return classifier.sigmoid(np.concatenate([classifier.logits(tuned, part) for part in parts if part]))

        inputs = [examples.rows, examples.targets.tolist(), examples.weights.tolist(), taught]
        return self.kept("told", [*inputs, reader.SETTINGS], read)

    def classify(self, plain):
        """Returns (trained network, its probabilities on the held-out comments)."""
        kinds = self.examples()
        assert list(kinds)[:2] == ["comments", "written"] and list(kinds)[-1] == "later"
        examples = sum(list(kinds.values())[1:], kinds["comments"])
        comments, labels, count = len(self.comments), len(taxonomy.LABELS), len(examples.rows)
        told = self.told(examples, count - len(self.later))
        targets = READER_SHARE * told + (1 - READER_SHARE) * examples.targets
        weights = examples.weights.copy()
        targets[:comments, labels:] = told[:comments, labels:]
        weights[:comments, labels:] = READ_WEIGHT
        repeats = np.concatenate([np.full(len(part.rows), REPEATS[kind]) for kind, part in kinds.items()])
        texts = classifier.Examples(examples.rows, targets, weights, repeats)
        written = [*range(comments, comments + len(self.moods)), *range(count - len(self.later), count)]
        texts += derived(texts, written)
        shown = classifier.Examples(self.tokenize(texts.rows), texts.targets, texts.weights, texts.repeats)
        torch.manual_seed(1)
        network = classifier.Network(plain, len(taxonomy.LABELS), len(self.families))
        classifier.train(network, shown, EPOCHS, network.optimizers())
        rows = self.tokenize(self.held_out)
        return network, classifier.sigmoid(classifier.predict(network, rows)[0])

    def affect(self, probabilities):
        """Returns the affect vector of each row of probabilities, `[texts, families]`."""
        of = lambda field: np.array(
            [
                np.mean([getattr(t, field) for t in taxonomy.terms() if t.family == family]) / 2
                for family in self.families
            ]
        )
        return table.affect(probabilities, of("valence"), of("arousal"))

    def embed(self, network):
        """Returns the table that knows feelings: the corpus's by the network, words' by the lists."""
        named = title_tags.named() | dict(taxonomy.nouns())
        named |= {term.word: term.family for term in taxonomy.terms()}
        words = sorted(named) * NAMED_REPEATS
        read = classifier.sigmoid(classifier.predict(network, self.rows)[1])
        said = one_hot([[named[word]] for word in words], self.families)
        return table.affect_aware(
            self.rows + self.tokenize(words),
            np.concatenate([self.sentences, self.teacher.sentences(words)]),
            self.affect(np.concatenate([read, said])),
            self.first,
        )

    def train(self):
        """Returns the `Students`."""
        plain = self.kept(
            "plain",
            [self.tokenizer.entries, SPELLINGS],
            lambda: table.distil(self.rows, self.sentences, self.first),
        )
        network, scores = self.classify(plain)
        embedding = self.embed(network)
        report = {
            "networkDevMacroF1": thresholds.macro_f1(scores, self.held_labels),
            "networkDevCrossedMacroF1": thresholds.crossed_macro_f1(scores, self.held_labels),
        }
        print(report, flush=True)
        return Students(self.tokenizer, network, embedding, report)

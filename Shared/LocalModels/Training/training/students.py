"""Trains the student models from the teacher: the plain table, the classifier, the affect table."""

import dataclasses
import hashlib
import json

import numpy as np

from . import classifier, corpus, moods, opinions, table, taxonomy, thresholds
from . import title_tags, vocabulary
from .tokenizer import SPELLINGS, Tokenizer

MAPPED_WEIGHT, UNMAPPED_WEIGHT = 0.35, 0.05
WRITTEN_REPEATS, SITUATION_REPEATS, MIXED_REPEATS, TEMPLATE_REPEATS = 4, 3, 2, 2
POOL_REPEATS = 1
ADVISER_TEMPLATES = 1_000
# How often each word for a feeling is shown to the table, beside 160,000 texts.
NAMED_REPEATS = 20
EPOCHS = 3


@dataclasses.dataclass
class Students:
    """What the resource file is made of; tables are `[tokens, 128]`."""

    tokenizer: Tokenizer
    network: classifier.Network
    embedding: np.ndarray
    thresholds: np.ndarray
    report: dict


def one_hot(lists, names):
    found = np.zeros((len(lists), len(names)), np.float32)
    for row, listed in enumerate(lists):
        for name in listed:
            found[row, names.index(name) if isinstance(name, str) else name] = 1
    return found


class Trainer:
    """Holds the data that all students learn from."""

    def __init__(self, goemotions, teacher, emoji_names):
        self.teacher, self.families = teacher, taxonomy.families()
        self.comments, self.comment_labels = corpus.goemotions(goemotions / "train.tsv")
        self.held_out, held_labels = corpus.goemotions(goemotions / "dev.tsv")
        self.held_labels = one_hot(held_labels, taxonomy.LABELS)
        self.templates, self.moods = moods.Templates().write(), moods.written()
        self.situations = moods.situations()
        lemmas, glosses = corpus.wordnet_texts()
        self.texts = lemmas + glosses + self.comments
        self.sentences = teacher.sentences(self.texts)
        spoken = self.comments + [text for text, _ in self.moods + self.situations + self.templates]
        terms = [term.word for term in taxonomy.terms()]
        entries, self.first = vocabulary.choose(
            self.texts + spoken, spoken, corpus.feeling_words(), terms, teacher.pieces(), emoji_names
        )
        self.tokenizer = Tokenizer(entries)
        self.rows = self.tokenize(self.texts)
        print(f"{len(self.texts)} texts, {len(entries)} tokens, {len(self.moods)} moods", flush=True)

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

    def mood_examples(self, texts, families, repeats):
        """Examples without labels: texts and what families they show, `[texts, families]`."""
        blank = np.zeros((len(texts), len(taxonomy.LABELS)), np.float32)
        return classifier.Examples(
            texts,
            np.concatenate([blank, families], 1),
            np.concatenate([blank, np.ones_like(families)], 1),
            np.full(len(texts), repeats),
        )

    def written_examples(self, sentences, repeats):
        texts, families = [text for text, _ in sentences], [names for _, names in sentences]
        return self.mood_examples(texts, one_hot(families, self.families), repeats)

    def advised(self, plain):
        """Returns (texts like the written moods, the adviser's opinions of them)."""
        written = self.moods + self.situations
        texts = [text for text, _ in written]
        likely = opinions.likely_words(texts, self.tokenizer.entries, plain)
        pool = sorted(
            {text for text, _ in moods.situations(most=40, seed=10)}
            | {text for text, _ in moods.mixed(written, count=3_000, seed=8)}
            | set(opinions.swapped([text for text, _ in self.moods], likely))
        )

        def ask():
            adviser = opinions.Adviser(len(self.families))
            known = written + self.templates[:ADVISER_TEMPLATES]
            adviser.learn(
                [text for text, _ in known], one_hot([names for _, names in known], self.families)
            )
            return adviser.opinions(pool)

        return pool, self.kept("opinions", [pool, written], ask)

    def kept(self, name, inputs, make):
        """Returns the array `make()`, from the cache if `inputs` and the vocabulary are the same."""
        inputs = json.dumps([self.tokenizer.entries, SPELLINGS, inputs])
        digest = hashlib.sha256(inputs.encode()).hexdigest()[:12]
        store = self.teacher.cache / f"{name}-{digest}.npy"
        if not store.exists():
            np.save(store, make())
        return np.load(store)

    def classify(self, plain, seed=1):
        """Returns (trained network, its probabilities on the held-out comments)."""
        network = classifier.Network(plain, len(taxonomy.LABELS), len(self.families))
        pool, opinions_of_pool = self.advised(plain)
        mixed = moods.mixed(self.moods + self.situations)
        examples = (
            self.comment_examples()
            + self.written_examples(self.moods, WRITTEN_REPEATS)
            + self.written_examples(self.situations, SITUATION_REPEATS)
            + self.written_examples(mixed, MIXED_REPEATS)
            + self.written_examples(self.templates, TEMPLATE_REPEATS)
            + self.mood_examples(pool, opinions_of_pool, POOL_REPEATS)
        )
        rows = self.tokenize(self.held_out)
        judge = lambda net: thresholds.macro_f1(
            classifier.sigmoid(classifier.predict(net, rows)[0]), self.held_labels
        )
        classifier.train(network, examples.mapped(self.tokenize), EPOCHS, judge, seed)
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
            "plain", [], lambda: table.distil(self.rows, self.sentences, self.first)
        )
        network, scores = self.classify(plain)
        embedding = self.embed(network)
        report = {
            "devMacroF1": thresholds.macro_f1(scores, self.held_labels),
            "devCrossedMacroF1": thresholds.crossed_macro_f1(scores, self.held_labels),
        }
        print(report, flush=True)
        tuned = thresholds.tune(scores, self.held_labels)
        return Students(self.tokenizer, network, embedding, tuned, report)

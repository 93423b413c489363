"""Trains the student models from the teacher: the plain table, the classifier, the affect table."""

import dataclasses
import hashlib
import json

import numpy as np

from . import classifier, corpus, moods, table, taxonomy, thresholds, title_tags, vocabulary
from .tokenizer import SPELLINGS, Tokenizer

MAPPED_WEIGHT, UNMAPPED_WEIGHT = 0.35, 0.05
WRITTEN_REPEATS, SITUATION_REPEATS, MIXED_REPEATS, TEMPLATE_REPEATS = 5, 3, 2, 3
# How often each word for a feeling is shown to the table, beside 160,000 texts.
NAMED_REPEATS = 20
EPOCHS = 5


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

    def mood_examples(self, sentences, repeats):
        families = one_hot([listed for _, listed in sentences], self.families)
        blank = np.zeros((len(sentences), len(taxonomy.LABELS)), np.float32)
        return classifier.Examples(
            [text for text, _ in sentences],
            np.concatenate([blank, families], 1),
            np.concatenate([blank, np.ones_like(families)], 1),
            np.full(len(sentences), repeats),
        )

    def kept(self, name, make):
        """Returns the array `make()`, from the cache if the vocabulary is the same."""
        inputs = json.dumps([self.tokenizer.entries, SPELLINGS])
        digest = hashlib.sha256(inputs.encode()).hexdigest()[:12]
        store = self.teacher.cache / f"{name}-{digest}.npy"
        if not store.exists():
            np.save(store, make())
        return np.load(store)

    def classify(self, plain, seed=1):
        """Returns (trained network, its probabilities on the held-out comments)."""
        network = classifier.Network(plain, len(taxonomy.LABELS), len(self.families))
        mixed = moods.mixed(self.moods + self.situations)
        examples = (
            self.comment_examples()
            + self.mood_examples(self.moods, WRITTEN_REPEATS)
            + self.mood_examples(self.situations, SITUATION_REPEATS)
            + self.mood_examples(mixed, MIXED_REPEATS)
            + self.mood_examples(self.templates, TEMPLATE_REPEATS)
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
            "plain", lambda: table.distil(self.rows, self.sentences, self.first)
        )
        network, scores = self.classify(plain)
        embedding = self.embed(network)
        report = {
            "networkDevMacroF1": thresholds.macro_f1(scores, self.held_labels),
            "networkDevCrossedMacroF1": thresholds.crossed_macro_f1(scores, self.held_labels),
        }
        print(report, flush=True)
        return Students(self.tokenizer, network, embedding, report)

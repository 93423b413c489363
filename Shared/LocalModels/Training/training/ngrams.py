"""Logistic regressions over words, pairs of words and pieces of words, beside the network.

A text is the set of its features, each weighing the rarer the more, all together of length 1.
"""

import collections
import struct

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from .classifier import sigmoid
from .resource import eight_bits, floats, hashed
from .tokenizer import words

LEAST, PIECES, WORDS, EDGE = 3, (3, 4, 5), 64, "\x01"
# What an error costs, beside half the square of a weight.
STRENGTH = 3.0
FIRST_STEPS, STEPS = 35, 50


def features(text):
    """Returns the features of the first 64 words, each once."""
    said = list(words(text))[:WORDS]
    found = ["w" + word for word in said]
    found += ["b" + a + " " + b for a, b in zip([EDGE, *said], [*said, EDGE])]
    for word in said:
        if len(word) < 3 or not word.isascii():
            continue
        edged = EDGE + word + EDGE
        for length in PIECES:
            found += ["c" + edged[i : i + length] for i in range(len(edged) - length + 1)]
    return list(dict.fromkeys(found))


class Regression:
    """Fitted to texts and what they tell, `[texts, outputs]` of 0 and 1; knows what the file holds,
    the `kept` features of the greatest weights."""

    def __init__(self, texts, targets, kept):
        listed = [features(text) for text in texts]
        uses = collections.Counter(name for found in listed for name in found)
        names = sorted(name for name, count in uses.items() if count >= LEAST)
        self.know(names, uses, len(texts))
        weights, _ = fit(self.rows(listed), targets, FIRST_STEPS)
        told = np.abs(weights * self.rarity[:, None]).max(1)
        places = np.sort(np.argsort(-told, kind="stable")[:kept])
        self.know([names[place] for place in places], uses, len(texts))
        weights, self.biases = fit(self.rows(listed), targets, STEPS)
        self.scales, self.values = eight_bits(weights * self.rarity[:, None])

    def know(self, names, uses, texts):
        self.names = names
        counts = np.array([uses[name] for name in names])
        self.rarity = (np.log((1 + texts) / (1 + counts)) + 1).astype(np.float32)

    def rows(self, listed):
        """Returns the texts as rows of length 1, `[texts, features]`."""
        places = {name: place for place, name in enumerate(self.names)}
        known = [[places[name] for name in found if name in places] for found in listed]
        starts = np.concatenate([[0], np.cumsum([len(found) for found in known])])
        indices = np.array([place for found in known for place in found], np.int32)
        lengths = [max(1e-6, np.sqrt((self.rarity[found] ** 2).sum())) for found in known]
        values = self.rarity[indices] / np.repeat(lengths, np.diff(starts))
        shape = (len(listed), len(places))
        return csr_matrix((values.astype(np.float32), indices, starts), shape=shape)

    def __call__(self, texts):
        """Returns the log-odds of each output, `[texts, outputs]`."""
        rows = self.rows([features(text) for text in texts])
        weights = self.values * self.scales / self.rarity[:, None]
        return np.asarray(rows @ weights + self.biases, np.float32)

    def section(self):
        """`resource.hashed`, u32 outputs, f32 scale and f32 bias an output, f32 rarity a feature,
        i8 weights with the rarity in them, `[features, outputs filled up to eights]`."""
        values = np.pad(self.values, ((0, 0), (0, -self.values.shape[1] % 8)))
        return (
            hashed(self.names)
            + struct.pack("<I", len(self.biases))
            + floats(self.scales)
            + floats(self.biases)
            + floats(self.rarity)
            + values.tobytes()
        )


def fit(rows, targets, steps):
    """Returns (weights `[features, outputs]`, biases) after `steps` of L-BFGS for all at once."""
    columns = rows.T.tocsr()
    shape = (rows.shape[1] + 1, targets.shape[1])
    often = targets.mean(0).clip(1e-6, 1 - 1e-6)

    def cost(flat):
        weights = flat.astype(np.float32).reshape(shape)
        odds = rows @ weights[:-1] + weights[-1]
        errors = STRENGTH * (sigmoid(odds) - targets)
        loss = STRENGTH * (np.logaddexp(0, odds) - targets * odds).sum(dtype=np.float64)
        loss += 0.5 * (weights[:-1] ** 2).sum(dtype=np.float64)
        slopes = np.concatenate([columns @ errors + weights[:-1], errors.sum(0)[None]])
        return loss, slopes.astype(np.float64).ravel()

    start = np.zeros(shape)
    start[-1] = np.log(often / (1 - often))
    options = {"maxiter": steps, "maxcor": 8}
    found = minimize(cost, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    weights = found.x.astype(np.float32).reshape(shape)
    return weights[:-1], weights[-1]

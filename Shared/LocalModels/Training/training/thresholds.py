"""Where a probability becomes a label, and how well that does."""

import numpy as np

RARE = 40


def f1(predicted, actual):
    """Returns one F1 a column of two 0/1 matrices."""
    hits = (predicted * actual).sum(0)
    return 2 * hits / np.maximum(1, predicted.sum(0) + actual.sum(0))


def best(scores, actual):
    """Returns the threshold of one label with the best F1."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(actual[order])
    reached = 2 * hits / (np.arange(1, len(order) + 1) + actual.sum())
    top = int(np.argmax(reached))
    return (scores[order[top]] + scores[order[min(top + 1, len(order) - 1)]]) / 2


def tune(scores, actual):
    """Returns one threshold a label, a rare label's drawn towards the common one."""
    grid = np.arange(0.05, 0.6, 0.01)
    common = max(grid, key=lambda at: f1(scores > at, actual).mean())
    own = np.array([best(scores[:, c], actual[:, c]) for c in range(scores.shape[1])])
    trust = actual.sum(0) / (actual.sum(0) + RARE)
    return (trust * own + (1 - trust) * common).astype(np.float32)


def macro_f1(scores, actual, thresholds=None):
    thresholds = tune(scores, actual) if thresholds is None else thresholds
    return float(f1(scores > thresholds, actual).mean())


def crossed_macro_f1(scores, actual):
    """Returns macro-F1 where each half is judged by the other half's thresholds."""
    even = np.arange(len(scores)) % 2 == 0
    predicted = np.zeros_like(actual)
    for half in (even, ~even):
        predicted[half] = scores[half] > tune(scores[~half], actual[~half])
    return float(f1(predicted, actual).mean())

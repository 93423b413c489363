"""From a title's description to its genres, and what is usual among titles."""

import ast
import csv

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score


def titles(path):
    """Returns (title, description, genres) of each row that has a description."""
    with open(path, newline="", encoding="utf-8") as file:
        found = []
        for row in csv.DictReader(file):
            genres = row["genres"].strip().replace("{", "[").replace("}", "]") or "[]"
            if row["description"].strip():
                found.append((row["title"], row["description"], sorted(ast.literal_eval(genres))))
        return found


def head(vectors, genres, names):
    """Fits one logistic regression a genre.

    Returns (weights `[genres, dimensions]`, biases, base rates, mean AUC on a held-out half).
    """
    actual = np.array([[name in listed for name in names] for listed in genres])
    order = np.random.RandomState(4).permutation(len(vectors))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    fit = lambda rows, column: LogisticRegression(C=10, max_iter=300).fit(
        vectors[rows], actual[rows, column]
    )
    areas = [
        roc_auc_score(actual[second, c], fit(first, c).predict_proba(vectors[second])[:, 1])
        for c in range(len(names))
    ]
    fitted = [fit(order, c) for c in range(len(names))]
    weights = np.stack([model.coef_[0] for model in fitted])
    biases = np.array([model.intercept_[0] for model in fitted])
    return weights, biases, actual.mean(0), float(np.mean(areas))


def usual(values):
    """Returns (mean, deviation) a column."""
    return values.mean(0), np.maximum(values.std(0), 1e-6)

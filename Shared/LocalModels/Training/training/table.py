"""Static embedding tables: one vector a token, whose sum imitates the teacher's sentence vector."""

import numpy as np
import torch

DIMENSIONS = 128
EPOCHS = 6
BATCH = 512
RATE = 6e-3
SMOOTHING = 1e-3
AFFECT_SHARE = 0.3


def unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def principal(vectors):
    """Returns the projection onto the first `DIMENSIONS` directions, `[width, DIMENSIONS]`."""
    sample = np.random.RandomState(0).choice(len(vectors), min(20_000, len(vectors)), False)
    return np.linalg.svd(vectors[sample], full_matrices=False)[2][:DIMENSIONS].T


def rarity(rows, count):
    """Returns the smooth inverse frequency of each token, `[count, 1]`."""
    uses = np.bincount(np.concatenate([np.array(r, int) for r in rows]), minlength=count)
    return (SMOOTHING / (SMOOTHING + (uses + 1) / uses.sum()))[:, None]


def distil(rows, targets, first, seed=1):
    """Fits a table so that the normalised sum of a text's rows points as its target does.

    - rows: one list of tokens a text, none empty.
    - targets: `[texts, any width]`; projected here.
    - first: the tokens' own vectors in the first columns of the targets' space, `[tokens, <= width]`.
    Returns the table, `[tokens, DIMENSIONS]`.
    """
    torch.manual_seed(seed)
    projection = principal(targets)
    goal = torch.nn.functional.normalize(torch.tensor(targets @ projection), dim=1)
    bag = torch.nn.EmbeddingBag(len(first), DIMENSIONS, mode="sum", sparse=True)
    start = (first @ projection[: first.shape[1]]) * rarity(rows, len(first))
    bag.weight.data = torch.tensor(start, dtype=torch.float32)
    optimizer = torch.optim.SparseAdam(bag.parameters(), lr=RATE)
    steps = EPOCHS * (len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.02, 1 - step / steps))
    for epoch in range(EPOCHS):
        order = np.random.RandomState(seed * 100 + epoch).permutation(len(rows))
        total = 0.0
        for begin in range(0, len(rows) - BATCH + 1, BATCH):
            batch = order[begin : begin + BATCH]
            texts = [rows[i] for i in batch]
            offsets = np.cumsum([0] + [len(text) for text in texts[:-1]])
            sums = bag(torch.tensor(np.concatenate(texts)), torch.tensor(offsets))
            found, wanted = torch.nn.functional.normalize(sums, dim=1), goal[batch]
            likeness = ((found @ found.T - wanted @ wanted.T) ** 2).mean()
            loss = (1 - (found * wanted).sum(1)).mean() + 10 * likeness
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  table epoch {epoch} loss {total / (len(rows) // BATCH):.4f}", flush=True)
    return bag.weight.detach().numpy()


def affect(families, valence, arousal):
    """Returns what a text makes one feel as a vector, short where it makes one feel little.

    - families: probabilities, `[texts, 40]`; valence and arousal: one number a family, -1...1.
    """
    mass = families.sum(1, keepdims=True)
    share = families / np.maximum(mass, 0.5)
    length = np.linalg.norm(share, axis=1, keepdims=True)
    strength = np.minimum(1, mass / 0.5)
    direction = share / np.maximum(length, 1e-6)
    return np.concatenate(
        [0.7 * direction * strength, (share @ valence)[:, None], 0.3 * (share @ arousal)[:, None]], 1
    ).astype(np.float32)


def affect_aware(rows, sentences, feelings, first, seed=1):
    """Distils a teacher that also knows feelings, so that antonyms part."""
    targets = np.concatenate(
        [np.sqrt(1 - AFFECT_SHARE) * sentences, np.sqrt(AFFECT_SHARE) * feelings], 1
    )
    return distil(rows, targets, np.sqrt(1 - AFFECT_SHARE) * first, seed)


def embed(table, rows):
    """Returns the unit vector of each text, `[texts, DIMENSIONS]`; zero where it has no token."""
    sums = [table[r].sum(0) if r else np.zeros(table.shape[1]) for r in rows]
    return unit(np.stack(sums)).astype(np.float32)

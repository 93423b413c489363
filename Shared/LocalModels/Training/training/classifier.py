"""A small convolutional network that reads feelings: 28 GoEmotions labels and 40 families."""

import numpy as np
import torch

from .table import DIMENSIONS

FILTERS = 96
WIDTHS = (2, 3)
HIDDEN = 192
WINDOW = 64
BATCH = 64
FEATURES = 2 * DIMENSIONS + len(WIDTHS) * FILTERS
START_BIAS = -3.0


class Network(torch.nn.Module):
    """Tokens `[batch, length]`, the last row of the table being padding, to two heads' logits.

    Padding by a filter's whole width lets every text see an empty window, whatever its batch.
    """

    def __init__(self, table, labels, families, drop=0.3):
        super().__init__()
        self.padding = len(table)
        self.table = torch.nn.Embedding(
            len(table) + 1, DIMENSIONS, padding_idx=self.padding, sparse=True
        )
        scaled = table * (0.3 / np.abs(table).mean())
        padded = np.concatenate([scaled, np.zeros((1, DIMENSIONS))]).astype(np.float32)
        self.table.weight.data = torch.tensor(padded)
        self.input_drop = torch.nn.Dropout(0.2)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(DIMENSIONS, FILTERS, width, padding=width) for width in WIDTHS
        )
        self.hidden = torch.nn.Linear(FEATURES, HIDDEN)
        self.drop = torch.nn.Dropout(drop)
        self.labels = torch.nn.Linear(HIDDEN, labels)
        self.families = torch.nn.Linear(HIDDEN, families)
        torch.nn.init.constant_(self.labels.bias, START_BIAS)
        torch.nn.init.constant_(self.families.bias, START_BIAS)

    def forward(self, tokens):
        mask = (tokens != self.padding).unsqueeze(-1).float()
        vectors = self.input_drop(self.table(tokens)) * mask
        mean = vectors.sum(1) / mask.sum(1).clamp(min=1).sqrt()
        highest = (vectors - 1e4 * (1 - mask)).max(1).values
        columns = vectors.transpose(1, 2)
        peaks = [torch.relu(c(columns)).max(2).values for c in self.convolutions]
        features = self.drop(torch.cat([mean, highest, *peaks], 1))
        hidden = self.drop(torch.relu(self.hidden(features)))
        return self.labels(hidden), self.families(hidden)


def padded(texts, padding):
    tokens = np.full((len(texts), max(map(len, texts))), padding)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = text
    return torch.tensor(tokens)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def predict(network, rows):
    """Returns logits (`[texts, labels]`, `[texts, families]`); no text may be empty."""
    network.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    labels = np.zeros((len(rows), network.labels.out_features), np.float32)
    families = np.zeros((len(rows), network.families.out_features), np.float32)
    with torch.inference_mode():
        for begin in range(0, len(order), 256):
            batch = order[begin : begin + 256]
            first, second = network(padded([rows[i][:WINDOW] for i in batch], network.padding))
            labels[batch], families[batch] = first.numpy(), second.numpy()
    return labels, families


class Examples:
    """Texts, or their tokens, with targets and how much each counts, `[texts, outputs]` both."""

    def __init__(self, rows, targets, weights, repeats=None):
        self.rows = rows
        self.targets, self.weights = targets.astype(np.float32), weights.astype(np.float32)
        self.repeats = np.ones(len(rows), int) if repeats is None else repeats

    def __add__(self, other):
        return Examples(
            self.rows + other.rows,
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.repeats, other.repeats]),
        )

    def mapped(self, tokenize):
        """Returns the same examples with what `tokenize` makes of all texts."""
        rows = [row[:WINDOW] for row in tokenize(self.rows)]
        return Examples(rows, self.targets, self.weights, self.repeats)

    def batches(self, chance):
        """Yields each text `repeats` times in mixed batches of similar length."""
        order = chance.permutation(np.repeat(np.arange(len(self.rows)), self.repeats))
        batches = []
        for begin in range(0, len(order), BATCH * 64):
            near = sorted(order[begin : begin + BATCH * 64], key=lambda i: len(self.rows[i]))
            batches += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
        for number in chance.permutation(len(batches)):
            yield batches[number]


def train(network, examples, epochs, score, seed=1, rate=1e-3, table_rate=2e-3):
    """Trains in place and keeps the epoch with the best `score(network)`."""
    torch.manual_seed(seed)
    chance = np.random.RandomState(seed)
    rest = [value for name, value in network.named_parameters() if not name.startswith("table.")]
    optimizers = [
        torch.optim.AdamW(rest, lr=rate, weight_decay=0.01),
        torch.optim.SparseAdam([network.table.weight], lr=table_rate),
    ]
    steps = epochs * (int(examples.repeats.sum()) // BATCH + 1)
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.01, 1 - step / steps))
        for optimizer in optimizers
    ]
    targets, weights = torch.tensor(examples.targets), torch.tensor(examples.weights)
    best = (-1.0, None)
    for epoch in range(epochs):
        network.train()
        for batch in examples.batches(chance):
            logits = torch.cat(network(padded([examples.rows[i] for i in batch], network.padding)), 1)
            losses = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, targets[batch], reduction="none"
            )
            loss = (losses * weights[batch]).sum(1).mean()
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer, schedule in zip(optimizers, schedules):
                optimizer.step()
                schedule.step()
        reached = score(network)
        print(f"  classifier epoch {epoch} score {reached:.4f}", flush=True)
        if reached >= best[0]:
            best = (reached, {name: value.clone() for name, value in network.state_dict().items()})
    network.load_state_dict(best[1])
    return network

"""A small network that reads feelings, 28 GoEmotions labels and 40 families: filters over neighbouring
tokens, and filters that see what each token attends to besides its neighbours."""

import numpy as np
import torch

from .table import DIMENSIONS

FILTERS = 96
WIDTHS = (2, 3)
# Attention: heads, numbers of a query or key, filters (32 a head), and the distance beyond which all count
# the same. `Attention.swift` has the 16 and the 32, too.
HEADS, KEY, ATTENDING, REACH = 4, 16, 128, 16
HIDDEN = 192
WINDOW = 64
BATCH = 64
FEATURES = 2 * DIMENSIONS + len(WIDTHS) * FILTERS + ATTENDING
START_BIAS = -3.0
RATE, TABLE_RATE, WARM_UP = 1e-3, 2e-3, 0.03


class Network(torch.nn.Module):
    """Tokens `[batch, length]`, the last row of the table being padding, to two heads' logits.

    Padding by a filter's whole width lets every text see an empty window, whatever its batch; the filters
    that attend stand at each token and see no such window.
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
        self.near = torch.nn.Conv1d(DIMENSIONS, ATTENDING, 3, padding=1)
        self.queries = torch.nn.Linear(DIMENSIONS, HEADS * KEY)
        self.keys = torch.nn.Linear(DIMENSIONS, HEADS * KEY, bias=False)
        self.values = torch.nn.Linear(DIMENSIONS, ATTENDING, bias=False)
        self.distances = torch.nn.Parameter(torch.zeros(HEADS, 2 * REACH + 1))
        self.hidden = torch.nn.Linear(FEATURES, HIDDEN)
        self.drop = torch.nn.Dropout(drop)
        self.labels = torch.nn.Linear(HIDDEN, labels)
        self.families = torch.nn.Linear(HIDDEN, families)
        torch.nn.init.constant_(self.labels.bias, START_BIAS)
        torch.nn.init.constant_(self.families.bias, START_BIAS)

    def forward(self, tokens):
        seen = tokens != self.padding
        mask = seen.unsqueeze(-1).float()
        vectors = self.input_drop(self.table(tokens)) * mask
        mean = vectors.sum(1) / mask.sum(1).clamp(min=1).sqrt()
        highest = (vectors - 1e4 * (1 - mask)).max(1).values
        columns = vectors.transpose(1, 2)
        peaks = [torch.relu(c(columns)).max(2).values for c in self.convolutions]
        near = self.near(columns).transpose(1, 2)
        attending = torch.relu(near + self.attended(vectors, seen)) * mask
        features = self.drop(torch.cat([mean, highest, *peaks, attending.max(1).values], 1))
        hidden = self.drop(torch.relu(self.hidden(features)))
        return torch.cat([self.labels(hidden), self.families(hidden)], 1)

    def attended(self, vectors, seen):
        """Returns the sum of the values each token attends to, `[batch, length, filters]`."""
        batch, length, _ = vectors.shape
        heads = lambda rows: rows.view(batch, length, HEADS, -1).transpose(1, 2)
        places = torch.arange(length)
        distances = (places[None] - places[:, None]).clamp(-REACH, REACH) + REACH
        weights = heads(self.queries(vectors)) @ heads(self.keys(vectors)).transpose(2, 3) / KEY**0.5
        weights = weights + self.distances[:, distances] - 1e4 * (~seen)[:, None, None].float()
        found = weights.softmax(3) @ heads(self.values(vectors))
        return found.transpose(1, 2).reshape(batch, length, ATTENDING)

    def layers(self):
        """Returns the layers in the order in which a resource file holds them."""
        attention = [self.near, self.queries, self.keys, self.values]
        return [*self.convolutions, *attention, self.hidden, self.labels, self.families]

    def read(self, rows):
        """Returns the logits of texts by their tokens, `[texts, labels + families]`."""
        return self(padded([row[:WINDOW] for row in rows], self.padding))

    def optimizers(self):
        rest = [value for name, value in self.named_parameters() if not name.startswith("table.")]
        return [
            torch.optim.AdamW(rest, lr=RATE, weight_decay=0.01),
            torch.optim.SparseAdam([self.table.weight], lr=TABLE_RATE),
        ]


def padded(texts, padding):
    tokens = np.full((len(texts), max(map(len, texts))), padding)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = text
    return torch.tensor(tokens)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def logits(model, rows, batch_size=256):
    """Returns what `model.read` makes of all rows, `[rows, outputs]`; no row may be empty."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    found = None
    with torch.inference_mode():
        for begin in range(0, len(order), batch_size):
            batch = order[begin : begin + batch_size]
            read = model.read([rows[place] for place in batch]).numpy()
            if found is None:
                found = np.zeros((len(rows), read.shape[1]), np.float32)
            found[batch] = read
    return found


def predict(network, rows):
    """Returns logits (`[texts, labels]`, `[texts, families]`); no text may be empty."""
    found = logits(network, rows)
    return np.split(found, [network.labels.out_features], axis=1)


class Examples:
    """What is learned from: rows (a text's tokens, say) with targets and how much each counts,
    `[rows, outputs]` both, and how often each is shown an epoch."""

    def __init__(self, rows, targets, weights, repeats=1):
        self.rows = rows
        self.targets, self.weights = targets.astype(np.float32), weights.astype(np.float32)
        self.repeats = np.broadcast_to(repeats, len(rows))

    def __add__(self, other):
        return Examples(
            self.rows + other.rows,
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.repeats, other.repeats]),
        )

    def batches(self, chance):
        """Yields each text `repeats` times in mixed batches of similar length."""
        order = chance.permutation(np.repeat(np.arange(len(self.rows)), self.repeats))
        batches = []
        for begin in range(0, len(order), BATCH * 64):
            near = sorted(order[begin : begin + BATCH * 64], key=lambda i: len(self.rows[i]))
            batches += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
        for number in chance.permutation(len(batches)):
            yield batches[number]


def train(model, examples, epochs, optimizers, seed=1):
    """Trains in place: what `model.read` makes of the examples' rows draws near their targets."""
    torch.manual_seed(seed)
    chance = np.random.RandomState(seed)
    steps = epochs * (int(examples.repeats.sum()) // BATCH + 1)
    rate = lambda step: min((step + 1) / (WARM_UP * steps), max(0.01, 1 - step / steps))
    schedules = [torch.optim.lr_scheduler.LambdaLR(optimizer, rate) for optimizer in optimizers]
    targets, weights = torch.tensor(examples.targets), torch.tensor(examples.weights)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for batch in examples.batches(chance):
            read = model.read([examples.rows[place] for place in batch])
            losses = torch.nn.functional.binary_cross_entropy_with_logits(
                read, targets[batch], reduction="none"
            )
            loss = (losses * weights[batch]).sum(1).mean()
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer, schedule in zip(optimizers, schedules):
                optimizer.step()
                schedule.step()
            total += loss.item()
        print(f"  {type(model).__name__} epoch {epoch} loss {total * epochs / steps:.4f}", flush=True)

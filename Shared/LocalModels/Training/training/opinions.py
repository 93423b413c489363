"""What a fine-tuned all-MiniLM-L6-v2 thinks of texts, for the small network to learn from.

The written moods are few for a network that knows words only by its table. A transformer that was
shown them tells the families of many more texts: the moods with words swapped for likely ones.
"""

import random
import re

import numpy as np
import torch

from .teacher import model_folder

EPOCHS = 2
BATCH = 32
SORTED = 2048
RATE, HEAD_RATE = 8e-5, 2e-3
WARM_UP = 50
MAX_TOKENS = 64
START_BIAS = -3.0
# The layers that stay as they are: the lower ones, which cost time and learn little.
FROZEN_LAYERS = 2

SWAP_CHANCE = 0.3
NEAREST = 8
LEAST_LIKENESS = 0.45
STOP_WORDS = set(
    "the and you was for with not are but have this that his her they she him our all out has had "
    "how who what when why from too its one don't can't any been about just were your did can will "
    "get got".split()
)


class Adviser:
    """all-MiniLM-L6-v2 with a linear layer to families on its mean vector."""

    def __init__(self, families, seed=1):
        from transformers import AutoModel, AutoTokenizer

        torch.manual_seed(seed)
        self.tokenizer = AutoTokenizer.from_pretrained(model_folder())
        self.encoder = AutoModel.from_pretrained(model_folder())
        self.head = torch.nn.Linear(384, families)
        torch.nn.init.constant_(self.head.bias, START_BIAS)
        for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:FROZEN_LAYERS]):
            part.requires_grad_(False)

    def logits(self, texts, drop=0.0):
        tokens = self.tokenizer(
            texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        states = self.encoder(**tokens).last_hidden_state
        mean = (states * mask).sum(1) / mask.sum(1)
        return self.head(torch.nn.functional.dropout(mean, drop))

    def learn(self, texts, targets):
        """Fits texts to their families, `[texts, families]` of 0 and 1."""
        optimizer = torch.optim.AdamW(
            [
                {
                    "params": [p for p in self.encoder.parameters() if p.requires_grad],
                    "lr": RATE,
                },
                {"params": self.head.parameters(), "lr": HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        steps = EPOCHS * (len(texts) // BATCH + 1)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1, step / WARM_UP) * max(0.01, 1 - step / steps)
        )
        goal = torch.tensor(targets)
        for epoch in range(EPOCHS):
            self.encoder.train()
            total = 0.0
            for batch in self.batches(texts, np.random.RandomState(epoch)):
                losses = torch.nn.functional.binary_cross_entropy_with_logits(
                    self.logits([texts[i] for i in batch], drop=0.1), goal[batch], reduction="none"
                )
                loss = losses.sum(1).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item()
            print(f"  adviser epoch {epoch} loss {total / (len(texts) / BATCH):.4f}", flush=True)

    @staticmethod
    def batches(texts, chance):
        """Yields mixed batches of texts of similar length."""
        order = chance.permutation(len(texts))
        found = []
        for begin in range(0, len(order), SORTED):
            near = sorted(order[begin : begin + SORTED], key=lambda i: len(texts[i]))
            found += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
        for number in chance.permutation(len(found)):
            yield found[number]

    def opinions(self, texts):
        """Returns one probability a family of each text, `[texts, families]`."""
        self.encoder.eval()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = np.zeros((len(texts), self.head.out_features), np.float32)
        with torch.inference_mode():
            for begin in range(0, len(order), 2 * BATCH):
                batch = order[begin : begin + 2 * BATCH]
                found[batch] = torch.sigmoid(self.logits([texts[i] for i in batch])).numpy()
        return found


def likely_words(texts, entries, table):
    """Returns word -> words that could stand in its place, of all words of `texts` but stop words.

    - entries, table: the vocabulary and its vectors, `[entries, dimensions]`.
    """
    kept = [row for row, entry in enumerate(entries) if entry.isascii() and entry.isalpha() and len(entry) > 2]
    vectors = table[kept] / np.maximum(np.linalg.norm(table[kept], axis=1, keepdims=True), 1e-9)
    place = {entries[row]: index for index, row in enumerate(kept)}
    spoken = {word for text in texts for word in re.findall("[a-z]+", text.lower())}
    words = sorted((spoken & place.keys()) - STOP_WORDS)
    found = {}
    for begin in range(0, len(words), 500):
        part = words[begin : begin + 500]
        likeness = vectors[[place[word] for word in part]] @ vectors.T
        for word, row in zip(part, likeness):
            nearest = np.argsort(-row, kind="stable")[: NEAREST + 1]
            found[word] = [
                entries[kept[index]]
                for index in nearest
                if entries[kept[index]] != word and row[index] > LEAST_LIKENESS
            ]
    return found


def swapped(texts, likely, copies=3, seed=4):
    """Returns texts with some words swapped for likely ones, up to `copies` of each text."""
    chance = random.Random(seed)
    found = set()
    for text in texts:
        for _ in range(copies):
            parts = re.split("([A-Za-z]+)", text)
            for index in range(1, len(parts), 2):
                others = likely.get(parts[index].lower())
                if others and chance.random() < SWAP_CHANCE:
                    parts[index] = chance.choice(others)
            found.add("".join(parts))
    return sorted(found - set(texts))

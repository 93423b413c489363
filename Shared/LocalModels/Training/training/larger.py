"""MiniLM fine-tuned to read feelings: too large to ship, but its opinions teach the small network."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from .classifier import START_BIAS, Examples, sigmoid
from .teacher import model_folder

BATCH = 48
MAX_TOKENS = 64


class Larger(torch.nn.Module):
    """The transformer's mean-pooled states under two heads, as in `classifier.Network`."""

    def __init__(self, labels, families):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(model_folder())
        self.encoder.embeddings.requires_grad_(False)
        self.drop = torch.nn.Dropout(0.1)
        self.labels = torch.nn.Linear(384, labels)
        self.families = torch.nn.Linear(384, families)
        torch.nn.init.constant_(self.labels.bias, START_BIAS)
        torch.nn.init.constant_(self.families.bias, START_BIAS)

    def forward(self, tokens, mask):
        states = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).float()
        pooled = self.drop((states * weight).sum(1) / weight.sum(1))
        return torch.cat([self.labels(pooled), self.families(pooled)], 1)


def pieces(texts):
    tokenizer = AutoTokenizer.from_pretrained(model_folder())
    return tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]


def filled(texts):
    tokens = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    mask = torch.zeros_like(tokens)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return tokens, mask


def fit(model, examples, rate=1e-4, warmup=100, seed=7):
    """Fine-tunes in place, in one pass over `Examples` whose rows are wordpieces."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = np.random.RandomState(seed)
    heads = [*model.labels.parameters(), *model.families.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": model.encoder.encoder.parameters(), "lr": rate},
         {"params": heads, "lr": 1e-3}],
        weight_decay=0.01,
    )
    steps = int(examples.repeats.sum()) // BATCH + 1
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, step / warmup) * max(0.01, 1 - step / steps)
    )
    targets, weights = torch.tensor(examples.targets), torch.tensor(examples.weights)
    model.train()
    for step, batch in enumerate(examples.batches(chance, BATCH)):
        logits = model(*filled([examples.rows[i] for i in batch]))
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, targets[batch], reduction="none"
        )
        loss = (losses * weights[batch]).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"  larger step {step}/{steps} loss {loss.item():.3f}", flush=True)


def opinions(model, texts):
    """Returns probabilities, `[texts, labels + families]`."""
    model.eval()
    rows = pieces(texts)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    found = np.zeros((len(rows), model.labels.out_features + model.families.out_features), np.float32)
    with torch.inference_mode():
        for begin in range(0, len(order), 128):
            batch = order[begin : begin + 128]
            found[batch] = model(*filled([rows[i] for i in batch])).numpy()
    return sigmoid(found)

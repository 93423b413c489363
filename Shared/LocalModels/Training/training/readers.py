"""What reads beside the network: regressions for GoEmotions' labels and for families, and thresholds."""

import dataclasses

import numpy as np

from . import corpus, moods, ngrams, stored, taxonomy, thresholds
from .classifier import predict, sigmoid
from .resource import floats
from .students import one_hot
from .tokenizer import Tokenizer

LABEL_FEATURES, FAMILY_FEATURES = 20_000, 16_000


@dataclasses.dataclass
class Readers:
    """All that reads feelings, as it is stored, so rounded."""

    tokenizer: Tokenizer
    network: object
    embedding: np.ndarray
    labels: ngrams.Regression
    families: ngrams.Regression


def sections(goemotions, tokenize, network, families):
    """Returns (sections, the regressions of labels and of families, figures on GoEmotions' dev).

    - goemotions: the folder of `train.tsv` and `dev.tsv`.
    - network: as it is stored, so rounded.
    """
    texts, said = corpus.goemotions(goemotions / "train.tsv")
    held_out, held_said = corpus.goemotions(goemotions / "dev.tsv")
    labels = ngrams.Regression(texts, one_hot(said, taxonomy.LABELS), LABEL_FEATURES)
    written = moods.written() + moods.later() + moods.situations() + moods.Templates().write()
    told = ngrams.Regression(
        [text for text, _ in written],
        one_hot([listed for _, listed in written], families),
        FAMILY_FEATURES,
    )
    scores = together(predict(network, tokenize(held_out))[0], labels(held_out))
    actual = one_hot(held_said, taxonomy.LABELS)
    report = {
        "devMacroF1": thresholds.macro_f1(scores, actual),
        "devCrossedMacroF1": thresholds.crossed_macro_f1(scores, actual),
    }
    tuned = thresholds.tune(scores, actual)
    found = {"GRAM": labels.section(), "GRAF": told.section(), "THRS": floats(tuned)}
    return found, (labels, told), report


def together(network, regression):
    """Returns the probabilities that the mean of two readers' log-odds stands for."""
    return sigmoid((network + regression) / 2)


def renewed(kept, goemotions):
    """Returns (sections, `Readers`, figures): a file's sections (`kept`), with regressions made anew."""
    tokenizer = stored.tokenizer(kept["HASH"])
    families = kept["FAMS"].decode().splitlines()
    network = stored.network(kept, len(taxonomy.LABELS), len(families))
    tokenize = lambda texts: [tokenizer.rows_of(text) or [0] for text in texts]
    found, regressions, report = sections(goemotions, tokenize, network, families)
    made = {}
    for tag, data in kept.items():
        if tag == "THRS":
            made |= found
        elif tag not in found:
            made[tag] = data
    return made, Readers(tokenizer, network, stored.unpacked(kept["EMBA"]), *regressions), report

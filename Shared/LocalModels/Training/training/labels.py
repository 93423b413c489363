"""What reads GoEmotions' labels beside the network: the regressions and the thresholds of both."""

from . import corpus, ngrams, stored, taxonomy, thresholds
from .classifier import predict, sigmoid
from .resource import floats
from .students import one_hot


def sections(goemotions, tokenize, network):
    """Returns (sections, the regressions, figures on the development comments).

    - goemotions: the folder of `train.tsv` and `dev.tsv`.
    - network: as it is stored, so rounded.
    """
    texts, said = corpus.goemotions(goemotions / "train.tsv")
    held_out, held_said = corpus.goemotions(goemotions / "dev.tsv")
    regression = ngrams.Regression(texts, one_hot(said, taxonomy.LABELS))
    scores = together(predict(network, tokenize(held_out))[0], regression(held_out))
    actual = one_hot(held_said, taxonomy.LABELS)
    report = {
        "devMacroF1": thresholds.macro_f1(scores, actual),
        "devCrossedMacroF1": thresholds.crossed_macro_f1(scores, actual),
    }
    tuned = thresholds.tune(scores, actual)
    return {"GRAM": regression.section(), "THRS": floats(tuned)}, regression, report


def together(network, regression):
    """Returns the probabilities that the mean of two readers' log-odds stands for."""
    return sigmoid((network + regression) / 2)


def renewed(kept, goemotions):
    """Returns (sections, readers, figures): a file's sections (`kept`), those of labels made anew.

    The readers are what the fixture is written from: tokenizer, network, embedding, regressions.
    """
    tokenizer = stored.tokenizer(kept["HASH"])
    families = kept["FAMS"].decode().splitlines()
    network = stored.network(kept["EMBC"], kept["CNNW"], len(taxonomy.LABELS), len(families))
    tokenize = lambda texts: [tokenizer.rows_of(text) or [0] for text in texts]
    found, regression, report = sections(goemotions, tokenize, network)
    made = {}
    for tag, data in kept.items():
        if tag == "THRS":
            made |= found
        elif tag not in found:
            made[tag] = data
    return made, (tokenizer, network, stored.unpacked(kept["EMBA"]), regression), report

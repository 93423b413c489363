"""What is learned of titles: the plot head, the tags and the emoji of things."""

import numpy as np

from . import lexicons, plot, plot_emoji, stored, table, taxonomy, title_tags
from .classifier import predict
from .resource import floats, lines, weighted

# Sections of lexicons.py that only titles use.
LISTS = ("GENR", "FEMO")


def sections(catalog, tokenize, embedding, network, families):
    """Returns (sections, the plot head's mean AUC on titles it has not seen).

    - catalog: (title, description, genres) of each title.
    - tokenize: from texts to lists of tokens, none of which is empty.
    - embedding, network: as they are stored, so rounded.
    """
    descriptions = [description for _, description, _ in catalog]
    rows = tokenize(descriptions)
    vectors = table.embed(embedding, rows)
    names = list(title_tags.genres())
    genres = [genres for *_, genres in catalog]
    weights, biases, base, area = plot.head(vectors, genres, names)
    tags = title_tags.sections(
        families,
        base,
        vectors,
        predict(network, rows)[1],
        lambda texts: table.embed(embedding, tokenize(texts)),
    )
    found = tags | {
        "PLOT": floats(np.concatenate([weights, biases[:, None], base[:, None]], 1)),
        "OBJE": lines(
            f"{word}\t{weighted(signs)}" for word, signs in plot_emoji.index(descriptions).items()
        ),
    }
    return found, area


def renewed(kept, catalog):
    """Returns all sections of a file (`kept`), those that titles use made anew."""
    tokenizer = stored.tokenizer(kept["HASH"])
    families = kept["FAMS"].decode().splitlines()
    network = stored.network(kept, len(taxonomy.LABELS), len(families))
    found, _ = sections(
        catalog,
        lambda texts: [tokenizer.rows_of(text) or [0] for text in texts],
        stored.unpacked(kept["EMBA"]),
        network,
        families,
    )
    lists = lexicons.sections()
    return kept | found | {tag: lists[tag] for tag in LISTS}

"""Trains everything and writes the resource file and the parity fixture.

    python -m training --goemotions DIR --titles FILE --out DIR [--cache DIR]
    python -m training --titles-only MODEL --titles FILE --out DIR
    python -m training --regressions-only MODEL --goemotions DIR --out DIR

The second way makes only what titles use anew, and the third only what reads beside the network,
with the parity fixture: from the tables and the network of a file that the first way wrote, the
same bytes as the first way would write, in minutes.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from . import fixture, lexicons, plot, readers, resource, stored, taxonomy, titles
from .resource import lines
from .students import Trainer
from .teacher import Teacher
from .tokenizer import FOLDED, fold


def folds():
    """u32 scalar, then up to three u32 scalars it is read as, 0 where there are fewer."""
    found = []
    for scalar in range(0x80, FOLDED):
        character = chr(scalar)
        if fold(character) != character:
            found.append([scalar, *map(ord, fold(character)[:3]), 0, 0, 0][:4])
    return np.array(found, "<u4").tobytes()


def network_layers(network):
    """Yields each layer's weights, `[inputs, outputs]`, a filter's tokens one after another, and biases."""
    for layer in network.layers():
        weight = layer.weight.detach().numpy()
        turned = weight.transpose(2, 1, 0) if weight.ndim == 3 else weight.T
        bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()
        yield turned.reshape(-1, len(weight)), bias


def quantize(students):
    """Rounds all weights in place to what the file can hold, so that fixtures match."""
    students.embedding = resource.rounded(students.embedding)
    with torch.no_grad():
        rows = students.network.table.weight
        rows[:-1] = torch.tensor(resource.rounded(rows[:-1].numpy()))
        for layer in students.network.layers():
            flat = layer.weight.reshape(layer.weight.shape[0], -1).numpy().T
            scales, values = resource.eight_bits(flat)
            layer.weight.copy_(torch.tensor((values * scales).T.reshape(layer.weight.shape)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--titles-only", type=Path, metavar="MODEL")
    kept.add_argument("--regressions-only", type=Path, metavar="MODEL")
    parser.add_argument("--goemotions", type=Path)
    parser.add_argument("--titles", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "netflixgpt-training")
    arguments = parser.parse_args()
    if not arguments.goemotions and not arguments.titles_only:
        parser.error("--goemotions is required")
    if not arguments.titles and not arguments.regressions_only:
        parser.error("--titles is required")
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.regressions_only:
        kept = stored.sections(arguments.regressions_only)
        found, renewed, report = readers.renewed(kept, arguments.goemotions)
        resource.write(arguments.out / "affect.model", found)
        fixture.write(arguments.out / "parity.json", renewed, kept["FAMS"].decode().splitlines())
        print(report)
        return
    catalog = plot.titles(arguments.titles)
    if arguments.titles_only:
        kept = stored.sections(arguments.titles_only)
        resource.write(arguments.out / "affect.model", titles.renewed(kept, catalog))
        return

    trainer = Trainer(arguments.goemotions, Teacher(arguments.cache), lexicons.emoji_names())
    students = trainer.train()
    quantize(students)

    network = students.network
    sections = {
        "HASH": resource.hashed(students.tokenizer.entries),
        "FOLD": folds(),
        "EMBA": resource.packed(students.embedding),
        "EMBC": resource.packed(network.table.weight.detach().numpy()[:-1]),
        "CNNW": b"".join(resource.layer(weight, bias) for weight, bias in network_layers(network)),
        "DIST": resource.floats(network.distances.detach().numpy()),
        "LBLS": lines(taxonomy.LABELS),
        "FAMS": lines(trainer.families),
    }
    made, regressions, report = readers.sections(
        arguments.goemotions, trainer.tokenize, network, trainer.families
    )
    sections |= made
    students.report |= report
    made, students.report["plotHeadAUC"] = titles.sections(
        catalog, trainer.tokenize, students.embedding, network, trainer.families
    )
    sections |= made
    sections |= lexicons.sections()
    resource.write(arguments.out / "affect.model", sections)
    made = readers.Readers(students.tokenizer, network, students.embedding, *regressions)
    fixture.write(arguments.out / "parity.json", made, trainer.families)
    fixture.write_pairs(arguments.out / "pairs.tsv", trainer.teacher)
    print(students.report, {tag: len(data) for tag, data in sections.items()})


if __name__ == "__main__":
    main()

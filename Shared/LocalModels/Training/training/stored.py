"""What a resource file holds, as training made it: the reverse of resource.py."""

import struct
import zlib

import numpy as np
import torch

from . import resource
from .classifier import Network
from .resource import ALIGNMENT, FORMAT, MAGIC
from .table import DIMENSIONS
from .tokenizer import Tokenizer


def sections(path):
    """Returns tag -> bytes in the file's order, without the version that they make."""
    contents = path.read_bytes()
    if contents[:4] != MAGIC or struct.unpack_from("<I", contents, 4)[0] != FORMAT:
        raise ValueError(f"{path} is not a model file of format {FORMAT}")
    found = {}
    for number in range(struct.unpack_from("<I", contents, 8)[0]):
        tag, offset, length, checksum = struct.unpack_from("<4sQQI", contents, 12 + 24 * number)
        found[tag.decode()] = contents[offset : offset + length]
        if offset % ALIGNMENT or zlib.crc32(found[tag.decode()]) != checksum:
            raise ValueError(f"{path}: section {tag.decode()} does not match its checksum")
    del found["VERS"]
    return found


class Hashed:
    """The rows of `resource.hashed`, by entry."""

    def __init__(self, data):
        self.capacity, _ = struct.unpack_from("<II", data)
        self.marks = np.frombuffer(data, "<u4", self.capacity, 8)
        self.rows = np.frombuffer(data, "<u2", self.capacity, 8 + 4 * self.capacity)

    def get(self, entry):
        value = resource.fnv(entry)
        slot = value & (self.capacity - 1)
        while self.rows[slot]:
            if self.marks[slot] == value >> 32:
                return int(self.rows[slot]) - 1
            slot = (slot + 1) & (self.capacity - 1)
        return None

    def __contains__(self, entry):
        return self.get(entry) is not None

    def __getitem__(self, entry):
        return self.get(entry)


def tokenizer(data):
    """Returns the tokenizer over section HASH, which does not know its entries' spelling."""
    found = Tokenizer([])
    found.rows = Hashed(data)
    return found


def unpacked(data):
    """Returns the table of `resource.packed`."""
    rows, columns = struct.unpack_from("<II", data)
    scales = np.frombuffer(data, "<f4", rows, 8)
    pairs = np.frombuffer(data, "u1", rows * columns // 2, 8 + 4 * rows).reshape(rows, -1)
    values = np.empty((rows, columns), np.int8)
    values[:, 0::2] = (pairs & 15).astype(np.int8) - 8
    values[:, 1::2] = (pairs >> 4).astype(np.int8) - 8
    return values * scales[:, None]


def layers(data):
    """Yields (weights `[inputs, outputs]`, biases) of each layer of section CNNW."""
    offset = 0
    while offset < len(data):
        inputs, outputs = struct.unpack_from("<II", data, offset)
        scales = np.frombuffer(data, "<f4", outputs, offset + 8)
        biases = np.frombuffer(data, "<f4", outputs, offset + 8 + 4 * outputs)
        offset += 8 + 8 * outputs
        values = np.frombuffer(data, "i1", inputs * outputs, offset).reshape(inputs, outputs)
        offset += inputs * outputs
        yield values * scales, biases


def network(kept, labels, families):
    """Returns the network of sections EMBC, CNNW and DIST."""
    table = unpacked(kept["EMBC"])
    found = Network(table, labels, families)
    tensor = lambda values: torch.tensor(np.ascontiguousarray(values, np.float32))
    with torch.no_grad():
        found.table.weight[:-1] = tensor(table)
        found.distances.copy_(tensor(np.frombuffer(kept["DIST"], "<f4").reshape(found.distances.shape)))
        for layer, (weight, bias) in zip(found.layers(), layers(kept["CNNW"]), strict=True):
            if layer.weight.ndim == 3:
                filters = weight.reshape(-1, DIMENSIONS, weight.shape[1])
                layer.weight.copy_(tensor(filters.transpose(2, 1, 0)))
            else:
                layer.weight.copy_(tensor(weight.T))
            if layer.bias is not None:
                layer.bias.copy_(tensor(bias))
    return found

"""The one file that holds the models: little-endian sections, each checked by its CRC-32."""

import hashlib
import struct
import zlib

import numpy as np

MAGIC = b"AFM1"
FORMAT = 2
ALIGNMENT = 64


def write(path, sections):
    """Writes header, section table and sections (a dict of four-letter tag -> bytes)."""
    digest = hashlib.sha256(b"".join(tag.encode() + data for tag, data in sections.items()))
    sections = {"VERS": digest.hexdigest()[:12].encode()} | sections
    offset = len(MAGIC) + 8 + len(sections) * 24
    table, body = b"", b""
    for tag, data in sections.items():
        gap = -(offset + len(body)) % ALIGNMENT
        body += bytes(gap)
        table += struct.pack("<4sQQI", tag.encode(), offset + len(body), len(data), zlib.crc32(data))
        body += data
    path.write_bytes(MAGIC + struct.pack("<II", FORMAT, len(sections)) + table + body)


def floats(values):
    return np.ascontiguousarray(values, "<f4").tobytes()


def lines(rows):
    return "\n".join(rows).encode()


def weighted(pairs):
    """Returns "name:weight,..." with two decimals."""
    return ",".join(f"{name}:{weight:.2f}" for name, weight in pairs)


def four_bits(table):
    """Returns (scales, quantised values -7...7) of each row."""
    scales = np.maximum(np.abs(table).max(1), 1e-9) / 7
    return scales.astype(np.float32), np.round(table / scales[:, None]).astype(np.int8)


def rounded(table):
    """Returns the table as a reader of the file sees it."""
    scales, values = four_bits(table)
    return values * scales[:, None]


def packed(table):
    """u32 rows, u32 columns, f32 scale a row, then two values a byte, the first in the low half."""
    scales, values = four_bits(table)
    halves = (values + 8).astype(np.uint8)
    pairs = halves[:, 0::2] | (halves[:, 1::2] << 4)
    return struct.pack("<II", *table.shape) + floats(scales) + pairs.tobytes()


def eight_bits(weight):
    """Returns (scale a output, values -127...127) of `[inputs, outputs]`."""
    scales = np.maximum(np.abs(weight).max(0), 1e-9) / 127
    return scales.astype(np.float32), np.round(weight / scales).astype(np.int8)


def layer(weight, bias):
    """u32 inputs, u32 outputs, f32 scale and f32 bias an output, i8 weights `[inputs, outputs]`."""
    scales, values = eight_bits(weight)
    return struct.pack("<II", *weight.shape) + floats(scales) + floats(bias) + values.tobytes()


def fnv(text):
    """FNV-1a, 64 bits. Source: http://www.isthe.com/chongo/tech/comp/fnv/"""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def hashed(entries):
    """An open-addressing table: u32 capacity, u32 count, u32 fingerprints, u16 row + 1 (0: free)."""
    capacity = 1 << (len(entries) * 2 - 1).bit_length()
    marks, rows = np.zeros(capacity, "<u4"), np.zeros(capacity, "<u2")
    for row, entry in enumerate(entries):
        value = fnv(entry)
        slot = value & (capacity - 1)
        while rows[slot]:
            slot = (slot + 1) & (capacity - 1)
        marks[slot], rows[slot] = value >> 32, row + 1
    return struct.pack("<II", capacity, len(entries)) + marks.tobytes() + rows.tobytes()

internal import SwiftProtobuf
internal import FoundationEssentials

/// A manifest as names of fields.
///
/// Descriptions would be the place for it, but milvus-lite 3.2 drops them, and Milvus is about to
/// hold them to 1,024 bytes (milvus issue 50173). Names of fields are kept everywhere: at most 64
/// fields of at most 255 letters, digits and underscores.
enum ManifestText {
  /// Bits of 5 make a digit.
  private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
  private static let charactersPerField = 240
  private static let maxFields = 60
  static let maxBytes = charactersPerField * maxFields * 5 / 8

  /// The names, or `nil` for a manifest of more than `maxBytes`.
  static func fieldNames(of manifest: StoredManifest) -> [String]? {
    guard let bytes: [UInt8] = try? manifest.serializedBytes(), bytes.count <= self.maxBytes
    else { return nil }
    let text = self.encode(bytes)
    let starts = stride(from: 0, to: max(text.count, 1), by: self.charactersPerField)
    return starts.enumerated().map { index, start in
      let part = text[start..<min(start + self.charactersPerField, text.count)]
      let number = index < 10 ? "0\(index)" : "\(index)"
      return "m\(number)_" + String(decoding: part, as: UTF8.self)
    }
  }

  /// The manifest in the fields of a collection; `nil` when there is none.
  static func manifest(in fields: some Sequence<String>) -> StoredManifest? {
    let parts = fields.filter { $0.hasPrefix("m") && $0.dropFirst(3).first == "_" }.sorted()
    guard !parts.isEmpty, let bytes = self.decode(parts.map { $0.dropFirst(4) }.joined().utf8)
    else { return nil }
    return try? StoredManifest(serializedBytes: bytes)
  }

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(self.digits[Int(pending >> bits & 31)])
      }
    }
    if bits > 0 { text.append(self.digits[Int(pending << (5 - bits) & 31)]) }
    return text
  }

  static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var bits: UInt32 = 0
    for digit in text {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a")
      case UInt8(ascii: "2")...UInt8(ascii: "7"): value = digit - UInt8(ascii: "2") + 26
      default: return nil
      }
      pending = pending << 5 | UInt32(value)
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
      }
    }
    return bytes
  }
}

/// Base64 as Connect uses it: written without padding, read with or without it.
///
/// Source: https://www.rfc-editor.org/rfc/rfc4648
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )

  /// The alphabet whose digits mean nothing else in a URL.
  private static let alphabetForURL = Array(Self.alphabet.dropLast(2)) + Array("-_".utf8)

  /// The value of each byte as a digit, of the standard and the URL-safe alphabet, or 0xFF.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, digit) in Self.alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
    values[Int(UInt8(ascii: "-"))] = 62
    values[Int(UInt8(ascii: "_"))] = 63
    return values
  }()

  /// Returns `bytes` in the standard alphabet, unpadded.
  static func encode(_ bytes: [UInt8]) -> String { self.encode(bytes, self.alphabet) }

  /// Returns `bytes` in the URL-safe alphabet, unpadded.
  static func encodeForURL(_ bytes: [UInt8]) -> String { self.encode(bytes, self.alphabetForURL) }

  private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity((bytes.count * 4 + 2) / 3)
    var pending: UInt32 = 0
    var bits = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        digits.append(alphabet[Int(pending >> UInt32(bits)) & 63])
      }
    }
    if bits > 0 { digits.append(alphabet[Int(pending << UInt32(6 - bits)) & 63]) }
    return String(decoding: digits, as: UTF8.self)
  }

  /// Returns what `text` stands for in either alphabet, or `nil` when it is no base64.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var pending: UInt32 = 0
    var bits = 0
    var digits = 0
    var padding = 0
    for digit in text {
      if digit == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      let value = self.values[Int(digit)]
      guard value != 0xFF, padding == 0 else { return nil }
      digits += 1
      pending = pending << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    guard digits % 4 != 1, padding == 0 || (digits + padding) % 4 == 0, padding <= 2 else {
      return nil
    }
    return bytes
  }
}

import Crypto

/// Stands for a text where the text itself shall not be kept, as in the key of a cache.
///
/// The first 128 bits of an HMAC-SHA256 whose key is drawn anew by each process: whoever reads the
/// memory of a cache without the key can't try out moods against it, and outside of the process it
/// is of no use.
package struct TextDigest: Sendable, Hashable {
  private let first: UInt64
  private let second: UInt64

  private static let key = SymmetricKey(size: .bits256)

  package init(_ parts: String...) {
    self.init(parts)
  }

  /// Stands for a list of texts: `["a", "b"]` and `["ab"]` differ.
  package init(_ parts: [String]) {
    var framed: [UInt8] = []
    framed.reserveCapacity(parts.reduce(0) { $0 + $1.utf8.count + 8 })
    for part in parts {
      withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { framed.append(contentsOf: $0) }
      framed.append(contentsOf: part.utf8)
    }
    let code = HMAC<SHA256>.authenticationCode(for: framed, using: Self.key)
    (self.first, self.second) = code.withUnsafeBytes {
      (
        $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
        $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      )
    }
  }
}

import Crypto

/// The keys of a file, of which only digests are known.
struct APIKeys: Sendable {
  private struct Key {
    let digest: [UInt8]
    let caller: Caller
  }

  /// By the first bytes of the digest, so that a look-up costs the same with many keys.
  private let keys: [UInt64: [Key]]
  let count: Int

  init(_ lines: [KeyLine]) {
    self.keys = Dictionary(
      lines.map { line in
        let caller = Caller(known: "key:\(line.name)", scopes: line.scopes, rates: line.rates)
        return (Self.prefix(of: line.digest), [Key(digest: line.digest, caller: caller)])
      },
      uniquingKeysWith: +
    )
    self.count = lines.count
  }

  /// Whose key `secret` is, or `nil` for nobody's.
  func caller(presenting secret: String) -> Caller? {
    let digest = Array(SHA256.hash(data: Array(secret.utf8)))
    let candidates = self.keys[Self.prefix(of: digest)] ?? []
    return candidates.first { $0.digest.equalsInConstantTime(digest) }?.caller
  }

  private static func prefix(of digest: [UInt8]) -> UInt64 {
    digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension [UInt8] {
  /// Compares without telling by the time it takes how much of both is equal.
  func equalsInConstantTime(_ other: [UInt8]) -> Bool {
    guard self.count == other.count else { return false }
    return zip(self, other).reduce(0 as UInt8) { $0 | $1.0 ^ $1.1 } == 0
  }
}

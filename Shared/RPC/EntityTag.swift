import HTTPMessage

extension HTTPResponse {
  /// Lets the answer to a GET be kept, and makes it a 304 where the caller has it already.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
  mutating func makeCacheable(_ cacheControl: String, _ request: HTTPRequest) {
    let tag = EntityTag.of(self.body)
    self.fields.append("etag", tag)
    self.fields.append("cache-control", cacheControl)
    self.fields.append("vary", "accept-encoding, authorization")
    guard request.fields.values(of: "if-none-match").contains(where: { EntityTag.lists($0, tag) })
    else { return }
    self.status = 304
    self.fields["content-type"] = nil
    self.body = []
  }
}

/// The name of a body's content, the same on every machine and for every content coding.
enum EntityTag {
  /// A weak tag, as in `W/"0123456789abcdef"`.
  static func of(_ body: [UInt8]) -> String {
    let digits = String(self.hash(body), radix: 16)
    return "W/\"\(String(repeating: "0", count: 16 - digits.count))\(digits)\""
  }

  /// Whether an `If-None-Match` names a tag, or any; strong tags name the same content.
  static func lists(_ value: String, _ tag: String) -> Bool {
    value.split(separator: ",").contains { member in
      let member = member.drop { $0 == " " || $0 == "\t" }
      let named = member.prefix { $0 != " " && $0 != "\t" }
      return named == "*" || named == tag || "W/\(named)" == tag
    }
  }

  /// Mixes eight bytes at a time as MurmurHash2's 64-bit form does; for names, not for secrets.
  ///
  /// Source: https://github.com/aappleby/smhasher, MurmurHash2.cpp, MurmurHash64A
  private static func hash(_ body: [UInt8]) -> UInt64 {
    let prime: UInt64 = 0xC6A4_A793_5BD1_E995
    var hash = UInt64(body.count) &* prime
    body.withUnsafeBytes { bytes in
      let wholeBytes = bytes.count & ~7
      for offset in stride(from: 0, to: wholeBytes, by: 8) {
        var word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        word = word &* prime
        word ^= word >> 47
        hash = (hash ^ (word &* prime)) &* prime
      }
      if wholeBytes < bytes.count {
        for (index, byte) in bytes[wholeBytes...].enumerated() {
          hash ^= UInt64(byte) << UInt64(8 * index)
        }
        hash = hash &* prime
      }
    }
    hash ^= hash >> 47
    hash = hash &* prime
    return hash ^ hash >> 47
  }
}

/// Stands for a text where the text itself shall not be kept, as in the key of a cache.
///
/// 128 bits of a hash whose secret is drawn anew by each process: of no use outside of it.
package struct TextDigest: Sendable, Hashable {
  private let first: Int
  private let second: Int

  package init(_ parts: String...) {
    self.init(parts)
  }

  /// Stands for a list of texts: `["a", "b"]` and `["ab"]` differ.
  package init(_ parts: [String]) {
    var first = Hasher()
    var second = Hasher()
    first.combine(0)
    second.combine(1)
    for var part in parts {
      part.withUTF8 { bytes in
        first.combine(bytes.count)
        first.combine(bytes: UnsafeRawBufferPointer(bytes))
        second.combine(bytes.count)
        second.combine(bytes: UnsafeRawBufferPointer(bytes))
      }
    }
    self.first = first.finalize()
    self.second = second.finalize()
  }
}

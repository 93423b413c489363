/// An open-addressing table from the hashes of words, or of parts of texts, to rows of a section.
///
/// What is stored is 32 bits of each hash, so a stranger is taken for a known word once in billions.
struct HashedRows: Sendable {
  let count: Int
  private let marks: [UInt32]
  private let rows: [UInt16]

  init(_ reader: inout SectionReader) throws(LocalModelError) {
    let capacity = try reader.count(limit: 1 << 20)
    self.count = try reader.count(limit: capacity - 1)
    self.marks = try reader.integers(capacity)
    self.rows = try reader.integers(capacity)
    let count = self.count
    guard capacity.nonzeroBitCount == 1, self.rows.contains(0),
      self.rows.allSatisfy({ Int($0) <= count })
    else { throw LocalModelError(.malformed, "a section holds no hash table") }
  }

  /// - Returns: 0..<`count`, or `nil` where no word has the hash.
  func row(of hash: WordHash) -> Int? {
    let mark = UInt32(truncatingIfNeeded: hash.value >> 32)
    var slot = Int(truncatingIfNeeded: hash.value) & (self.rows.count - 1)
    while self.rows[slot] != 0 {
      if self.marks[slot] == mark { return Int(self.rows[slot]) - 1 }
      slot = (slot + 1) & (self.rows.count - 1)
    }
    return nil
  }
}

/// FNV-1a, 64 bits. Source: http://www.isthe.com/chongo/tech/comp/fnv/
struct WordHash: Sendable {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { self.add(byte) }
  }

  mutating func add(_ byte: UInt8) {
    self.value = (self.value ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  /// - Returns: The hash of what was hashed so far and of `bytes` behind it.
  func adding(_ bytes: some Sequence<UInt8>) -> WordHash {
    var hash = self
    for byte in bytes { hash.add(byte) }
    return hash
  }
}

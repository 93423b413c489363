/// Words to rows of the vector tables: whole words first, else the longest known pieces.
struct Tokenizer: Sendable {
  /// A word longer than this, in UTF-8 bytes, has no tokens.
  static let maxWordBytes = 60

  let splitter: WordSplitter
  /// Rows in the vocabulary.
  let count: Int
  private let marks: [UInt32]
  private let rows: [UInt16]

  init(_ resource: ModelResource) throws(LocalModelError) {
    self.splitter = try WordSplitter(resource)
    var reader = try resource.reader("HASH")
    let capacity = try reader.count(limit: 1 << 20)
    self.count = try reader.count(limit: capacity - 1)
    self.marks = try reader.integers(capacity)
    self.rows = try reader.integers(capacity)
    try reader.end()
    guard capacity.nonzeroBitCount == 1, self.rows.contains(0),
      self.rows.allSatisfy({ Int($0) <= self.count })
    else { throw LocalModelError(.malformed, "section HASH is not a hash table") }
  }

  /// Whether a word is in the vocabulary as it stands.
  func knows(_ word: String) -> Bool {
    self.row(hash(word.utf8)) != nil
  }

  /// - Returns: The word of the vocabulary that a word is, be its letters drawn out ("happpy").
  func known(_ word: String) -> String? {
    if self.knows(word) { return word }
    let bytes = Array(word.utf8.prefix(Self.maxWordBytes + 1))
    let twice = shortened(bytes, to: 2)
    guard bytes.count <= Self.maxWordBytes, twice.count < bytes.count else { return nil }
    let ended = Array(twice.reversed().drop { $0 == twice.last }.reversed()) + twice.suffix(1)
    return [twice, ended, shortened(bytes, to: 1)].lazy
      .map { String(decoding: $0, as: UTF8.self) }.first(where: self.knows)
  }

  /// - Returns: The rows of all words, in order, at most `limit`.
  func tokens(of words: [String], limit: Int = 512) -> [Int] {
    var found: [Int] = []
    for word in words {
      if found.count >= limit { return Array(found.prefix(limit)) }
      self.append(word, to: &found)
    }
    return found.count > limit ? Array(found.prefix(limit)) : found
  }

  private func append(_ word: String, to found: inout [Int]) {
    guard word.utf8.count <= Self.maxWordBytes else { return }
    if let known = self.known(word), let row = self.row(hash(known.utf8)) {
      found.append(row)
    } else {
      self.appendPieces(shortened(Array(word.utf8), to: 2), to: &found)
    }
  }

  private func appendPieces(_ bytes: [UInt8], to found: inout [Int]) {
    var start = 0
    while start < bytes.count {
      var value = start == 0 ? offsetBasis : continuationBasis
      let values = bytes[start...].map { byte -> UInt64 in
        value = (value ^ UInt64(byte)) &* prime
        return value
      }
      guard let last = values.indices.last(where: { self.row(values[$0]) != nil }),
        let row = self.row(values[last])
      else { return }
      found.append(row)
      start += last + 1
    }
  }

  private func row(_ hash: UInt64) -> Int? {
    let mark = UInt32(truncatingIfNeeded: hash >> 32)
    var slot = Int(truncatingIfNeeded: hash) & (self.rows.count - 1)
    while self.rows[slot] != 0 {
      if self.marks[slot] == mark { return Int(self.rows[slot]) - 1 }
      slot = (slot + 1) & (self.rows.count - 1)
    }
    return nil
  }
}

/// FNV-1a, 64 bits. Source: http://www.isthe.com/chongo/tech/comp/fnv/
private let offsetBasis: UInt64 = 0xCBF2_9CE4_8422_2325
private let prime: UInt64 = 0x100_0000_01B3
private let continuationBasis = hash("##".utf8)

private func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(offsetBasis) { ($0 ^ UInt64($1)) &* prime }
}

/// Cuts every run of three or more of one ASCII character to `limit` of them.
private func shortened(_ bytes: [UInt8], to limit: Int) -> [UInt8] {
  var found: [UInt8] = []
  var start = 0
  while start < bytes.count {
    let run = bytes[start...].prefix { $0 == bytes[start] }.count
    let kept = run >= 3 && bytes[start] < 0x80 ? limit : run
    found.append(contentsOf: repeatElement(bytes[start], count: kept))
    start += run
  }
  return found
}

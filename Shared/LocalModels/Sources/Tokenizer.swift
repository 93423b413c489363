/// Words to rows of the vector tables: whole words first, else the longest known pieces.
struct Tokenizer: Sendable {
  /// A word longer than this, in UTF-8 bytes, has no tokens.
  static let maxWordBytes = 60

  let splitter: WordSplitter
  private let entries: HashedRows

  /// Rows in the vocabulary.
  var count: Int { self.entries.count }

  init(_ resource: ModelResource) throws(LocalModelError) {
    self.splitter = try WordSplitter(resource)
    var reader = try resource.reader("HASH")
    self.entries = try HashedRows(&reader)
    try reader.end()
  }

  /// Whether a word is in the vocabulary as it stands.
  func knows(_ word: String) -> Bool {
    self.entries.row(of: WordHash(word.utf8)) != nil
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
    if let known = self.known(word), let row = self.entries.row(of: WordHash(known.utf8)) {
      found.append(row)
    } else {
      self.appendPieces(shortened(Array(word.utf8), to: 2), to: &found)
    }
  }

  private func appendPieces(_ bytes: [UInt8], to found: inout [Int]) {
    var start = 0
    while start < bytes.count {
      var hash = start == 0 ? WordHash([]) : continuation
      let hashes = bytes[start...].map { byte in
        hash.add(byte)
        return hash
      }
      guard let last = hashes.indices.last(where: { self.entries.row(of: hashes[$0]) != nil }),
        let row = self.entries.row(of: hashes[last])
      else { return }
      found.append(row)
      start += last + 1
    }
  }
}

private let continuation = WordHash("##".utf8)

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

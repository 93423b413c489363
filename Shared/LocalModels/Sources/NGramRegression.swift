/// Logistic regressions over a text's words, pairs of words and pieces of words.
///
/// They err otherwise than the network does, so that both together know more than either.
struct NGramRegression: Sendable {
  /// Words read of a text.
  static let limit = 64
  /// Characters of a word's pieces, its edges among them.
  private static let pieces = 3...5

  let outputs: Int
  private let features: HashedRows
  /// What a feature adds to the square of a text's length.
  private let squares: [Float]
  /// One byte a weight, `[features, outputs filled up to eights]`.
  private let weights: ArraySlice<UInt8>
  private let scales: [Float]
  private let biases: [Float]

  init(_ resource: ModelResource, tag: String, outputs: Int) throws(LocalModelError) {
    var reader = try resource.reader(tag)
    self.features = try HashedRows(&reader)
    self.outputs = try reader.count(limit: 1_024)
    guard self.outputs == outputs else {
      throw LocalModelError(.malformed, "section \(tag) holds \(self.outputs) outputs")
    }
    self.scales = try reader.floats(self.outputs)
    self.biases = try reader.floats(self.outputs)
    self.squares = try reader.floats(self.features.count).map { $0 * $0 }
    self.weights = try reader.take(self.features.count * ((self.outputs + 7) / 8) * 8)
    try reader.end()
  }

  /// - Returns: The log-odds of each output.
  /// - Complexity: O(letters), of the first 64 words.
  func callAsFunction(_ words: [String]) -> [Float] {
    let rows = self.rows(of: words.prefix(Self.limit).map { Array($0.utf8) })
    let length = max(1e-6, rows.reduce(0) { $0 + self.squares[$1] }.squareRoot())
    return zip(self.sums(of: rows), zip(self.scales, self.biases)).map { sum, line in
      Float(sum) * line.0 / length + line.1
    }
  }

  /// - Returns: The sum of the rows' bytes for each output.
  private func sums(of rows: [Int]) -> [Int32] {
    let blocks = (self.outputs + 7) / 8
    return self.weights.withUnsafeBytes { weights in
      var sums = [SIMD8<Int32>](repeating: .zero, count: blocks)
      for row in rows {
        for block in 0..<blocks {
          let bytes = weights.loadUnaligned(
            fromByteOffset: (row * blocks + block) * 8,
            as: SIMD8<Int8>.self
          )
          sums[block] &+= SIMD8<Int32>(truncatingIfNeeded: bytes)
        }
      }
      return (0..<self.outputs).map { sums[$0 / 8][$0 % 8] }
    }
  }

  /// - Returns: The rows of all features that are known, each once.
  private func rows(of words: [[UInt8]]) -> [Int] {
    var found: [Int] = []
    func look(_ hash: WordHash) {
      if let row = self.features.row(of: hash) { found.append(row) }
    }
    var pair = firstOfPair
    for word in words {
      look(wordMark.adding(word))
      look(pair.adding(word))
      pair = pairMark.adding(word).adding(CollectionOfOne(UInt8(ascii: " ")))
      if word.count >= 3, word.allSatisfy({ $0 < 0x80 }) {
        let edged = [edge] + word + [edge]
        for start in 0...edged.count - Self.pieces.lowerBound {
          var hash = pieceMark
          for (count, byte) in zip(1...Self.pieces.upperBound, edged[start...]) {
            hash.add(byte)
            if count >= Self.pieces.lowerBound { look(hash) }
          }
        }
      }
    }
    look(pair.adding(CollectionOfOne(edge)))
    found.sort()
    var last = -1
    return found.filter { row in
      defer { last = row }
      return row != last
    }
  }
}

/// Stands at both ends of a text, and of a word that is cut into pieces.
private let edge: UInt8 = 1
private let wordMark = WordHash("w".utf8)
private let pairMark = WordHash("b".utf8)
private let pieceMark = WordHash("c".utf8)
private let firstOfPair = pairMark.adding([edge, UInt8(ascii: " ")])

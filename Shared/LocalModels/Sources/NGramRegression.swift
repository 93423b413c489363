/// Logistic regressions over a text's words, pairs of words and pieces of words.
///
/// They err otherwise than the network does, so that both together know more than either.
struct NGramRegression: Sendable {
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
  /// - Complexity: O(n-grams).
  func callAsFunction(_ ngrams: NGrams) -> [Float] {
    let rows = self.rows(of: ngrams)
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
  private func rows(of ngrams: NGrams) -> [Int] {
    var seen = [UInt64](repeating: 0, count: self.features.count / 64 + 1)
    return ngrams.hashes.compactMap { hash in
      guard let row = self.features.row(of: hash), seen[row / 64] & 1 << (row % 64) == 0 else {
        return nil
      }
      seen[row / 64] |= 1 << (row % 64)
      return row
    }
  }
}

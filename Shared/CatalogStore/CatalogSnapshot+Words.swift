extension CatalogSnapshot {
  /// The vector of an emotion of the catalog, of length 1; `nil` when no title has it or the model
  /// knew no part of it.
  package func vector(of word: String) -> [Float]? {
    guard let index = self.index(of: word) else { return nil }
    let vector = self.wordVectors[index]
    return vector.contains { $0 != 0 } ? vector : nil
  }

  /// The emotions of the catalog nearest to `vector`, nearest first, equal ones by name.
  ///
  /// - Parameters:
  ///   - vector: `[dimensions]`, of length 1; nothing is near to a vector of another space.
  ///   - count: The most emotions wanted.
  /// - Returns: Emotions with their cosine, -1...1.
  package func nearestWords(
    to vector: [Float],
    count: Int
  ) -> [(word: String, similarity: Double)] {
    guard vector.count == self.dimensions else { return [] }
    let similarities = WordSimilarities(of: self.wordVectors, to: [vector]).lanes.map { $0[0] }
    return zip(self.words, similarities)
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
      .prefix(max(0, count)).map { (word: $0.0, similarity: Double($0.1)) }
  }

  private func index(of word: String) -> Int? {
    var (low, high) = (0, self.words.count)
    while low < high {
      let middle = (low + high) / 2
      let isBefore = self.words[middle].utf8.lexicographicallyPrecedes(word.utf8)
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low < self.words.count && self.words[low] == word ? low : nil
  }
}

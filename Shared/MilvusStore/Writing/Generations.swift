internal import CatalogStore

/// Makes, checks and drops the collections of generations.
struct Generations: Sendable {
  let reading: CatalogReading

  private static let patience = Duration.seconds(120)
  private static let sampleSize = 16

  private var client: MilvusClient { self.reading.client }
  private var names: CollectionNames { self.reading.names }

  /// Makes the collections, with an index and ready to be read.
  func create(_ generation: Generation, width: Int) async throws(MilvusError) {
    let (titles, emotions) = (self.names.titles(generation), self.names.emotions(generation))
    try await self.client.create(.titles(titles, width: width), patience: Self.patience)
    try await self.client.create(.emotions(emotions, width: width), patience: Self.patience)
    for name in [titles, emotions] {
      try await self.client.index(name, field: RowField.vector, patience: Self.patience)
    }
    try await self.client.load([titles, emotions], patience: Self.patience)
  }

  /// Reads a generation that is not in service yet.
  ///
  /// Are all rows there, are some of them as they were given, does a search find them?
  func verify(_ draft: Draft, at version: CatalogVersion) async throws {
    let hashes = try await self.reading.titles(at: version, fields: TitleRows.hashFields) {
      columns throws(MilvusError) in try columns.integers(RowField.sourceHash).map(Optional.some)
    }
    let emotions = try await self.reading.emotions(at: version)
    guard hashes.rows.count == draft.titles.count, emotions.rows.count == draft.words.count else {
      throw StoreError.unavailable(
        "Milvus has \(hashes.rows.count) of \(draft.titles.count) titles and "
          + "\(emotions.rows.count) of \(draft.words.count) emotions that were written"
      )
    }
    let sample = draft.titles.shuffled().prefix(Self.sampleSize).map(\.title)
    let records = try await self.reading.records(
      sample.map(\.id),
      at: version,
      patience: Self.patience
    )
    guard sample.allSatisfy({ records[$0.id] == $0 }) else {
      throw StoreError.unavailable("Milvus gives back other titles than were written")
    }
    try await self.verifySearch(draft, at: version)
  }

  private func verifySearch(_ draft: Draft, at version: CatalogVersion) async throws {
    guard let generation = version.generation else { return }
    let sample = draft.words.filter { word in word.vector.contains { $0 != 0 } }.shuffled()
      .prefix(Self.sampleSize)
    guard !sample.isEmpty else { return }
    let found = try await self.client.search(
      self.names.emotions(generation),
      near: sample.map { word in
        word.vector + [Float](repeating: 0, count: version.width - word.vector.count)
      },
      where: "\(RowField.hasVector) == true",
      vectorField: RowField.vector,
      count: 1,
      nameField: RowField.emotion,
      timestamp: version.manifest.timestamp,
      patience: Self.patience
    )
    let vectors = Dictionary(draft.words.map { ($0.name, $0.vector) }) { first, _ in first }
    for (word, names) in zip(sample, found) {
      // Another emotion may have the same direction.
      guard let name = names.first, let vector = vectors[name],
        name == word.name || Self.cosine(vector, word.vector) > 0.9999
      else { throw StoreError.unavailable("a search in Milvus does not find what was written") }
    }
  }

  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    func product(_ left: [Float], _ right: [Float]) -> Double {
      zip(left, right).reduce(0) { sum, pair in sum + Double(pair.0) * Double(pair.1) }
    }
    let lengths = (product(left, left) * product(right, right)).squareRoot()
    return lengths > 0 ? product(left, right) / lengths : 0
  }

  /// Lets the aliases name a generation, where the server has aliases.
  func publish(_ generation: Generation) async {
    try? await self.client.point(
      alias: self.names.titlesAlias,
      to: self.names.titles(generation),
      patience: .seconds(5)
    )
    try? await self.client.point(
      alias: self.names.emotionsAlias,
      to: self.names.emotions(generation),
      patience: .seconds(5)
    )
  }

  func drop(
    _ generation: Generation,
    patience: Duration = .seconds(10)
  ) async throws(MilvusError) {
    try await self.client.drop(self.names.titles(generation), patience: patience)
    try await self.client.drop(self.names.emotions(generation), patience: patience)
  }
}

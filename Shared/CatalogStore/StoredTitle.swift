/// A title as the store keeps it.
package struct StoredTitle: Sendable, Hashable {
  package var title: CatalogTitle
  /// What the title is about, `[dimensions]`; `nil` when the model knew no part of its text.
  package var contentVector: [Float]?
  /// `CatalogTitle.sourceHash` of the row it was made from: equal means nothing is left to do.
  package var sourceHash: UInt64

  package init(title: CatalogTitle, contentVector: [Float]?, sourceHash: UInt64) {
    self.title = title
    self.contentVector = contentVector
    self.sourceHash = sourceHash
  }
}

extension CatalogTitle {
  /// A hash of everything the annotation and the vectors are made from.
  ///
  /// The emotions, emojis and `annotatedBy` are left out, so a row that was just read has the hash
  /// of the title that was once made from it.
  ///
  /// - Parameter space: The fingerprint of the embedding space.
  /// - Returns: The same number on every machine and in every run.
  package func sourceHash(space: String) -> UInt64 {
    var hash = StableHash()
    hash.combineSource(of: self)
    hash.combine(space)
    return hash.value
  }
}

extension StableHash {
  /// Adds what came with the title from outside, not what was added to it here.
  mutating func combineSource(of title: CatalogTitle) {
    self.combine(title.id)
    self.combine(title.name)
    self.combine(title.type.rawValue)
    self.combine(title.description)
    self.combine(title.releaseYear)
    self.combine(title.ageRating)
    self.combine(title.runtimeMinutes)
    self.combine(title.genres)
    self.combine(title.productionCountries)
    self.combine(title.seasons)
    self.combine(title.imdbID)
    self.combine(title.imdbScore)
    self.combine(title.imdbVotes)
    self.combine(title.tmdbPopularity)
    self.combine(title.tmdbScore)
  }

  /// Adds all of a title.
  package mutating func combine(_ stored: StoredTitle) {
    self.combineSource(of: stored.title)
    self.combine(UInt64(stored.title.emotions.count))
    for emotion in stored.title.emotions {
      self.combine(emotion.name)
      self.combine(emotion.intensity)
    }
    self.combine(stored.title.emojis)
    self.combine(stored.title.annotatedBy)
    self.combine(stored.contentVector)
    self.combine(stored.sourceHash)
  }
}

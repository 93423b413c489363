import CatalogStore
import Contracts
import Foundation
import RPC
import SwiftProtobuf

/// A catalog's titles annotated and embedded as if nobody had named their genres.
///
/// Titles are tagged by their genres, so a measure by genre is partly circular; without them it is
/// not.
struct GenrelessCatalog: Sendable {
  let store: any TitleStore
  private let folder: URL

  private static let batchSize = 100

  /// Builds the catalog in a temporary folder, which `remove()` deletes.
  init(of titles: [CatalogTitle], by recommender: Recommender) async throws {
    self.folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    self.store = try SQLiteCatalogStore(path: self.folder.appending(path: "titles.sqlite").path)
    for start in stride(from: 0, to: titles.count, by: Self.batchSize) {
      let part = titles[start..<min(start + Self.batchSize, titles.count)].map { title in
        var title = title
        title.genres = []
        return title
      }
      try await self.add(part, by: recommender)
    }
  }

  func remove() { try? FileManager.default.removeItem(at: self.folder) }

  private func add(_ titles: [CatalogTitle], by recommender: Recommender) async throws {
    let annotations = try await recommender.emotions.annotations(
      of: titles.map { title in
        .with {
          $0.id = title.id
          $0.name = String(title.name.unicodeScalars.prefix(500))
          $0.description_p = String(title.description.unicodeScalars.prefix(5000))
        }
      },
      timeout: .seconds(120)
    )
    let words = Set(annotations.flatMap { $0.emotions.map(\.name) })
    let answer = try await recommender.embeddings.vectors(
      of: Array(words) + titles.map(\.contentText),
      timeout: .seconds(120)
    )
    let stored = zip(titles, annotations).map { title, annotation in
      var title = title
      title.emotions = annotation.emotions.filter { answer.vectors[$0.name] != nil }
        .map { .init(name: $0.name, intensity: $0.intensity) }
      return StoredTitle(
        title: title,
        contentVector: answer.vectors[title.contentText],
        sourceHash: title.sourceHash(space: answer.space)
      )
    }
    try await self.store.upsert(
      stored.filter { !$0.title.emotions.isEmpty },
      emotionVectors: answer.vectors.filter { words.contains($0.key) },
      space: answer.space
    )
  }
}

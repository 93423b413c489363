import CatalogStore
import Contracts
import RPC
import SwiftProtobuf

/// Asks the services for what a title needs before it can be stored: emotions, emojis, vectors.
struct TitlePreparation: Sendable {
  let emotions: EmotionBackend
  let embeddings: EmbeddingBackend
  let store: any TitleStore

  /// Time for the calls of a batch, which may take long where a language model answers.
  private static let timeout = Duration.seconds(120)

  /// Makes titles ready to be stored; those that have emotions keep them.
  ///
  /// - Parameter titles: 1...100, with ids that differ.
  /// - Returns: What can be stored, and why the rest can't.
  /// - Throws: `RPCError` where a service failed.
  func prepare(_ titles: [CatalogTitle]) async throws -> PreparedTitles {
    var prepared = PreparedTitles()
    let annotated = try await self.annotated(titles, &prepared)
    guard !annotated.isEmpty else { return prepared }
    let words = Set(annotated.flatMap { $0.emotions.map(\.name) })
    let texts = annotated.map(\.contentText)
    let answer = try await self.embeddings.vectors(
      of: Array(words) + texts,
      timeout: Self.timeout
    )
    prepared.space = answer.space
    prepared.vectors = answer.vectors.filter { words.contains($0.key) }
    for var title in annotated {
      // An emotion without a vector can't be matched with anything.
      title.emotions.removeAll { prepared.vectors[$0.name] == nil }
      guard !title.emotions.isEmpty else {
        prepared.failures[title.id] = .with {
          $0.code = Code.failedPrecondition.name
          $0.message = "none of its emotions is known to the embedding model"
          $0.field = ""
        }
        continue
      }
      if let problem = self.store.problem(with: title) {
        prepared.failures[title.id] = .with {
          $0.code = Code.invalidArgument.name
          $0.message = problem
          $0.field = ""
          $0.reason = "STORE_REJECTED"
          $0.mayPass = false
        }
        continue
      }
      prepared.titles.append(
        StoredTitle(
          title: title,
          contentVector: answer.vectors[title.contentText],
          sourceHash: prepared.degraded[title.id] == nil
            ? title.sourceHash(space: answer.space) : Ingestor.provisional
        )
      )
    }
    return prepared
  }

  /// The titles that have emotions or get them now, in their order.
  private func annotated(
    _ titles: [CatalogTitle],
    _ prepared: inout PreparedTitles
  ) async throws -> [CatalogTitle] {
    let bare = titles.filter(\.emotions.isEmpty)
    guard !bare.isEmpty else { return titles }
    let annotations = try await self.emotions.annotations(
      of: bare.map(\.titleText),
      timeout: Self.timeout
    )
    let byID = Dictionary(annotations.map { ($0.id, $0) }) { first, _ in first }
    return titles.compactMap { title in
      guard let annotation = byID[title.id] else { return title }
      guard !annotation.hasFailure else {
        prepared.failures[title.id] = annotation.failure
        return nil
      }
      if !annotation.degraded.isEmpty { prepared.degraded[title.id] = annotation.degraded }
      return title.annotated(by: annotation)
    }
  }
}

/// Titles ready to be stored, and those that are not.
struct PreparedTitles: Sendable {
  var titles: [StoredTitle] = []
  /// Of their emotions.
  var vectors: [String: [Float]] = [:]
  /// The fingerprint of the embedding space of all vectors; empty without titles.
  var space = ""
  /// Why a title can't be stored, by id.
  var failures: [String: Netflixgpt_Answer_V1_ItemFailure] = [:]
  /// By id, where a title was annotated by something less than what was asked first.
  var degraded: [String: [Netflixgpt_Answer_V1_Degradation]] = [:]
}

extension CatalogTitle {
  /// What the emotion service is asked about, cut to what it accepts.
  var titleText: Netflixgpt_Emotion_V1_TitleText {
    .with {
      $0.id = self.id
      $0.name = String(self.name.withoutBlankStart.prefix(500))
      $0.description_p = String(self.description.unicodeScalars.prefix(5000))
      $0.genres = self.genres.prefix(32).map { String($0.unicodeScalars.prefix(100)) }
    }
  }

  func annotated(
    by annotation: Netflixgpt_Emotion_V1_TitleAnnotation
  ) -> CatalogTitle {
    var title = self
    title.emotions = annotation.emotions.map { .init(name: $0.name, intensity: $0.intensity) }
    if title.emojis.isEmpty { title.emojis = annotation.emojis }
    title.annotatedBy = "\(annotation.usage.provider)/\(annotation.usage.model)"
    return title
  }
}

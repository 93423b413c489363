import CatalogStore
import Contracts
import RPC
import SwiftProtobuf

extension Netflixgpt_Answer_V1_Emotion {
  init(name: String, intensity: Double) {
    self.init()
    self.name = name
    self.intensity = intensity
  }
}

extension Netflixgpt_Catalog_V1_Title {
  init(_ title: CatalogTitle) {
    self.init()
    self.id = title.id
    self.name = title.name
    self.type = title.type == .movie ? .movie : .show
    self.description_p = title.description
    if let year = title.releaseYear { self.releaseYear = Int32(clamping: year) }
    if let rating = title.ageRating { self.ageRating = rating }
    if let minutes = title.runtimeMinutes { self.runtimeMinutes = Int32(clamping: minutes) }
    self.genres = title.genres
    self.productionCountries = title.productionCountries
    if let seasons = title.seasons { self.seasons = Int32(clamping: seasons) }
    if let id = title.imdbID { self.imdbID = id }
    if let score = title.imdbScore { self.imdbScore = score }
    if let votes = title.imdbVotes { self.imdbVotes = Int32(clamping: votes) }
    if let popularity = title.tmdbPopularity { self.tmdbPopularity = popularity }
    if let score = title.tmdbScore { self.tmdbScore = score }
    self.emotions = title.emotions.map { .init(name: $0.name, intensity: $0.intensity) }
    self.emojis = title.emojis
    self.annotatedBy = title.annotatedBy
  }
}

extension [Netflixgpt_Recommendation_V1_Recommendation] {
  /// Ranked titles with their records; one deleted since it was ranked is left out.
  init(_ ranked: [RankedTitle], _ titles: [CatalogTitle]) {
    let byID = Dictionary(titles.map { ($0.id, $0) }) { first, _ in first }
    self = ranked.compactMap { ranked in
      byID[ranked.id].map { title in
        .with {
          $0.title = .init(title)
          $0.score = ranked.score
          $0.explanation = .init(ranked)
        }
      }
    }
  }
}

extension Netflixgpt_Recommendation_V1_Explanation {
  init(_ ranked: RankedTitle) {
    self.init()
    self.emotions = ranked.matches.map { match in
      .with {
        $0.yourEmotion = match.queryEmotion
        $0.titleEmotion = match.titleEmotion
        $0.similarity = match.similarity
        $0.weight = match.weight
        $0.contribution = match.contribution
      }
    }
    if let content = ranked.content {
      self.content = .with {
        $0.similarity = content.similarity
        $0.weight = content.weight
        $0.contribution = content.contribution
      }
    }
  }
}

extension Netflixgpt_Answer_V1_ItemFailure {
  /// What an item's caller may know of an error, its fields below `path`.
  init(_ error: any Error) {
    self.init()
    let error = error as? RPCError ?? RPCError(.internal, "the item failed")
    self.code = error.code.name
    self.message = error.message
    self.field = error.field ?? ""
    if let reason = error.reason { self.reason = reason }
  }
}

extension RPCError {
  /// A store's failure as its caller sees it.
  init(_ error: StoreError) {
    self =
      switch error {
      case .unavailable:
        RPCError(
          .unavailable,
          "the catalog's store is not available",
          details: [.errorInfo(reason: "STORE_UNAVAILABLE"), .retryInfo(after: .seconds(1))]
        )
      case .spaceMismatch(let expected, let got):
        Recommender.spaceMismatch(catalog: expected, service: got)
      case .rejected:
        RPCError(
          .internal,
          "the catalog's store refused the request",
          details: [.errorInfo(reason: "STORE_REJECTED")]
        )
      case .cancelled: RPCError(.canceled, "the call was canceled")
      }
  }

  static func unknownTitle(_ id: String) -> RPCError {
    RPCError(
      .notFound,
      "the catalog has no title with this id",
      details: [.errorInfo(reason: "UNKNOWN_TITLE"), .resource("title", id)]
    )
  }

  static let titleNotServedYet = RPCError(
    .unavailable,
    "the title was added a moment ago and is not served yet",
    details: [.errorInfo(reason: "CATALOG_LOADING"), .retryInfo(after: .seconds(1))]
  )

  static let emptyCatalog = RPCError(
    .failedPrecondition,
    "the catalog is empty: run `recommendation-gateway ingest`",
    details: [.errorInfo(reason: "CATALOG_EMPTY")]
  )
}

import ServiceRuntime

/// What the gateway can be configured with.
enum GatewaySettings {
  static let emotionURL = Setting<String>.url(
    "EMOTION_SERVICE_URL",
    default: "http://127.0.0.1:8081",
    "Where the emotion service answers."
  )
  static let embeddingURL = Setting<String>.url(
    "EMBEDDING_SERVICE_URL",
    default: "http://127.0.0.1:8082",
    "Where the embedding service answers."
  )
  static let store = Setting<String>(
    "CATALOG_STORE",
    type: "store",
    range: "sqlite:PATH",
    shown: "sqlite:catalog.sqlite",
    "Where the catalog is kept.",
    default: "sqlite:catalog.sqlite"
  ) { $0.hasPrefix("sqlite:") && $0.count > "sqlite:".count ? $0 : nil }
  static let contentWeight = Setting<Double>.number(
    "CONTENT_WEIGHT",
    default: 0.4,
    in: 0...1,
    "Share of a score that compares the mood's words with what the title is about; where the "
      + "mood was hardly read, at least 0.75 unless this is 0."
  )
  static let cacheEntries = Setting<Int>.integer(
    "CACHE_ENTRIES",
    default: 10_000,
    in: 1...10_000_000,
    "Entries of each cache: moods read, vectors, records of titles."
  )
  static let answerEntries = Setting<Int>.integer(
    "ANSWER_CACHE_ENTRIES",
    default: 1000,
    in: 1...1_000_000,
    "Answers of up to 25 titles that are kept, some 100 kB each."
  )
  static let cacheSeconds = Setting<Int>.integer(
    "CACHE_TTL_SECONDS",
    default: 3600,
    in: 1...604_800,
    "How long an answer may be reused."
  )

  static let table = [
    Self.emotionURL.about, Self.embeddingURL.about, Self.store.about, Self.contentWeight.about,
    Self.cacheEntries.about, Self.answerEntries.about, Self.cacheSeconds.about,
  ]
}

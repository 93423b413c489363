import MilvusStore
import ServiceRuntime

/// What the gateway can be configured with.
enum GatewaySettings {
  static let emotionURL = Setting<ServiceTargets>.service(
    "EMOTION_SERVICE_URL",
    defaultPort: 8081,
    "Where the emotion service answers; calls are balanced over all addresses, of names too."
  )
  static let embeddingURL = Setting<ServiceTargets>.service(
    "EMBEDDING_SERVICE_URL",
    defaultPort: 8082,
    "Where the embedding service answers; calls are balanced over all addresses, of names too."
  )
  static let serviceKey = Setting<String?>.secret(
    "SERVICE_API_KEY",
    "Key that the emotion and the embedding service know the gateway by."
  )
  static let store = Setting<String>(
    "CATALOG_STORE",
    type: "store",
    range: "sqlite:PATH or \(MilvusAddress.form)",
    shown: "sqlite:catalog.sqlite",
    "Where the catalog is kept: a file, or Milvus, by TLS with `milvuss`; calls are balanced over "
      + "all of its proxies that are named, or that a name stands for.",
    default: "sqlite:catalog.sqlite"
  ) { text in
    let isFile = text.hasPrefix("sqlite:") && text.count > "sqlite:".count
    return isFile || MilvusAddress(text) != nil ? text : nil
  }
  static let milvusToken = Setting<String?>.secret(
    "MILVUS_TOKEN",
    "API key for Milvus, as Zilliz Cloud gives."
  )
  static let milvusUser = Setting<String?>.optional("MILVUS_USER", "User of Milvus.")
  static let milvusPassword = Setting<String?>.secret(
    "MILVUS_PASSWORD",
    "Password of MILVUS_USER."
  )
  static let milvusTLS = ClientTLSSettings(
    prefix: "MILVUS",
    certificates: "the certificates of proxies called by milvuss://",
    peers: "proxies that ask"
  )
  static let milvusServerName = Setting<String?>.optional(
    "MILVUS_SERVER_NAME",
    "Name that those certificates must be for; that of the address when not set."
  )
  static let contentWeight = Setting<Double>.number(
    "CONTENT_WEIGHT",
    default: 0.4,
    in: 0...1,
    "Share of a score that compares the mood's words with what the title is about, where the mood "
      + "was read with confidence 1; it grows to 0.8 at 0.2 and below. 0, and what is above 0.8, "
      + "stays as it is; to lift a mood its words count nothing."
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

  static let table =
    [
      Self.emotionURL.about, Self.embeddingURL.about, Self.serviceKey.about,
      BackendService.configFile.about, Self.store.about, Self.milvusToken.about,
      Self.milvusUser.about, Self.milvusPassword.about,
    ] + Self.milvusTLS.table + [
      Self.milvusServerName.about, Self.contentWeight.about, Self.cacheEntries.about,
      Self.answerEntries.about, Self.cacheSeconds.about,
    ]
}

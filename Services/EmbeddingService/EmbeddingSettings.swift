import ServiceRuntime

/// What the embedding service can be configured with.
enum EmbeddingSettings {
  static let provider = Setting<String>.choice(
    "EMBEDDING_PROVIDER",
    default: "local",
    of: ["openai", "local"],
    "Who embeds. There is no fallback: another model's vectors can't be compared."
  )
  static let openAIModel = Setting<String>.text(
    "OPENAI_EMBEDDING_MODEL",
    default: "text-embedding-3-small",
    "Embedding model of the provider openai."
  )
  static let openAIDimensions = Setting<Int?>(
    "OPENAI_EMBEDDING_DIMENSIONS",
    type: "integer",
    range: "1...32768",
    shown: "",
    "Length of the vectors asked from the provider openai; the model's own when not set.",
    default: nil
  ) { text in Int(text).flatMap { (1...32_768).contains($0) ? .some($0) : nil } }
  static let modelFile = Setting<String?>.optional(
    "MODEL_FILE",
    "File of the local models, instead of the one beside the executable."
  )
  static let cacheEntries = Setting<Int>.integer(
    "CACHE_ENTRIES",
    default: 4096,
    in: 1...10_000_000,
    "Vectors that are kept."
  )

  static let table =
    [Self.provider.about] + OpenAISettings.table + [
      Self.openAIModel.about, Self.openAIDimensions.about, Self.modelFile.about,
      Self.cacheEntries.about,
    ]
}

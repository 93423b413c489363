import Providers
import ServiceRuntime

/// What the emotion service can be configured with.
enum EmotionSettings {
  /// Who can read emotions.
  enum ProviderName: String, CaseIterable, Sendable {
    case local, openai
  }

  static let providers = Setting<[ProviderName]>(
    "EMOTION_PROVIDERS",
    type: "list",
    range: "openai, local; each once",
    shown: "local",
    "Who reads emotions, best first; the next one answers where one fails.",
    default: [.local]
  ) { text in
    let names = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { ProviderName(rawValue: String($0).trimmed) }
    guard !names.contains(nil), Set(names).count == names.count else { return nil }
    return names.compactMap(\.self)
  }
  static let openAIModel = Setting<String>.text(
    "OPENAI_CHAT_MODEL",
    default: "gpt-4o-mini",
    "Chat model of the provider openai."
  )
  static let modelFile = Setting<String?>.optional(
    "MODEL_FILE",
    "File of the local models, instead of the one beside the executable."
  )
  static let cacheEntries = Setting<Int>.integer(
    "CACHE_ENTRIES",
    default: 10_000,
    in: 1...10_000_000,
    "Moods whose reading is kept."
  )
  static let cacheSeconds = Setting<Int>.integer(
    "CACHE_TTL_SECONDS",
    default: 3600,
    in: 1...604_800,
    "How long a reading may be reused."
  )

  static let table =
    [Self.providers.about] + OpenAISettings.table + [
      Self.openAIModel.about, Self.modelFile.about, Self.cacheEntries.about,
      Self.cacheSeconds.about,
    ]
}

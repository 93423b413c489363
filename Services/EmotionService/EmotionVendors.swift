import HTTPMessage
import Providers
import ServiceRuntime

extension EmotionVendor {
  /// Everybody who can be named in `EMOTION_PROVIDERS`: a vendor is added by a line here.
  static let all: [EmotionVendor] = [
    Self.local,
    .openAI("openai", Self.openAIAccess, model: Self.openAIModel, .openAI),
    .chat("openai-responses", Self.openAIAccess, model: Self.openAIModel) { endpoint, model, _ in
      OpenAIResponses(endpoint: endpoint, model: model)
    },
    Self.azure,
    Self.anthropic,
    .chat(
      "gemini",
      VendorSettings("GEMINI", "gemini", ownURL: GeminiEmbeddings.ownURL),
      model: Self.model("GEMINI", "gemini", default: "gemini-2.5-flash-lite"),
      endpoint: { _, baseURL, key in
        try VendorEndpoint(baseURL: baseURL, key: key, field: .named("x-goog-api-key"))
      },
      api: { endpoint, model, _ in GeminiContent(endpoint: endpoint, model: model) }
    ),
    .chat(
      "ollama",
      VendorSettings("OLLAMA", "ollama", ownURL: "http://127.0.0.1:11434", isLocal: true),
      model: Self.model("OLLAMA", "ollama", default: "llama3.2")
    ) { endpoint, model, _ in OllamaChat(endpoint: endpoint, model: model) },
    .openAI(
      "mistral",
      VendorSettings("MISTRAL", "mistral", ownURL: "https://api.mistral.ai/v1"),
      model: Self.model("MISTRAL", "mistral", default: "mistral-small-latest"),
      .mistral
    ),
    .openAI(
      "groq",
      VendorSettings("GROQ", "groq", ownURL: "https://api.groq.com/openai/v1"),
      model: Self.model("GROQ", "groq", default: "openai/gpt-oss-20b"),
      .groq
    ),
    .openAI(
      "openrouter",
      VendorSettings("OPENROUTER", "openrouter", ownURL: "https://openrouter.ai/api/v1"),
      model: Self.model("OPENROUTER", "openrouter", default: "openai/gpt-4o-mini"),
      .openRouter
    ),
    .openAI(
      "vllm",
      VendorSettings("VLLM", "vllm", ownURL: "http://127.0.0.1:8000/v1", isLocal: true),
      model: Self.model("VLLM", "vllm"),
      .vllm
    ),
    .openAI(
      "lmstudio",
      VendorSettings("LMSTUDIO", "lmstudio", ownURL: "http://127.0.0.1:1234/v1", isLocal: true),
      model: Self.model("LMSTUDIO", "lmstudio"),
      .lmStudio
    ),
    Self.tei,
    CompatibleVendor.vendor,
  ]

  private static let openAIAccess = VendorSettings(
    "OPENAI",
    "openai",
    ownURL: "https://api.openai.com/v1"
  )
  private static let openAIModel = Self.model("OPENAI", "openai", default: "gpt-4o-mini")

  static func model(
    _ prefix: String,
    _ name: String,
    default model: String = ""
  ) -> Setting<String> {
    .text("\(prefix)_CHAT_MODEL", default: model, "Model of the provider \(name).")
  }

  private static let local = EmotionVendor(
    "local",
    settings: [EmotionSettings.modelFile.about]
  ) { parts in
    LocalEmotionProvider(try EmotionSettings.model(parts.values))
  }

  private static let azureVersion = Setting<String?>.optional(
    "AZURE_OPENAI_API_VERSION",
    "Such as 2024-10-21: the API before v1, by deployment; v1 when not set."
  )
  private static let azure = EmotionVendor.chat(
    "azure",
    VendorSettings("AZURE_OPENAI", "azure"),
    model: .text(
      "AZURE_OPENAI_CHAT_DEPLOYMENT",
      default: "",
      "Deployment that the provider azure asks."
    ),
    extra: [Self.azureVersion.about],
    endpoint: { values, baseURL, key in
      let version = values[Self.azureVersion]
      return try VendorEndpoint(
        baseURL: baseURL + (version == nil ? "/openai/v1" : "/openai"),
        key: key,
        field: .named("api-key"),
        query: version.map { "api-version=\($0)" } ?? ""
      )
    },
    api: { endpoint, model, values in
      var dialect = OpenAIDialect.azure
      if values[Self.azureVersion] != nil {
        dialect = .azureClassic
        dialect.path = "/deployments/\(model)/chat/completions"
      }
      return OpenAIChat(endpoint: endpoint, model: model, dialect: dialect)
    }
  )

  private static let anthropicVersion = Setting<String>.text(
    "ANTHROPIC_VERSION",
    default: "2026-10-21",
    "Version of the API that the provider anthropic speaks."
  )
  private static let anthropicKeyField = Setting<String>.choice(
    "ANTHROPIC_KEY_FIELD",
    default: "x-api-key",
    of: ["x-api-key", "authorization"],
    "Header field that carries the key of the provider anthropic; authorization for a bearer token."
  )
  private static let anthropic = EmotionVendor.chat(
    "anthropic",
    VendorSettings("ANTHROPIC", "anthropic", ownURL: "https://api.anthropic.com"),
    model: Self.model("ANTHROPIC", "anthropic", default: "claude-haiku-5-5"),
    extra: [Self.anthropicVersion.about, Self.anthropicKeyField.about],
    endpoint: { values, baseURL, key in
      let field = values[Self.anthropicKeyField]
      return try VendorEndpoint(
        baseURL: baseURL,
        key: key,
        field: field == "authorization" ? .bearer : .named(field),
        extraFields: ["anthropic-version": values[Self.anthropicVersion]]
      )
    },
    api: { endpoint, model, _ in AnthropicMessages(endpoint: endpoint, model: model) }
  )

  private static let teiAccess = VendorSettings("TEI", "tei")
  private static let tei = EmotionVendor("tei", settings: Self.teiAccess.table) { parts in
    let (baseURL, key) = try Self.teiAccess.access(parts.values)
    return TEIClassifier(
      name: "tei",
      endpoint: try VendorEndpoint(baseURL: baseURL, key: key),
      handler: parts.handler
    )
  }
}

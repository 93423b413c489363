import Providers
import ServiceRuntime

extension EmbeddingVendor {
  /// Everybody who can be named in `EMBEDDING_PROVIDER`: a vendor is added by a line here.
  static let all: [EmbeddingVendor] = [
    Self.local,
    .vectors(
      "openai",
      "OPENAI",
      VendorSettings("OPENAI", "openai", ownURL: OpenAIEmbeddings.Dialect.openAI.ownURL),
      model: "text-embedding-3-small"
    ) { endpoint, model, dimensions, _ in
      OpenAIEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
    },
    Self.azure,
    .vectors(
      "gemini",
      "GEMINI",
      VendorSettings("GEMINI", "gemini", ownURL: GeminiEmbeddings.ownURL),
      model: "gemini-embedding-001",
      endpoint: { _, baseURL, key in
        try VendorEndpoint(baseURL: baseURL, key: key, field: .named("x-goog-api-key"))
      },
      api: { endpoint, model, dimensions, _ in
        GeminiEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
      }
    ),
    .vectors(
      "cohere",
      "COHERE",
      VendorSettings("COHERE", "cohere", ownURL: CohereEmbeddings.ownURL),
      model: "embed-v4.0"
    ) { endpoint, model, dimensions, _ in
      CohereEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
    },
    .vectors(
      "voyage",
      "VOYAGE",
      VendorSettings("VOYAGE", "voyage", ownURL: VoyageEmbeddings.ownURL),
      model: "voyage-4-lite"
    ) { endpoint, model, dimensions, _ in
      VoyageEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
    },
    .vectors(
      "mistral",
      "MISTRAL",
      VendorSettings("MISTRAL", "mistral", ownURL: OpenAIEmbeddings.Dialect.mistral.ownURL),
      model: "mistral-embed"
    ) { endpoint, model, dimensions, _ in
      OpenAIEmbeddings(
        endpoint: endpoint,
        model: model,
        dimensions: dimensions,
        dialect: .mistral
      )
    },
    .vectors(
      "ollama",
      "OLLAMA",
      VendorSettings("OLLAMA", "ollama", ownURL: "http://127.0.0.1:11434", isLocal: true),
      model: "nomic-embed-text"
    ) { endpoint, model, dimensions, _ in
      OllamaEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
    },
    .vectors("tei", "TEI", VendorSettings("TEI", "tei"), model: "served") {
      endpoint,
      model,
      dimensions,
      _ in
      TEIEmbeddings(endpoint: endpoint, model: model, dimensions: dimensions)
    },
    .vectors("compatible", "COMPATIBLE", VendorSettings("COMPATIBLE", "compatible")) {
      endpoint,
      model,
      dimensions,
      _ in
      OpenAIEmbeddings(
        endpoint: endpoint,
        model: model,
        dimensions: dimensions,
        dialect: .compatible
      )
    },
  ]

  private static let local = EmbeddingVendor(
    "local",
    settings: [EmbeddingSettings.modelFile.about]
  ) { values, _, _ in
    LocalEmbeddingProvider(try EmbeddingSettings.model(values))
  }

  private static let azureVersion = Setting<String?>.optional(
    "AZURE_OPENAI_API_VERSION",
    "Such as 2024-10-21: the API before v1, by deployment; v1 when not set."
  )
  private static let azureInputs = Setting<Int>.integer(
    "AZURE_OPENAI_EMBEDDING_INPUTS",
    default: 2048,
    in: 1...2048,
    "Texts in one request to the provider azure; old deployments take 16 or 1."
  )
  private static let azure = EmbeddingVendor.vectors(
    "azure",
    "AZURE_OPENAI",
    VendorSettings("AZURE_OPENAI", "azure"),
    modelName: "AZURE_OPENAI_EMBEDDING_DEPLOYMENT",
    extra: [Self.azureVersion.about, Self.azureInputs.about],
    endpoint: { values, baseURL, key in
      let version = values[Self.azureVersion]
      return try VendorEndpoint(
        baseURL: baseURL + (version == nil ? "/openai/v1" : "/openai"),
        key: key,
        field: .named("api-key"),
        query: version.map { "api-version=\($0)" } ?? ""
      )
    },
    api: { endpoint, model, dimensions, values in
      var dialect = OpenAIEmbeddings.Dialect.azure
      dialect.limits.inputs = values[Self.azureInputs]
      if values[Self.azureVersion] != nil { dialect.path = "/deployments/\(model)/embeddings" }
      return OpenAIEmbeddings(
        endpoint: endpoint,
        model: model,
        dimensions: dimensions,
        dialect: dialect
      )
    }
  )
}

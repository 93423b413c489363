import HTTPMessage
import Providers
import ServiceRuntime

/// One who can embed: a name for `EMBEDDING_PROVIDER`, what it is configured with, and how it is
/// made.
struct EmbeddingVendor: Sendable {
  let name: String
  let settings: [SettingDescription]
  let make: Make

  typealias Make =
    @Sendable (SettingValues, Billing, @escaping HTTPHandler) throws -> any EmbeddingProvider

  init(
    _ name: String,
    settings: [SettingDescription],
    make: @escaping Make
  ) {
    self.name = name
    self.settings = settings
    self.make = make
  }

  /// A vendor's model: `PREFIX_EMBEDDING_MODEL`, `PREFIX_EMBEDDING_DIMENSIONS`.
  ///
  /// - Parameters:
  ///   - name: For `EMBEDDING_PROVIDER`.
  ///   - prefix: Of the variables.
  ///   - access: Where it answers.
  ///   - model: The default; empty where one has to be named.
  ///   - modelName: Of the variable, where it is not `PREFIX_EMBEDDING_MODEL`.
  ///   - extra: Further settings that `endpoint` or `api` read.
  ///   - endpoint: Makes the address; `nil` for a base URL and a bearer token.
  ///   - api: The vendor's translation.
  /// - Returns: A line of the registry.
  static func vectors(
    _ name: String,
    _ prefix: String,
    _ access: VendorSettings,
    model: String = "",
    modelName: String? = nil,
    extra: [SettingDescription] = [],
    endpoint: (@Sendable (SettingValues, String, String?) throws -> VendorEndpoint)? = nil,
    api:
      @escaping @Sendable (VendorEndpoint, String, Int?, SettingValues) -> any EmbeddingAPI
  ) -> EmbeddingVendor {
    let model = Setting<String>.text(
      modelName ?? "\(prefix)_EMBEDDING_MODEL",
      default: model,
      "Embedding model of the provider \(name)."
    )
    let dimensions = Self.dimensions(prefix, name)
    let settings = access.table + [model.about, dimensions.about] + extra
    return EmbeddingVendor(name, settings: settings) { values, billing, handler in
      let (baseURL, key) = try access.access(values)
      let address =
        try endpoint?(values, baseURL, key) ?? VendorEndpoint(baseURL: baseURL, key: key)
      let model = try model.required(values, for: name)
      return VectorModelProvider(
        name: name,
        api: api(address, model, values[dimensions], values),
        billing: billing,
        handler: handler
      )
    }
  }

  private static func dimensions(_ prefix: String, _ name: String) -> Setting<Int?> {
    Setting(
      "\(prefix)_EMBEDDING_DIMENSIONS",
      type: "integer",
      range: "1...32768",
      shown: "",
      "Length of the vectors asked from the provider \(name); the model's own when not set.",
      default: nil
    ) { text in Int(text).flatMap { (1...32_768).contains($0) ? .some($0) : nil } }
  }
}

import HTTPMessage
import Providers
import ServiceRuntime

/// One who can read emotions: a name for `EMOTION_PROVIDERS`, what it is configured with, and how
/// it is made.
struct EmotionVendor: Sendable {
  /// What every provider is made with.
  struct Parts: Sendable {
    var values: SettingValues
    var prompts: Prompts
    var billing: Billing
    var handler: HTTPHandler
  }

  let name: String
  let settings: [SettingDescription]
  let make: @Sendable (Parts) throws -> any EmotionProvider

  init(
    _ name: String,
    settings: [SettingDescription],
    make: @escaping @Sendable (Parts) throws -> any EmotionProvider
  ) {
    self.name = name
    self.settings = settings
    self.make = make
  }

  /// A vendor of a language model.
  ///
  /// - Parameters:
  ///   - name: For `EMOTION_PROVIDERS`.
  ///   - access: Where it answers.
  ///   - model: Which model to ask; a default that is empty has to be replaced.
  ///   - extra: Further settings that `api` or `endpoint` read.
  ///   - endpoint: Makes the address; `nil` for a base URL and a bearer token.
  ///   - api: The vendor's translation.
  /// - Returns: A line of the registry.
  static func chat(
    _ name: String,
    _ access: VendorSettings,
    model: Setting<String>,
    extra: [SettingDescription] = [],
    endpoint: (@Sendable (SettingValues, String, String?) throws -> VendorEndpoint)? = nil,
    api: @escaping @Sendable (VendorEndpoint, String, SettingValues) throws -> any ChatAPI
  ) -> EmotionVendor {
    EmotionVendor(name, settings: access.table + [model.about] + extra) { parts in
      let (baseURL, key) = try access.access(parts.values)
      let address =
        try endpoint?(parts.values, baseURL, key) ?? VendorEndpoint(baseURL: baseURL, key: key)
      let model = try model.required(parts.values, for: name)
      return LanguageModelProvider(
        name: name,
        api: try api(address, model, parts.values),
        prompts: parts.prompts,
        billing: parts.billing,
        handler: parts.handler
      )
    }
  }

  /// A server that speaks OpenAI's API.
  static func openAI(
    _ name: String,
    _ access: VendorSettings,
    model: Setting<String>,
    _ dialect: OpenAIDialect
  ) -> EmotionVendor {
    .chat(name, access, model: model) { endpoint, model, _ in
      OpenAIChat(endpoint: endpoint, model: model, dialect: dialect)
    }
  }
}

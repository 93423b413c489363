/// How to reach a server that speaks OpenAI's API.
package struct OpenAISettings: Sendable {
  private static let key = Setting<String?>.secret("OPENAI_API_KEY", "Key of the provider openai.")
  private static let baseURL = Setting<String>.url(
    "OPENAI_BASE_URL",
    default: "https://api.openai.com/v1",
    "Where the provider openai answers; any server that speaks its API."
  )

  package static let table = [Self.key.about, Self.baseURL.about]

  package let key: String?
  package let baseURL: String

  /// Throws when the key is missing for OpenAI's own server, which answers nothing without one.
  package init(_ values: SettingValues) throws(ConfigurationProblems) {
    self.key = values[Self.key]
    self.baseURL = values[Self.baseURL]
    guard self.key != nil || !self.baseURL.hasPrefix("https://api.openai.com") else {
      throw ConfigurationProblems(["OPENAI_API_KEY: the provider openai needs a key"])
    }
  }
}

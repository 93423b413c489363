/// What filters and moderation of vendors say of self-harm.
///
/// Source: https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
/// Source: https://platform.openai.com/docs/guides/moderation
enum ContentFilter {
  private static let names = ["content_filter_result", "content_filter_results"]

  /// Whether a filter's result beside an error or an answer says that self-harm was stopped.
  static func stopsSelfHarm(_ value: JSONValue) -> Bool {
    Self.names.contains { value[$0]?["self_harm"]?["filtered"] == true }
  }

  /// Whether a reply, of use or not, says that the question speaks of it in earnest.
  ///
  /// Azure grades its prompts from safe to high; low are mentions. OpenAI's moderation knows an
  /// intent of its own.
  static func signalsSelfHarm(prompts: [JSONValue]?, moderation: JSONValue?) -> Bool {
    let isGraded = (prompts ?? []).contains { prompt in
      Self.names.contains { name in
        let result = prompt[name]?["self_harm"]
        return result?["filtered"] == true
          || ["medium", "high"].contains(result?["severity"]?.string ?? "")
      }
    }
    let results = moderation?["input"]?["results"]?.array ?? []
    return isGraded || results.contains { $0["categories"]?["self-harm/intent"] == true }
  }
}

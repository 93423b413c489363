extension FailureSigns {
  /// The one table from signs to meanings, for every vendor.
  ///
  /// Words that vendors chose come before numbers, as several of them answer 429 for an empty
  /// account or 400 for a bad key.
  ///
  /// Source: https://platform.openai.com/docs/guides/error-codes
  /// Source: https://docs.anthropic.com/en/api/errors
  /// Source: https://ai.google.dev/gemini-api/docs/troubleshooting
  /// Source: https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
  /// Source: https://console.groq.com/docs/errors
  var meaning: ProviderError {
    if self.isOutOfCredit { return .outOfCredit }
    if self.has(Self.badKey) { return .unauthenticated }
    if self.has([Self.selfHarm]) { return .selfHarm }
    if self.has(Self.blocked) { return .blocked }
    if self.has(Self.unreadable) { return .malformedReply }
    if self.has(Self.overload) { return .overloaded(self.hint) }
    if self.has(Self.rateLimit) { return .rateLimited(self.hint) }
    if self.isFormUnsupported { return .formUnsupported }
    if self.isModelUnknown { return .unknownModel }
    switch self.status {
    case 401, 403: return .unauthenticated
    case 429: return .rateLimited(self.hint)
    case 408, 409, 424, 500...599: return .overloaded(self.hint)
    case 200: return .malformedReply
    default: return self.shouldRetry == true ? .overloaded(self.hint) : .badRequest
    }
  }

  private func has(_ words: Set<String>) -> Bool { !words.isDisjoint(with: self.words) }

  private var isOutOfCredit: Bool {
    if self.status == 402 || self.has(Self.outOfCredit) { return true }
    // A quota of the day: waiting for minutes doesn't help.
    if self.words.contains(where: { $0.contains("perday") }) { return true }
    return [400, 403, 429].contains(self.status)
      && Self.outOfCreditPhrases.contains { self.message.contains($0) }
  }

  /// Whether it is the form of the answer that the server can't keep to.
  private var isFormUnsupported: Bool {
    if self.message.contains("no endpoints found that") { return true }
    return [400, 422, 501].contains(self.status)
      && Self.formWords.contains { self.message.contains($0) }
  }

  private var isModelUnknown: Bool {
    if self.has(Self.unknownModel) || self.status == 404 && (self.isError || !self.message.isEmpty)
    {
      return true
    }
    return self.status == 400 && self.message.contains("model")
      && Self.unknownPhrases.contains { self.message.contains($0) }
  }

  private static let outOfCredit: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_error",
    "billing_not_active", "billing_hard_limit_reached", "enforced_spend_limit_reached",
    "payment_required", "in_flight_budget_exhausted",
  ]
  private static let outOfCreditPhrases = [
    "reached your specified api usage limits", "credit balance is too low", "insufficient credits",
    "calls / month",
  ]
  private static let badKey: Set<String> = [
    "invalid_api_key", "api_key_invalid", "authentication_error", "permission_error",
    "permission_denied", "unauthenticated",
  ]
  private static let blocked: Set<String> = [
    "content_filter", "content_policy_violation", "responsibleaipolicyviolation", "flagged_input",
  ]
  /// Groq's words for an answer of the model's that broke the form: the form itself is known.
  private static let unreadable: Set<String> = ["json_validate_failed", "tool_use_failed"]
  private static let rateLimit: Set<String> = [
    "rate_limit_exceeded", "rate_limit_error", "slow_down", "ramp_limit_exceeded",
    "resource_exhausted",
  ]
  private static let overload: Set<String> = [
    "server_is_overloaded", "server_error", "overloaded_error", "unavailable", "overloaded",
    "unhealthy", "backend", "api_error", "timeout_error",
  ]
  private static let unknownModel: Set<String> = [
    "model_not_found", "not_found_error", "not_found", "deploymentnotfound",
    "model_decommissioned", "invalid_model",
  ]
  private static let unknownPhrases = ["not exist", "not found", "unknown model", "invalid model"]
  private static let formWords = [
    "response_format", "json_schema", "json schema", "output_config", "output_format",
    "responseschema", "responsejsonschema", "response_schema", "response_json_schema",
    "json mode", "json_object", "structured output", "tool_choice", "tool choice", "tools",
    "function calling", "text.format", "guided", "grammar",
  ]
}

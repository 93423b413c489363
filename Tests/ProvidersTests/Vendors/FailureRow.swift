import HTTPMessage
import Providers

/// The failures that every vendor's samples have a reply for.
enum FailureRow: String, CaseIterable, Sendable {
  case badKey, rateLimit, moneyGone, overload, unknownModel, badRequest, errorInside200

  /// What the reply has to be understood as.
  var meaning: ProviderError {
    switch self {
    case .badKey: .unauthenticated
    case .rateLimit: .rateLimited(RetryHint(after: .seconds(7)))
    case .moneyGone: .outOfCredit
    case .overload: .overloaded(RetryHint(after: .seconds(30)))
    case .unknownModel: .unknownModel
    case .badRequest: .badRequest
    case .errorInside200: .overloaded()
    }
  }
}

/// A vendor's reply to a failure: status, body, and `retry-after` where it sends one.
func failure(_ status: Int, _ body: String, retryAfter: String? = nil) -> HTTPResponse {
  var fields: HeaderFields = ["content-type": "application/json"]
  if let retryAfter { fields.append("retry-after", retryAfter) }
  return HTTPResponse(status: status, fields: fields, body: Array(body.utf8))
}

typealias FailureSamples = [FailureRow: HTTPResponse]

/// The forms of errors, as vendors document them; every message holds a word that must not get out.
enum Failures {
  static let secret = "SECRETWORDS"

  private static func openAI(_ type: String, _ code: String) -> String {
    #"{"error":{"message":"\#(secret)","type":"\#(type)","param":null,"code":\#(code)}}"#
  }

  // Source: https://platform.openai.com/docs/guides/error-codes
  static let openAI: FailureSamples = [
    .badKey: failure(401, openAI("invalid_request_error", #""invalid_api_key""#)),
    .rateLimit: failure(429, openAI("requests", #""rate_limit_exceeded""#), retryAfter: "7"),
    .moneyGone: failure(429, openAI("insufficient_quota", #""insufficient_quota""#)),
    .overload: failure(503, openAI("server_error", "null"), retryAfter: "30"),
    .unknownModel: failure(404, openAI("invalid_request_error", #""model_not_found""#)),
    .badRequest: failure(400, openAI("invalid_request_error", "null")),
    .errorInside200: failure(200, openAI("server_error", #""server_is_overloaded""#)),
  ]

  // Source: https://learn.microsoft.com/azure/ai-services/openai/quotas-limits
  static let azure: FailureSamples = [
    .badKey: failure(401, #"{"error":{"code":"401","message":"Access denied. \#(secret)"}}"#),
    .rateLimit: failure(429, #"{"error":{"code":"429","message":"\#(secret)"}}"#, retryAfter: "7"),
    .moneyGone: failure(429, openAI("insufficient_quota", #""insufficient_quota""#)),
    .overload: failure(
      503,
      #"{"error":{"code":"InternalServerError","message":"\#(secret)"}}"#,
      retryAfter: "30"
    ),
    .unknownModel: failure(
      404,
      #"{"error":{"code":"DeploymentNotFound","message":"\#(secret)"}}"#
    ),
    .badRequest: failure(400, openAI("invalid_request_error", "null")),
    .errorInside200: failure(200, #"{"error":{"code":"500","message":"\#(secret)"}}"#),
  ]

  // Source: https://docs.mistral.ai/api/
  static let mistral: FailureSamples = [
    .badKey: failure(401, #"{"detail":"Unauthorized \#(secret)"}"#),
    .rateLimit: failure(429, #"{"message":"limit \#(secret)"}"#, retryAfter: "7"),
    .moneyGone: failure(402, #"{"message":"\#(secret)"}"#),
    .overload: failure(
      503,
      #"{"object":"error","message":"\#(secret)","type":"x","code":3505}"#,
      retryAfter: "30"
    ),
    .unknownModel: failure(
      400,
      #"{"object":"error","message":"Invalid model: \#(secret)","type":"invalid_model","code":"1500"}"#
    ),
    .badRequest: failure(
      422,
      #"{"detail":[{"loc":["body","messages"],"msg":"\#(secret)","type":"missing"}]}"#
    ),
    .errorInside200: failure(
      200,
      #"{"object":"error","message":"\#(secret)","type":"server_error","code":500}"#
    ),
  ]

  // Source: https://openrouter.ai/docs/api-reference/errors
  static let openRouter: FailureSamples = [
    .badKey: failure(401, #"{"error":{"code":401,"message":"\#(secret)"}}"#),
    .rateLimit: failure(429, #"{"error":{"code":429,"message":"\#(secret)"}}"#, retryAfter: "7"),
    .moneyGone: failure(402, #"{"error":{"code":402,"message":"\#(secret)"}}"#),
    .overload: failure(502, #"{"error":{"code":502,"message":"\#(secret)"}}"#, retryAfter: "30"),
    .unknownModel: failure(
      400,
      #"{"error":{"code":400,"message":"model \#(secret) does not exist"}}"#
    ),
    .badRequest: failure(400, #"{"error":{"code":400,"message":"\#(secret)"}}"#),
    .errorInside200: failure(200, #"{"error":{"code":503,"message":"\#(secret)"}}"#),
  ]

  /// vLLM writes its errors at the top.
  static let vllm: FailureSamples = [
    .badKey: failure(401, #"{"error":"Unauthorized \#(secret)"}"#),
    .rateLimit: failure(429, #"{"object":"error","message":"\#(secret)"}"#, retryAfter: "7"),
    .moneyGone: failure(402, #"{"object":"error","message":"\#(secret)"}"#),
    .overload: failure(
      503,
      #"{"object":"error","message":"\#(secret)","code":503}"#,
      retryAfter: "30"
    ),
    .unknownModel: failure(
      404,
      #"{"object":"error","message":"The model does not exist.","type":"NotFoundError","code":404}"#
    ),
    .badRequest: failure(
      400,
      #"{"object":"error","message":"\#(secret)","type":"BadRequestError","param":null,"code":400}"#
    ),
    .errorInside200: failure(200, #"{"object":"error","message":"\#(secret)","code":503}"#),
  ]

  private static func anthropic(_ type: String, _ details: String = "null") -> String {
    """
    {"type":"error","error":{"type":"\(type)","message":"\(secret)","details":\(details)},\
    "request_id":"req_1"}
    """
  }

  // Source: https://docs.anthropic.com/en/api/errors
  static let anthropic: FailureSamples = [
    .badKey: failure(401, anthropic("authentication_error")),
    .rateLimit: failure(429, anthropic("rate_limit_error"), retryAfter: "7"),
    .moneyGone: failure(
      429,
      anthropic("rate_limit_error", #"{"error_code":"enforced_spend_limit_reached"}"#),
      retryAfter: "1"
    ),
    .overload: failure(529, anthropic("overloaded_error"), retryAfter: "30"),
    .unknownModel: failure(404, anthropic("not_found_error")),
    .badRequest: failure(400, anthropic("invalid_request_error")),
    .errorInside200: failure(200, anthropic("overloaded_error")),
  ]

  private static func gemini(_ code: Int, _ status: String, _ details: String = "") -> HTTPResponse
  {
    failure(
      code,
      """
      {"error":{"code":\(code),"message":"\(secret)","status":"\(status)","details":[\(details)]}}
      """
    )
  }

  // Source: https://ai.google.dev/gemini-api/docs/troubleshooting
  static let gemini: FailureSamples = [
    .badKey: gemini(
      400,
      "INVALID_ARGUMENT",
      #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}"#
    ),
    .rateLimit: gemini(
      429,
      "RESOURCE_EXHAUSTED",
      #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}"#
    ),
    .moneyGone: gemini(
      429,
      "RESOURCE_EXHAUSTED",
      """
      {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[\
      {"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},\
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}
      """
    ),
    .overload: gemini(
      503,
      "UNAVAILABLE",
      #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"}"#
    ),
    .unknownModel: gemini(404, "NOT_FOUND"),
    .badRequest: gemini(400, "INVALID_ARGUMENT"),
    .errorInside200: failure(
      200,
      #"{"error":{"code":503,"message":"\#(secret)","status":"UNAVAILABLE"}}"#
    ),
  ]

  // Source: https://github.com/ollama/ollama/blob/main/docs/api.md
  static let ollama: FailureSamples = [
    .badKey: failure(401, #"{"error":"unauthorized \#(secret)"}"#),
    .rateLimit: failure(429, #"{"error":"\#(secret)"}"#, retryAfter: "7"),
    .moneyGone: failure(402, #"{"error":"\#(secret)"}"#),
    .overload: failure(503, #"{"error":"server busy \#(secret)"}"#, retryAfter: "30"),
    .unknownModel: failure(404, #"{"error":"model '\#(secret)' not found"}"#),
    .badRequest: failure(400, #"{"error":"\#(secret)"}"#),
    .errorInside200: failure(200, #"{"error":{"code":503,"message":"\#(secret)"}}"#),
  ]

  // Source: https://docs.cohere.com/reference/errors
  static let cohere: FailureSamples = [
    .badKey: failure(401, #"{"id":"1","message":"invalid api token \#(secret)"}"#),
    .rateLimit: failure(429, #"{"id":"1","message":"\#(secret)"}"#, retryAfter: "7"),
    .moneyGone: failure(
      429,
      #"{"message":"You are using a Trial key, which is limited to 1000 API calls / month."}"#
    ),
    .overload: failure(503, #"{"id":"1","message":"\#(secret)"}"#, retryAfter: "30"),
    .unknownModel: failure(404, #"{"id":"1","message":"model '\#(secret)' not found"}"#),
    .badRequest: failure(400, #"{"id":"1","message":"\#(secret)"}"#),
    .errorInside200: failure(200, #"{"error":{"code":503,"message":"\#(secret)"}}"#),
  ]

  // Source: https://docs.voyageai.com/docs/error-codes
  static let voyage: FailureSamples = [
    .badKey: failure(401, #"{"detail":"Provided API key is invalid. \#(secret)"}"#),
    .rateLimit: failure(429, #"{"detail":"\#(secret)"}"#, retryAfter: "7"),
    .moneyGone: failure(402, #"{"detail":"\#(secret)"}"#),
    .overload: failure(503, #"{"detail":"\#(secret)"}"#, retryAfter: "30"),
    .unknownModel: failure(400, #"{"detail":"Model \#(secret) is not found."}"#),
    .badRequest: failure(400, #"{"detail":"\#(secret)"}"#),
    .errorInside200: failure(200, #"{"error":{"code":503,"message":"\#(secret)"}}"#),
  ]

  // Source: https://huggingface.github.io/text-embeddings-inference/
  static let tei: FailureSamples = [
    .badKey: failure(401, ""),
    .rateLimit: failure(429, "", retryAfter: "7"),
    .moneyGone: failure(402, ""),
    .overload: failure(429, #"{"error":"\#(secret)","error_type":"Overloaded"}"#, retryAfter: "30"),
    .unknownModel: failure(404, #"{"error":"\#(secret)"}"#),
    .badRequest: failure(413, #"{"error":"\#(secret)","error_type":"Validation"}"#),
    .errorInside200: failure(200, #"{"error":"\#(secret)","error_type":"Unhealthy"}"#),
  ]
}

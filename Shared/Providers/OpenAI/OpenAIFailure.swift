import FoundationEssentials
import HTTPMessage

/// Reads replies of OpenAI's API, and of those that imitate it, by their meaning.
///
/// Source: https://platform.openai.com/docs/guides/error-codes
enum OpenAIFailure {
  /// The body of a reply that succeeded.
  ///
  /// Some gateways answer 200 with an error in the body, so the body is asked first.
  static func success<Body: Decodable>(
    of response: HTTPResponse,
    as type: Body.Type
  ) throws(ProviderError) -> Body {
    let data = Data(response.body)
    guard response.status == 200 else {
      let body = try? JSONDecoder().decode(ErrorBody.self, from: data)
      throw Self.error(status: response.status, body, RetryHeaders(response.fields))
    }
    if let body = try? JSONDecoder().decode(type, from: data) { return body }
    guard let body = try? JSONDecoder().decode(ErrorBody.self, from: data), body.isError else {
      throw .malformedReply
    }
    throw Self.error(status: body.status ?? 200, body, RetryHeaders(response.fields))
  }

  private static func error(
    status: Int,
    _ body: ErrorBody?,
    _ headers: RetryHeaders
  ) -> ProviderError {
    let signs = body?.signs ?? []
    if !Self.outOfCredit.isDisjoint(with: signs) { return .outOfCredit }
    if !Self.badKey.isDisjoint(with: signs) { return .unauthenticated }
    if !Self.blocked.isDisjoint(with: signs) { return .blocked }
    if !Self.rateLimit.isDisjoint(with: signs) { return .rateLimited(headers.hint) }
    if !Self.overload.isDisjoint(with: signs) { return .overloaded(headers.hint) }
    switch status {
    case 401, 403: return .unauthenticated
    case 402: return .outOfCredit
    case 429: return .rateLimited(headers.hint)
    case 408, 409, 500...599: return .overloaded(headers.hint)
    case 200: return .malformedReply
    default: return headers.shouldRetry == true ? .overloaded(headers.hint) : .badRequest
    }
  }

  private static let outOfCredit: Set<String> = [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_error",
    "billing_not_active", "billing_hard_limit_reached", "enforced_spend_limit_reached",
    "payment_required",
  ]
  private static let badKey: Set<String> = [
    "invalid_api_key", "api_key_invalid", "authentication_error", "permission_error",
  ]
  private static let blocked: Set<String> = ["content_filter", "content_policy_violation"]
  private static let rateLimit: Set<String> = [
    "rate_limit_exceeded", "rate_limit_error", "slow_down", "ramp_limit_exceeded",
    "resource_exhausted",
  ]
  private static let overload: Set<String> = [
    "server_is_overloaded", "server_error", "overloaded_error", "unavailable",
  ]
}

/// An error in any of the forms found behind OpenAI's paths: an object or a string under "error",
/// or its members at the top; with a code that is a word or a status.
private struct ErrorBody: Decodable {
  /// The words that may tell the meaning, in lower case: code and type.
  let signs: Set<String>
  /// Where the code is a number.
  let status: Int?
  let isError: Bool

  private enum Key: String, CodingKey { case error, code, type }

  init(from decoder: any Decoder) throws {
    let top = try decoder.container(keyedBy: Key.self)
    let inner = try? top.nestedContainer(keyedBy: Key.self, forKey: .error)
    let container = inner ?? top
    let code = try? container.decode(String.self, forKey: .code)
    let type = try? container.decode(String.self, forKey: .type)
    self.signs = Set([code, type].compactMap { $0?.lowercased() })
    self.status = (try? container.decode(Int.self, forKey: .code)) ?? code.flatMap { Int($0) }
    let isText = (try? top.decode(String.self, forKey: .error)) != nil
    self.isError = inner != nil || isText || self.status != nil
  }
}

import HTTPMessage
import Providers
import Testing

@Suite struct `OpenAI's errors` {
  private func meaning(_ response: HTTPResponse) throws -> ProviderError? {
    let endpoint = try VendorEndpoint(baseURL: "http://h", key: nil)
    do throws(ProviderError) {
      _ = try OpenAIChat(endpoint: endpoint, model: "m").reply(from: response)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      (401, "invalid_api_key", ProviderError.unauthenticated), (401, nil, .unauthenticated),
      (400, "API_KEY_INVALID", .unauthenticated), (403, nil, .unauthenticated),
      (429, "rate_limit_exceeded", .rateLimited()), (429, nil, .rateLimited()),
      (503, "slow_down", .rateLimited()), (429, "insufficient_quota", .outOfCredit),
      (429, "credit_balance_exhausted", .outOfCredit),
      (429, "organization_spend_limit_exceeded", .outOfCredit),
      (429, "project_spend_limit_exceeded", .outOfCredit),
      (429, "organization_usage_limit_exceeded", .outOfCredit), (402, nil, .outOfCredit),
      (503, "server_is_overloaded", .overloaded()), (500, nil, .overloaded()),
      (502, nil, .overloaded()), (529, nil, .overloaded()), (408, nil, .overloaded()),
      (409, nil, .overloaded()), (400, "content_filter", .blocked),
      (400, "content_policy_violation", .blocked), (400, nil, .badRequest),
      (404, "model_not_found", .unknownModel), (404, nil, .unknownModel), (413, nil, .badRequest),
      (422, nil, .badRequest),
      (302, nil, .badRequest), (200, "rate_limit_exceeded", .rateLimited()),
      (200, "insufficient_quota", .outOfCredit), (200, nil, .malformedReply),
    ] as [(Int, String?, ProviderError)]
  )
  func `a status and a code become a meaning`(
    status: Int,
    code: String?,
    expected: ProviderError
  ) throws {
    #expect(try self.meaning(OpenAIReply.error(status, code: code)) == expected)
  }

  @Test(arguments: [
    (#"{"error":{"code":429,"message":"x"}}"#, ProviderError.rateLimited()),
    (#"{"error":{"code":"402"}}"#, .outOfCredit), (#"{"error":{"code":503}}"#, .overloaded()),
    (#"{"error":{"code":401}}"#, .unauthenticated),
    (#"{"code":400,"object":"error"}"#, .badRequest),
    (#"{"error":"busy"}"#, .malformedReply), (#"{"error":null,"choices":[]}"#, .malformedReply),
  ])
  func `an error inside a status of 200 is one`(body: String, expected: ProviderError) throws {
    #expect(try self.meaning(OpenAIReply.json(body)) == expected)
  }

  @Test(arguments: [
    "", "<html>502</html>", "[]", "null", "{}", #"{"error":null}"#,
    String(repeating: "[", count: 500) + String(repeating: "]", count: 500),
    String(repeating: #"{"x":"#, count: 500) + "1" + String(repeating: "}", count: 500),
    String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
  ])
  func `a body without a code leaves the status its meaning`(body: String) throws {
    #expect(try self.meaning(OpenAIReply.json(body, status: 503)) == .overloaded())
    #expect(try self.meaning(OpenAIReply.json(body, status: 404)) == .badRequest)
  }

  @Test(
    arguments: [
      (["retry-after-ms": "1500", "retry-after": "9"], Duration.milliseconds(1500)),
      (["retry-after": "2"], .seconds(2)), (["retry-after": "0.25"], .milliseconds(250)),
      (["retry-after": "0"], .zero), (["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"], .zero),
      (["retry-after": "-1"], nil), (["retry-after": "soon"], nil), (["retry-after": "nan"], nil),
      (["retry-after": "1e300"], nil), (["retry-after-ms": ""], nil), ([:], nil),
      (["retry-after": "Sun, 06 Nov 99999999999 08:49:37 GMT"], nil),
    ] as [([String: String], Duration?)]
  )
  func `the wait is read where it is one`(given: [String: String], expected: Duration?) throws {
    var fields = HeaderFields()
    for (name, value) in given { fields.append(name, value) }
    let response = OpenAIReply.error(429, code: nil, fields: fields)
    #expect(try self.meaning(response) == .rateLimited(RetryHint(after: expected)))
  }

  @Test func `a date to come is a wait`() throws {
    let fields: HeaderFields = ["retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"]
    // Beyond 30 days nothing is worth waiting for.
    let response = OpenAIReply.error(429, code: nil, fields: fields)
    #expect(try self.meaning(response) == .rateLimited())
  }

  @Test func `whether to ask again is the vendor's word`() throws {
    let never: HeaderFields = ["x-should-retry": "false"]
    let hint = RetryHint(isAllowed: false)
    #expect(try self.meaning(OpenAIReply.error(503, code: nil, fields: never)) == .overloaded(hint))
    let again: HeaderFields = ["x-should-retry": "true"]
    #expect(try self.meaning(OpenAIReply.error(400, code: nil, fields: again)) == .overloaded())
    #expect(try self.meaning(OpenAIReply.error(401, code: nil, fields: again)) == .unauthenticated)
  }
}

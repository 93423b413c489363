import FoundationEssentials
package import HTTPMessage

/// Anthropic's messages.
///
/// Sampling parameters are never sent: since version 2026-10-21 the API refuses them.
///
/// Source: https://docs.anthropic.com/en/api/messages
package struct AnthropicMessages: ChatAPI {
  package let model: String
  private let endpoint: VendorEndpoint

  /// - Parameters:
  ///   - endpoint: Sends `anthropic-version` with every request.
  ///   - model: As the vendor names it.
  package init(endpoint: VendorEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  /// There is no mode of JSON without a schema.
  package var forms: [AnswerForm] { [.schema, .tool, .text] }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/v1/models?limit=100") }

  package var batches: (any BatchAPI)? { AnthropicBatches(endpoint: self.endpoint) }

  package func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "max_tokens": .number(Double(question.maxTokens)),
      "system": [["type": "text", "text": .string(question.instructions(for: form))]],
      "messages": [["role": "user", "content": .string(question.material)]],
    ]
    switch form {
    case .schema:
      members["output_config"] = [
        "format": ["type": "json_schema", "schema": question.schema.json]
      ]
    case .tool:
      members["tools"] = [
        [
          "name": .string(question.name), "input_schema": question.schema.json, "strict": true,
          "description": "Records the answer.",
        ]
      ]
      members["tool_choice"] = [
        "type": "tool", "name": .string(question.name), "disable_parallel_tool_use": true,
      ]
    case .object, .text: break
    }
    return self.endpoint.post("/v1/messages", .object(members))
  }

  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    if body.stop_reason == "refusal" { throw .refused }
    let input = body.content.first { $0.type == "tool_use" }?.input
    let text = body.content.filter { $0.type == "text" }.compactMap(\.text).joined()
    return try ChatReply(
      content: input.map { String(decoding: $0.bytes, as: UTF8.self) } ?? text,
      isCutOff: ["max_tokens", "model_context_window_exceeded"].contains(body.stop_reason),
      inputTokens: body.usage?.input,
      cachedTokens: body.usage?.cache_read_input_tokens,
      outputTokens: body.usage?.output_tokens
    ).checked
  }

  private struct ResponseBody: Decodable {
    var content: [Block]
    var stop_reason: String?
    var usage: Usage?

    struct Block: Decodable {
      var type: String
      var text: String?
      var input: JSONValue?
    }

    /// What came from a cache, or went into one, is told apart from the rest of the input.
    struct Usage: Decodable {
      var input_tokens: Int?
      var cache_creation_input_tokens: Int?
      var cache_read_input_tokens: Int?
      var output_tokens: Int?

      var input: Int {
        self.input_tokens.tokenCount + self.cache_creation_input_tokens.tokenCount
          + self.cache_read_input_tokens.tokenCount
      }
    }
  }
}

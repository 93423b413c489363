import FoundationEssentials
package import HTTPMessage

/// OpenAI's Responses API.
///
/// Source: https://platform.openai.com/docs/api-reference/responses/create
package struct OpenAIResponses: ChatAPI {
  package let model: String
  private let endpoint: VendorEndpoint

  package init(endpoint: VendorEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  package var forms: [AnswerForm] { AnswerForm.allCases }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/models") }

  package func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest {
    let instructions = question.instructions(for: form)
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "instructions": .string(instructions),
      "input": .string(question.material),
      "max_output_tokens": .number(Double(question.maxTokens)),
      // Kept for 30 days otherwise; a mood is nobody's business but the person's.
      "store": false,
    ]
    switch form {
    case .schema:
      members["text"] = [
        "format": [
          "type": "json_schema", "name": .string(question.name), "strict": true,
          "schema": question.schema.json,
        ]
      ]
    case .tool:
      members["tools"] = [
        [
          "type": "function", "name": .string(question.name), "strict": true,
          "parameters": question.schema.json,
        ]
      ]
      members["tool_choice"] = ["type": "function", "name": .string(question.name)]
    case .object:
      members["text"] = ["format": ["type": "json_object"]]
      // The API wants the word JSON in the input, not in the instructions.
      members["input"] = .string("\(question.material)\nAnswer in JSON.")
    case .text: break
    }
    return self.endpoint.post("/responses", .object(members))
  }

  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    let parts = (body.output ?? []).flatMap { $0.content ?? [] }
    if parts.contains(where: { $0.type == "refusal" }) { throw .refused }
    let reason = body.incomplete_details?.reason
    if reason == "content_filter" { throw .blocked }
    let arguments = body.output?.first { $0.type == "function_call" }?.arguments
    let text = parts.filter { $0.type == "output_text" }.compactMap(\.text).joined()
    return try ChatReply(
      content: arguments ?? text,
      isCutOff: body.status == "incomplete",
      inputTokens: body.usage?.input_tokens,
      cachedTokens: body.usage?.input_tokens_details?.cached_tokens,
      outputTokens: body.usage?.output_tokens
    ).checked
  }

  private struct ResponseBody: Decodable {
    var status: String
    var output: [Item]?
    var incomplete_details: Incomplete?
    var usage: Usage?

    struct Item: Decodable {
      var type: String
      var content: [Part]?
      var arguments: String?
    }

    struct Part: Decodable {
      var type: String
      var text: String?
    }

    struct Incomplete: Decodable {
      var reason: String?
    }

    struct Usage: Decodable {
      var input_tokens: Int?
      var output_tokens: Int?
      var input_tokens_details: Details?
    }

    struct Details: Decodable {
      var cached_tokens: Int?
    }
  }
}

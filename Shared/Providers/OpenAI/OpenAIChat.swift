import FoundationEssentials
package import HTTPMessage

/// OpenAI's chat completions with a strict JSON schema, as two pure functions.
///
/// Source: https://platform.openai.com/docs/api-reference/chat/create
package struct OpenAIChat: Sendable {
  package let endpoint: OpenAIEndpoint
  package let model: String

  package init(endpoint: OpenAIEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  /// The request that asks `question`; the same question gives the same bytes.
  package func request(for question: ChatQuestion) -> HTTPRequest {
    let body = RequestBody(
      model: self.model,
      messages: [
        RequestBody.Message(role: "system", content: question.instructions),
        RequestBody.Message(role: "user", content: question.material),
      ],
      response_format: RequestBody.Format(
        json_schema: RequestBody.Schema(name: question.name, schema: question.schema)
      ),
      max_completion_tokens: question.maxTokens
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and whole numbers only, which always have a JSON form.
    let bytes = (try? encoder.encode(body)).map { [UInt8]($0) } ?? []
    return self.endpoint.post("/chat/completions", body: bytes)
  }

  /// The text that the model answered with, or what its absence means.
  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try OpenAIFailure.success(of: response, as: ResponseBody.self)
    guard let choice = body.choices.first else { throw .malformedReply }
    if let refusal = choice.message.refusal, !refusal.isEmpty { throw .refused }
    switch choice.finish_reason {
    case "length": throw .truncated
    case "content_filter": throw .blocked
    default: break
    }
    guard let content = choice.message.content, !content.isEmpty else { throw .malformedReply }
    return ChatReply(
      content: content,
      inputTokens: (body.usage?.prompt_tokens).tokenCount,
      outputTokens: (body.usage?.completion_tokens).tokenCount
    )
  }

  private struct RequestBody: Encodable {
    var model: String
    var messages: [Message]
    var response_format: Format
    var max_completion_tokens: Int
    // A mood is nobody's business but the person's: OpenAI shall not keep it.
    var store = false

    struct Message: Encodable {
      var role: String
      var content: String
    }

    struct Format: Encodable {
      var type = "json_schema"
      var json_schema: Schema
    }

    struct Schema: Encodable {
      var name: String
      var strict = true
      var schema: JSONSchema
    }
  }

  private struct ResponseBody: Decodable {
    var choices: [Choice]
    var usage: Usage?

    struct Choice: Decodable {
      var message: Message
      var finish_reason: String?
    }

    struct Message: Decodable {
      var content: String?
      var refusal: String?
    }

    struct Usage: Decodable {
      var prompt_tokens: Int?
      var completion_tokens: Int?
    }
  }
}

import FoundationEssentials
package import HTTPMessage

/// Ollama's chat.
///
/// Source: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion
package struct OllamaChat: ChatAPI {
  package let model: String
  private let endpoint: VendorEndpoint

  package init(endpoint: VendorEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  /// A schema constrains every model; tools work with some only.
  package var forms: [AnswerForm] { [.schema, .object, .text] }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/api/tags") }

  package func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest {
    // The server constrains the model to the schema without showing it.
    let instructions = question.instructions(for: .object)
    let contextTokens = Self.contextTokens(
      promptBytes: instructions.utf8.count + question.material.utf8.count,
      answerTokens: question.maxTokens
    )
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "messages": [
        ["role": "system", "content": .string(instructions)],
        ["role": "user", "content": .string(question.material)],
      ],
      "stream": false,
      // Thoughts would use up the room and the time; models without any take the member, too. Some
      // servers forget the schema then, which is why it stands in the instructions as well.
      // Source: https://github.com/ollama/ollama/issues/14645
      "think": false,
      "options": [
        "temperature": 0, "num_ctx": .number(Double(contextTokens)),
        "num_predict": .number(Double(question.maxTokens)),
      ],
      "keep_alive": "10m",
    ]
    switch form {
    case .schema: members["format"] = question.schema.json
    case .object: members["format"] = "json"
    case .tool, .text: break
    }
    return self.endpoint.post("/api/chat", .object(members))
  }

  /// Room for the prompt, of which the server cuts silently what is beyond, and for the answer.
  ///
  /// In steps, as the server loads a model anew for each other size.
  private static func contextTokens(promptBytes: Int, answerTokens: Int) -> Int {
    // English has some four bytes for each token; other languages have fewer.
    let (leastBytesPerToken, step) = (3, 2048)
    let tokens = promptBytes / leastBytesPerToken + answerTokens
    return max(8192, (tokens + step - 1) / step * step)
  }

  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    let texts = [body.message.content, body.message.thinking]
    return try ChatReply(
      content: texts.compactMap { $0 }.first { !$0.isBlank } ?? "",
      isCutOff: body.done_reason == "length",
      inputTokens: body.prompt_eval_count,
      outputTokens: body.eval_count
    ).checked
  }

  private struct ResponseBody: Decodable {
    var message: Message
    var done_reason: String?
    var prompt_eval_count: Int?
    var eval_count: Int?

    struct Message: Decodable {
      var content: String?
      var thinking: String?
    }
  }
}

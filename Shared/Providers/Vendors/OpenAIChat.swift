import FoundationEssentials
package import HTTPMessage

/// OpenAI's chat completions, and those of the many servers that imitate them.
///
/// Source: https://platform.openai.com/docs/api-reference/chat/create
package struct OpenAIChat: ChatAPI {
  package let model: String
  private let endpoint: VendorEndpoint
  private let dialect: OpenAIDialect

  package init(endpoint: VendorEndpoint, model: String, dialect: OpenAIDialect = .openAI) {
    self.endpoint = endpoint
    self.model = model
    self.dialect = dialect
  }

  package var forms: [AnswerForm] { self.dialect.forms }
  package var modelsRequest: HTTPRequest? {
    self.dialect.listsModels ? self.endpoint.get("/models") : nil
  }

  package var batches: (any BatchAPI)? {
    self.dialect.hasBatches
      ? OpenAIBatches(endpoint: self.endpoint, path: self.dialect.path) : nil
  }

  package func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "messages": [
        ["role": "system", "content": .string(question.instructions(for: form))],
        ["role": "user", "content": .string(question.material)],
      ],
      self.dialect.maxTokensName: .number(Double(question.maxTokens)),
    ]
    switch form {
    case .schema:
      members["response_format"] = [
        "type": "json_schema",
        "json_schema": [
          "name": .string(question.name), "strict": true, "schema": question.schema.json,
        ],
      ]
    case .tool:
      var function: [String: JSONValue] = [
        "name": .string(question.name), "parameters": question.schema.json,
      ]
      if self.dialect.hasStrictTools { function["strict"] = true }
      members["tools"] = [["type": "function", "function": .object(function)]]
      members["tool_choice"] = ["type": "function", "function": ["name": .string(question.name)]]
    case .object: members["response_format"] = ["type": "json_object"]
    case .text: break
    }
    return self.endpoint.post(
      self.dialect.path,
      JSONValue.object(members).merging(self.dialect.extraMembers)
    )
  }

  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    let signalsSelfHarm = ContentFilter.signalsSelfHarm(
      prompts: body.prompt_filter_results,
      moderation: body.moderation
    )
    do throws(ProviderError) {
      var reply = try self.reply(from: body)
      reply.signalsSelfHarm = signalsSelfHarm
      return reply
    } catch {
      // The model may refuse just what the moderation recognised.
      throw signalsSelfHarm ? .selfHarm : error
    }
  }

  private func reply(from body: ResponseBody) throws(ProviderError) -> ChatReply {
    guard let choice = body.choices.first else { throw .malformedReply }
    if let refusal = choice.message.refusal, !refusal.isEmpty { throw .refused }
    switch choice.finish_reason {
    case "content_filter":
      let isSelfHarm = choice.content_filter_results?["self_harm"]?["filtered"] == true
      throw isSelfHarm ? .selfHarm : .blocked
    // OpenRouter's word for a model's server that gave up half way.
    case "error": throw .overloaded()
    default: break
    }
    let message = choice.message
    // With some servers of reasoning models the answer lands among the thoughts.
    let texts = [
      message.tool_calls?.first?.function.arguments, message.text, message.reasoning_content,
    ]
    return try ChatReply(
      content: texts.compactMap { $0 }.first { !$0.isBlank } ?? "",
      isCutOff: choice.finish_reason == "length",
      inputTokens: body.usage?.prompt_tokens,
      cachedTokens: body.usage?.prompt_tokens_details?.cached_tokens,
      outputTokens: body.usage?.completion_tokens,
      usd: body.usage?.cost.flatMap { (0...1_000_000).contains($0) ? $0 : nil }
    ).checked
  }

  private struct ResponseBody: Decodable {
    var choices: [Choice]
    var usage: Usage?
    /// Of Azure.
    var prompt_filter_results: [JSONValue]?
    /// Of OpenAI, where the request asks for it.
    var moderation: JSONValue?

    struct Choice: Decodable {
      var message: Message
      var finish_reason: String?
      var content_filter_results: JSONValue?
    }

    struct Message: Decodable {
      /// A text; of Mistral's models that think, chunks of thoughts and of text.
      ///
      /// Source: https://docs.mistral.ai/capabilities/reasoning/
      var content: JSONValue?
      var refusal: String?
      var reasoning_content: String?
      var tool_calls: [ToolCall]?

      var text: String? {
        self.content?.string
          ?? self.content?.array?.filter { $0["type"] == "text" }.compactMap { $0["text"]?.string }
          .joined()
      }
    }

    struct ToolCall: Decodable {
      var function: Function

      struct Function: Decodable {
        var arguments: String
      }
    }

    struct Usage: Decodable {
      var prompt_tokens: Int?
      var completion_tokens: Int?
      var prompt_tokens_details: Details?
      /// USD, of OpenRouter.
      var cost: Double?
    }

    struct Details: Decodable {
      var cached_tokens: Int?
    }
  }
}

import CurlClient
import HTTPMessage
import Providers
import Testing

/// A vendor of language models as the shared suite sees it.
struct ChatVendor: Sendable, CustomTestStringConvertible {
  let name: String
  /// How the key travels.
  var keyField: VendorEndpoint.KeyField = .bearer
  /// The field that has to carry it.
  var sentKey: (name: String, value: String) = ("authorization", "Bearer k-test")
  let target: String
  let api: @Sendable (VendorEndpoint) -> any ChatAPI
  /// A reply with this text, cut off or not; 100 tokens in, 20 out.
  let reply: @Sendable (_ content: String, _ isCutOff: Bool) -> HTTPResponse
  let blocked: HTTPResponse
  /// Of `blocked`.
  var blockedMeaning = ProviderError.blocked
  let failures: FailureSamples
  /// Says that the strict form is unknown.
  let formRefusal: HTTPResponse
  /// The member of a body that carries the strict form.
  let formMember: String

  var testDescription: String { self.name }

  func provider(at authority: String) throws -> LanguageModelProvider {
    let endpoint = try VendorEndpoint(
      baseURL: "http://\(authority)/base",
      key: "k-test",
      field: self.keyField
    )
    return LanguageModelProvider(
      name: self.name,
      api: self.api(endpoint),
      handler: CurlClient.shared.handler
    )
  }

  private static let openAIFormRefusal = failure(
    400,
    #"{"error":{"message":"does not support response format json_schema","type":"invalid_request_error"}}"#
  )

  private static func openAI(
    _ name: String,
    _ dialect: OpenAIDialect,
    _ failures: FailureSamples,
    blocked: HTTPResponse = OpenAIReply.chat("", finish: "content_filter"),
    formRefusal: HTTPResponse = Self.openAIFormRefusal
  ) -> ChatVendor {
    ChatVendor(
      name: name,
      target: "/base" + dialect.path,
      api: { OpenAIChat(endpoint: $0, model: "m", dialect: dialect) },
      reply: { OpenAIReply.chat($0, finish: $1 ? "length" : "stop") },
      blocked: blocked,
      failures: failures,
      formRefusal: formRefusal,
      formMember: "response_format"
    )
  }

  static let all: [ChatVendor] = [
    Self.openAI("openai", .openAI, Failures.openAI),
    Self.responses,
    Self.azure,
    Self.openAI("mistral", .mistral, Failures.mistral),
    Self.openAI("groq", .groq, Failures.openAI),
    Self.openAI(
      "openrouter",
      .openRouter,
      Failures.openRouter,
      blocked: failure(
        403,
        #"{"error":{"code":403,"message":"x","metadata":{"reasons":["s"],"flagged_input":"x"}}}"#
      ),
      formRefusal: failure(
        404,
        #"{"error":{"code":404,"message":"No endpoints found that support the requested parameters"}}"#
      )
    ),
    Self.openAI(
      "vllm",
      .vllm,
      Failures.vllm,
      formRefusal: failure(400, #"{"object":"error","message":"guided decoding: no","code":400}"#)
    ),
    Self.openAI("lmstudio", .lmStudio, Failures.ollama),
    Self.openAI("compatible", OpenAIDialect(), Failures.openAI),
    Self.anthropic,
    Self.gemini,
    Self.ollama,
  ]

  private static let responses = ChatVendor(
    name: "openai-responses",
    target: "/base/responses",
    api: { OpenAIResponses(endpoint: $0, model: "m") },
    reply: { content, isCutOff in
      OpenAIReply.json(
        """
        {"id":"resp_1","status":"\(isCutOff ? "incomplete" : "completed")","error":null,\
        "incomplete_details":\(isCutOff ? #"{"reason":"max_output_tokens"}"# : "null"),\
        "output":[{"type":"reasoning","summary":[]},{"type":"message","role":"assistant",\
        "content":[{"type":"output_text","text":\(OpenAIReply.quoted(content)),\
        "annotations":[]}]}],"usage":{"input_tokens":100,"output_tokens":20,"total_tokens":120}}
        """
      )
    },
    blocked: OpenAIReply.json(
      """
      {"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}
      """
    ),
    failures: Failures.openAI,
    formRefusal: failure(
      400,
      #"{"error":{"message":"Invalid parameter: text.format","type":"invalid_request_error"}}"#
    ),
    formMember: "text"
  )

  private static let azure = ChatVendor(
    name: "azure",
    keyField: .named("api-key"),
    sentKey: ("api-key", "k-test"),
    target: "/base/chat/completions",
    api: { OpenAIChat(endpoint: $0, model: "m", dialect: .azure) },
    reply: { OpenAIReply.chat($0, finish: $1 ? "length" : "stop") },
    blocked: failure(
      400,
      """
      {"error":{"message":"content management policy","type":null,"param":"prompt",\
      "code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation",\
      "content_filter_result":{"self_harm":{"filtered":true,"severity":"medium"}}}}}
      """
    ),
    blockedMeaning: .selfHarm,
    failures: Failures.azure,
    formRefusal: Self.openAIFormRefusal,
    formMember: "response_format"
  )

  private static let anthropic = ChatVendor(
    name: "anthropic",
    keyField: .named("x-api-key"),
    sentKey: ("x-api-key", "k-test"),
    target: "/base/v1/messages",
    api: { AnthropicMessages(endpoint: $0, model: "m") },
    reply: { content, isCutOff in
      OpenAIReply.json(
        """
        {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[\
        {"type":"text","text":\(OpenAIReply.quoted(content))}],\
        "stop_reason":"\(isCutOff ? "max_tokens" : "end_turn")","stop_sequence":null,\
        "usage":{"input_tokens":60,"cache_read_input_tokens":40,"output_tokens":20}}
        """
      )
    },
    blocked: failure(
      400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"x","code":"content_filter"}}"#
    ),
    failures: Failures.anthropic,
    formRefusal: failure(
      400,
      """
      {"type":"error","error":{"type":"invalid_request_error",\
      "message":"output_config.format: not supported by this model"}}
      """
    ),
    formMember: "output_config"
  )

  private static let gemini = ChatVendor(
    name: "gemini",
    keyField: .named("x-goog-api-key"),
    sentKey: ("x-goog-api-key", "k-test"),
    target: "/base/models/m:generateContent",
    api: { GeminiContent(endpoint: $0, model: "m") },
    reply: { content, isCutOff in
      OpenAIReply.json(
        """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},\
        {"text":\(OpenAIReply.quoted(content))}]},\
        "finishReason":"\(isCutOff ? "MAX_TOKENS" : "STOP")"}],\
        "usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":15,\
        "thoughtsTokenCount":5,"totalTokenCount":120}}
        """
      )
    },
    blocked: OpenAIReply.json(#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#),
    failures: Failures.gemini,
    formRefusal: failure(
      400,
      """
      {"error":{"code":400,"message":"responseJsonSchema is not enabled for this model",\
      "status":"INVALID_ARGUMENT"}}
      """
    ),
    formMember: "generationConfig"
  )

  private static let ollama = ChatVendor(
    name: "ollama",
    target: "/base/api/chat",
    api: { OllamaChat(endpoint: $0, model: "m") },
    reply: { content, isCutOff in
      OpenAIReply.json(
        """
        {"model":"m","message":{"role":"assistant","content":\(OpenAIReply.quoted(content))},\
        "done":true,"done_reason":"\(isCutOff ? "length" : "stop")","prompt_eval_count":100,\
        "eval_count":20}
        """
      )
    },
    blocked: failure(400, #"{"error":{"code":"content_filter"}}"#),
    failures: Failures.ollama,
    formRefusal: failure(400, #"{"error":"failed to parse grammar"}"#),
    formMember: "format"
  )
}

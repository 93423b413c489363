import CurlClient
import Foundation
import HTTPMessage
import Providers
import ScriptedServer

/// OpenAI's replies as its API writes them.
enum OpenAIReply {
  static func json(_ text: String, status: Int = 200, fields: HeaderFields = [:]) -> HTTPResponse {
    HTTPResponse(status: status, fields: fields, body: Array(text.utf8))
  }

  static func chat(
    _ content: String,
    finish: String = "stop",
    tokens: (Int, Int) = (100, 20)
  )
    -> HTTPResponse
  {
    json(
      """
      {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\
      "message":{"role":"assistant","content":\(quoted(content)),"refusal":null},"logprobs":null,\
      "finish_reason":"\(finish)"}],"usage":{"prompt_tokens":\(tokens.0),\
      "completion_tokens":\(tokens.1),"total_tokens":\(tokens.0 + tokens.1)}}
      """
    )
  }

  static let mood = chat(
    """
    {"emotions":[{"name":"joy","intensity":0.4},{"name":"quiet longing","intensity":0.9}],\
    "language":"en","sureness":0.8}
    """
  )

  static func error(_ status: Int, code: String?, fields: HeaderFields = [:]) -> HTTPResponse {
    let code = code.map { "\"\($0)\"" } ?? "null"
    return json(
      #"{"error":{"message":"secret words","type":"some_error","param":null,"code":\#(code)}}"#,
      status: status,
      fields: fields
    )
  }

  /// The annotation of one title as the model writes it.
  static func title(_ id: String, emotions: Int = 8, emojis: String = #""🕵️","🌃","💔""#) -> String {
    let names = ["joy", "dread", "awe", "grief", "hope", "pride", "love", "calm", "fear"]
    let list = (0..<emotions).map { #"{"name":"\#(names[$0])","intensity":0.\#(9 - $0)}"# }
    return """
      {"id":"\(id)","plot_emojis":[\(emojis)],"watcher_emotions":[\(list.joined(separator: ","))]}
      """
  }

  static func titles(_ titles: [String], tokens: (Int, Int) = (100, 20)) -> HTTPResponse {
    chat(#"{"titles":[\#(titles.joined(separator: ","))]}"#, tokens: tokens)
  }

  /// One vector for each text of a request: its first number is the text's number, if it is one.
  static func embeddings(for request: HTTPRequest, dimensions: Int = 4) -> HTTPResponse {
    let body = RequestBody.object(request)
    let texts = body["input"] as? [String] ?? []
    let items = texts.enumerated().map { index, text in
      var vector = [Float](repeating: 1, count: dimensions)
      vector[0] = Float(text) ?? 0
      return #"{"object":"embedding","index":\#(index),"embedding":"\#(base64(vector))"}"#
    }
    return json(
      """
      {"object":"list","data":[\(items.reversed().joined(separator: ","))],"model":"m",\
      "usage":{"prompt_tokens":\(texts.count),"total_tokens":\(texts.count)}}
      """
    )
  }

  static func base64(_ vector: [Float]) -> String {
    vector.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }.base64EncodedString()
  }

  static func quoted(_ text: String) -> String {
    let bytes = (try? JSONEncoder().encode(text)) ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A request's body, read by Foundation's own parser.
enum RequestBody {
  static func object(_ request: HTTPRequest) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
  }

  /// The content of the message with `role`.
  static func message(_ request: HTTPRequest, role: String) -> String? {
    let messages = object(request)["messages"] as? [[String: String]] ?? []
    let found = messages.filter { $0["role"] == role }
    return found.count == 1 ? found.first?["content"] : nil
  }

  /// The value inside the block of the user's message.
  static func material(_ request: HTTPRequest, tag: String) -> Any? {
    let lines = (message(request, role: "user") ?? "").components(separatedBy: "\n")
    guard lines.count == 3, lines[0] == "<\(tag)>", lines[2] == "</\(tag)>",
      !lines[1].contains("<")
    else { return nil }
    return try? JSONSerialization.jsonObject(
      with: Data(lines[1].utf8),
      options: .fragmentsAllowed
    )
  }
}

extension ScriptedServer {
  func endpoint(prefix: String = "/v1", key: String? = "sk-test") throws -> VendorEndpoint {
    try VendorEndpoint(baseURL: "http://\(self.authority)\(prefix)", key: key)
  }

  func emotionProvider(_ name: String = "openai") throws -> LanguageModelProvider {
    let chat = OpenAIChat(endpoint: try self.endpoint(), model: "\(name)-model")
    return LanguageModelProvider(name: name, api: chat, handler: CurlClient.shared.handler)
  }

  func embeddingProvider(
    model: String = "m",
    dimensions: Int? = nil
  ) throws -> VectorModelProvider {
    let embeddings = OpenAIEmbeddings(
      endpoint: try self.endpoint(),
      model: model,
      dimensions: dimensions
    )
    return VectorModelProvider(
      name: "openai",
      api: embeddings,
      handler: CurlClient.shared.handler
    )
  }
}

extension CurlClient {
  static let shared = CurlClient()
}

extension ContinuousClock.Instant {
  static func after(_ duration: Duration) -> Self { .now + duration }
}

/// Runs `body` beside a server, and stops the server afterwards.
func withServer<Value>(
  _ script: @escaping @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step],
  _ body: (ScriptedServer) async throws -> Value
) async throws -> Value {
  let server = try ScriptedServer(script)
  defer { server.stop() }
  return try await body(server)
}

import FoundationEssentials
package import HTTPMessage

/// Google's `generateContent`.
///
/// Source: https://ai.google.dev/api/generate-content
package struct GeminiContent: ChatAPI {
  package let model: String
  private let endpoint: VendorEndpoint

  package init(endpoint: VendorEndpoint, model: String) {
    self.endpoint = endpoint
    self.model = model
  }

  package var forms: [AnswerForm] { AnswerForm.allCases }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/models?pageSize=100") }

  package func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest {
    var generation: [String: JSONValue] = [
      "maxOutputTokens": .number(Double(question.maxTokens))
    ]
    var members: [String: JSONValue] = [
      "systemInstruction": ["parts": [["text": .string(question.instructions(for: form))]]],
      "contents": [["role": "user", "parts": [["text": .string(question.material)]]]],
      // People write of their despair here: to read it is the point.
      "safetySettings": [
        ["category": "HARM_CATEGORY_DANGEROUS_CONTENT", "threshold": "BLOCK_ONLY_HIGH"]
      ],
    ]
    switch form {
    case .schema:
      generation["responseMimeType"] = "application/json"
      generation["responseJsonSchema"] = question.schema.json
    case .tool:
      members["tools"] = [
        [
          "functionDeclarations": [
            [
              "name": .string(question.name), "description": "Records the answer.",
              "parametersJsonSchema": question.schema.json,
            ]
          ]
        ]
      ]
      members["toolConfig"] = [
        "functionCallingConfig": [
          "mode": "ANY", "allowedFunctionNames": [.string(question.name)],
        ]
      ]
    case .object: generation["responseMimeType"] = "application/json"
    case .text: break
    }
    members["generationConfig"] = .object(generation)
    return self.endpoint.post("/models/\(self.model):generateContent", .object(members))
  }

  package func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    guard let candidate = body.candidates?.first else {
      throw body.promptFeedback?.blockReason == nil ? .malformedReply : .blocked
    }
    switch candidate.finishReason {
    case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR":
      throw .blocked
    default: break
    }
    let parts = (candidate.content?.parts ?? []).filter { $0.thought != true }
    let call = parts.lazy.compactMap(\.functionCall?.args).first
    return try ChatReply(
      content: call.map { String(decoding: $0.bytes, as: UTF8.self) }
        ?? parts.compactMap(\.text).joined(),
      isCutOff: candidate.finishReason == "MAX_TOKENS",
      inputTokens: body.usageMetadata?.promptTokenCount,
      cachedTokens: body.usageMetadata?.cachedContentTokenCount,
      outputTokens: body.usageMetadata.map {
        $0.candidatesTokenCount.tokenCount + $0.thoughtsTokenCount.tokenCount
      }
    ).checked
  }

  private struct ResponseBody: Decodable {
    var candidates: [Candidate]?
    var promptFeedback: Feedback?
    var usageMetadata: Usage?

    struct Candidate: Decodable {
      var content: Content?
      var finishReason: String?
    }

    struct Content: Decodable {
      var parts: [Part]?
    }

    struct Part: Decodable {
      var text: String?
      var thought: Bool?
      var functionCall: Call?
    }

    struct Call: Decodable {
      var args: JSONValue?
    }

    struct Feedback: Decodable {
      var blockReason: String?
    }

    struct Usage: Decodable {
      var promptTokenCount: Int?
      var candidatesTokenCount: Int?
      var thoughtsTokenCount: Int?
      var cachedContentTokenCount: Int?
    }
  }
}

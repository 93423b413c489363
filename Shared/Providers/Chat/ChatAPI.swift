package import HTTPMessage

/// One vendor's chat API, as pure translations.
package protocol ChatAPI: Sendable {
  /// As a request names it, for people.
  var model: String { get }
  /// The forms that the API knows, strictest first; never empty.
  var forms: [AnswerForm] { get }
  /// Asks which models there are, `nil` where the API doesn't tell.
  var modelsRequest: HTTPRequest? { get }

  /// The request that asks `question`; the same question gives the same bytes.
  func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest

  /// The text that the model answered with, or what its absence means.
  func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply
}

/// The text of a model's answer and what it cost.
package struct ChatReply: Sendable, Hashable {
  package var content: String
  /// Whether the answer ended because it grew longer than it was allowed to.
  package var isCutOff: Bool
  package var inputTokens: Int
  package var outputTokens: Int

  init(content: String, isCutOff: Bool = false, inputTokens: Int?, outputTokens: Int?) {
    self.content = content
    self.isCutOff = isCutOff
    self.inputTokens = inputTokens.tokenCount
    self.outputTokens = outputTokens.tokenCount
  }

  /// The reply, unless it has neither text nor the excuse of having been cut off.
  var checked: ChatReply {
    get throws(ProviderError) {
      guard self.isCutOff || !self.content.isEmpty else { throw .malformedReply }
      return self
    }
  }
}

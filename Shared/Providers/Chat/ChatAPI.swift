package import HTTPMessage

/// One vendor's chat API, as pure translations.
package protocol ChatAPI: Sendable {
  /// As a request names it, for people.
  var model: String { get }
  /// The forms that the API knows, strictest first; never empty.
  var forms: [AnswerForm] { get }
  /// Asks which models there are, `nil` where the API doesn't tell.
  var modelsRequest: HTTPRequest? { get }
  /// The same questions at the price of batches, `nil` where the vendor has none.
  var batches: (any BatchAPI)? { get }

  /// The request that asks `question`; the same question gives the same bytes.
  func request(for question: ChatQuestion, as form: AnswerForm) -> HTTPRequest

  /// The text that the model answered with, or what its absence means.
  func reply(from response: HTTPResponse) throws(ProviderError) -> ChatReply
}

extension ChatAPI {
  package var batches: (any BatchAPI)? { nil }
}

/// The text of a model's answer and what it cost.
package struct ChatReply: Sendable, Hashable {
  package var content: String
  /// Whether the answer ended because it grew longer than it was allowed to.
  package var isCutOff: Bool
  /// Whether the vendor's moderation saw a wish to die or to be hurt in the question.
  package var signalsSelfHarm = false
  /// `nil` where the vendor counted nothing.
  package var use: TokenUse?
  /// USD; of a vendor that doesn't name the sum only known after the exchange.
  package var usd: Double?

  init(
    content: String,
    isCutOff: Bool = false,
    inputTokens: Int?,
    cachedTokens: Int? = nil,
    outputTokens: Int?,
    usd: Double? = nil
  ) {
    self.content = content
    self.isCutOff = isCutOff
    self.usd = usd
    if inputTokens != nil || outputTokens != nil {
      self.use = TokenUse(
        input: inputTokens ?? 0,
        cachedInput: cachedTokens ?? 0,
        output: outputTokens ?? 0
      )
    }
  }

  package var inputTokens: Int { self.use?.input ?? 0 }
  package var outputTokens: Int { self.use?.output ?? 0 }

  /// Adds what another reply to the same question cost.
  mutating func add(costOf other: ChatReply) {
    self.usd = self.usd.flatMap { own in other.usd.map { own + $0 } }
    guard let use = self.use, let more = other.use else {
      self.use = self.use ?? other.use
      return
    }
    self.use = TokenUse(
      input: use.input + more.input,
      cachedInput: use.cachedInput + more.cachedInput,
      output: use.output + more.output
    )
  }

  /// The reply, unless it has neither text nor the excuse of having been cut off.
  var checked: ChatReply {
    get throws(ProviderError) {
      guard self.isCutOff || !self.content.isEmpty else { throw .malformedReply }
      return self
    }
  }
}

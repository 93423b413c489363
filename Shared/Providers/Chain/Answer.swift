/// A value and where it comes from.
package struct Answer<Value: Sendable>: Sendable {
  package var value: Value
  /// Who answered.
  package var provider: String
  package var model: String
  package var inputTokens: Int
  package var outputTokens: Int
  /// What it cost, `nil` where that is not known.
  package var usd: Double?
  /// Who should have answered before, in the order of the chain.
  package var degradations: [Degradation]

  package init(
    value: Value,
    provider: String,
    model: String,
    inputTokens: Int,
    outputTokens: Int,
    usd: Double? = nil,
    degradations: [Degradation]
  ) {
    self.value = value
    self.provider = provider
    self.model = model
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.usd = usd
    self.degradations = degradations
  }
}

extension Answer: Equatable where Value: Equatable {}

/// One provider that failed and the one that answered in its place.
package struct Degradation: Sendable, Hashable {
  package var from: String
  package var to: String
  /// The reason of a `ProviderError`.
  package var reason: String

  package init(from: String, to: String, reason: String) {
    self.from = from
    self.to = to
    self.reason = reason
  }
}

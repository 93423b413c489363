import Metrics

/// What is counted of one provider at one stage.
///
/// Labels hold names of ours and of models, never a text or a key.
package final class ProviderMetrics: Sendable {
  private let attempts: [String: Counter]
  private let fallbacks: [String: Counter]
  private let duration: Timer
  private let inputTokens: Counter
  private let outputTokens: Counter

  /// - Parameters:
  ///   - stage: "extract", "annotate" or "embed".
  ///   - provider: As in the configured chain.
  ///   - model: As configured.
  package init(stage: String, provider: String, model: String) {
    let dimensions = [("stage", stage), ("provider", provider), ("model", model)]
    let reasons = ProviderError.allMeanings.map(\.reason)
    self.attempts = Dictionary(
      uniqueKeysWithValues: (["OK"] + reasons).map {
        let all = dimensions + [("outcome", $0)]
        return ($0, Counter(label: "provider_attempts_total", dimensions: all))
      }
    )
    self.fallbacks = Dictionary(
      uniqueKeysWithValues: reasons.map {
        let all = [("stage", stage), ("to", provider), ("reason", $0)]
        return ($0, Counter(label: "provider_fallbacks_total", dimensions: all))
      }
    )
    self.duration = Timer(label: "provider_attempt_duration_seconds", dimensions: dimensions)
    let tokens = {
      Counter(label: "provider_tokens_total", dimensions: dimensions + [("kind", $0)])
    }
    self.inputTokens = tokens("input")
    self.outputTokens = tokens("output")
  }

  /// Counts one attempt, which ended with `error` or, without one, well.
  func record(_ error: ProviderError?, since start: ContinuousClock.Instant) {
    self.attempts[error?.reason ?? "OK"]?.increment()
    let nanoseconds = (ContinuousClock.now - start) / .nanoseconds(1)
    self.duration.recordNanoseconds(Int64(nanoseconds))
  }

  func count(inputTokens: Int, outputTokens: Int) {
    if inputTokens > 0 { self.inputTokens.increment(by: inputTokens) }
    if outputTokens > 0 { self.outputTokens.increment(by: outputTokens) }
  }

  /// Counts that this provider answered instead of another.
  func countFallback(from failure: Failure) {
    self.fallbacks[failure.error.reason]?.increment()
  }
}

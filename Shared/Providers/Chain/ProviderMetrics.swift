import Metrics

/// What is counted of one provider at one stage.
///
/// Labels hold names of ours and of models, never a text or a key.
package final class ProviderMetrics: Sendable {
  private let attempts: [String: Counter]
  private let fallbacks: [String: Counter]

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
  }

  /// Counts one attempt, which ended with `error` or, without one, well.
  func record(_ error: ProviderError?) {
    self.attempts[error?.reason ?? "OK"]?.increment()
  }

  /// Counts that this provider answered instead of another.
  func countFallback(from failure: Failure) {
    self.fallbacks[failure.error.reason]?.increment()
  }
}

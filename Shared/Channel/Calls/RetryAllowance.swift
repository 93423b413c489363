/// Whether a channel may repeat calls, so that repetitions don't keep down what is down.
struct RetryAllowance: Sendable {
  private let throttling: RetryThrottling
  private let budget: RetryBudget
  /// 0...maxTokens.
  private(set) var tokens: Double
  /// Repetitions that calls have earned and none has used.
  private(set) var earned: Double

  init(_ throttling: RetryThrottling, _ budget: RetryBudget) {
    self.throttling = throttling
    self.budget = budget
    self.tokens = throttling.maxTokens
    self.earned = budget.reserve
  }

  /// Notes that a call begins.
  mutating func begin() {
    self.earned = min(self.earned + self.budget.ratio, max(self.budget.reserve, 10))
  }

  /// Notes how an attempt ended: a success, or a failure that is worth repeating.
  mutating func count(success: Bool) {
    if success {
      self.tokens = min(self.tokens + self.throttling.tokenRatio, self.throttling.maxTokens)
    } else {
      self.tokens = max(self.tokens - 1, 0)
    }
  }

  /// Uses up one repetition; false when there must be none now.
  mutating func take() -> Bool {
    guard self.tokens > self.throttling.maxTokens / 2, self.earned >= 1 else { return false }
    self.earned -= 1
    return true
  }
}

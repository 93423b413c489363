import RPC

extension MethodConfig {
  init(_ object: ConfigObject) {
    self.init()
    object.allow(
      "name",
      "timeout",
      "waitForReady",
      "retryPolicy",
      "hedgingPolicy",
      "netflixgpt"
    )
    if object.has("timeout") {
      var timeout = Duration.zero
      object.duration("timeout", min: .milliseconds(1), into: &timeout)
      self.timeout = timeout
    }
    object.boolean("waitForReady", into: &self.waitsForReady)
    let own = object.object("netflixgpt")
    own?.allow("hedgingPercentile")
    // As in gRPC, an entry without a policy repeats nothing.
    self.repetition = .none
    if object.has("retryPolicy"), object.has("hedgingPolicy") {
      object.note("hedgingPolicy", "can't stand beside retryPolicy")
    } else if let policy = object.object("retryPolicy") {
      self.repetition = .retry(RetryPolicy(policy))
    } else if let policy = object.object("hedgingPolicy") {
      self.repetition = .hedge(HedgingPolicy(policy, own))
    }
    if let own, own.has("hedgingPercentile"), !object.has("hedgingPolicy") {
      own.note("hedgingPercentile", "needs a hedgingPolicy beside it")
    }
  }
}

extension RetryPolicy {
  fileprivate init(_ object: ConfigObject) {
    self.init()
    object.allow(
      "maxAttempts",
      "initialBackoff",
      "maxBackoff",
      "backoffMultiplier",
      "retryableStatusCodes"
    )
    object.attempts(into: &self.maxAttempts)
    object.duration("initialBackoff", min: .milliseconds(1), into: &self.initialBackoff)
    object.duration("maxBackoff", min: .milliseconds(1), into: &self.maxBackoff)
    object.number("backoffMultiplier", 0.001...1000, into: &self.backoffMultiplier)
    if let codes = object.codes("retryableStatusCodes") {
      if codes.isEmpty { object.note("retryableStatusCodes", "must not be empty") }
      self.retryableCodes = codes
    }
  }
}

extension HedgingPolicy {
  fileprivate init(_ object: ConfigObject, _ own: ConfigObject?) {
    self.init()
    object.allow("maxAttempts", "hedgingDelay", "nonFatalStatusCodes")
    object.attempts(into: &self.maxAttempts)
    object.duration("hedgingDelay", min: .zero, into: &self.delay)
    self.nonFatalCodes = object.codes("nonFatalStatusCodes") ?? []
    if let own, own.has("hedgingPercentile") {
      var percentile = 95.0
      own.number("hedgingPercentile", 50...99.9, into: &percentile)
      self.percentile = percentile
    }
  }
}

extension ConfigObject {
  /// Reads `maxAttempts`, of which more than five count as five, as in gRPC.
  fileprivate func attempts(into target: inout Int) {
    guard self.has("maxAttempts") else { return self.note("maxAttempts", "is missing") }
    self.integer("maxAttempts", 2...1000, into: &target)
    target = min(target, 5)
  }
}

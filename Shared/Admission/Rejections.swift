import Metrics

/// Counts the calls that were refused, by why.
struct Rejections: Sendable {
  enum Reason: String, Sendable, CaseIterable {
    case auth, rate, limit, deadline
  }

  private let counters: [Reason: Counter]

  init() {
    self.counters = Dictionary(
      uniqueKeysWithValues: Reason.allCases.map { reason in
        let dimensions = [("reason", reason.rawValue)]
        return (reason, Counter(label: "rpc_server_rejected_total", dimensions: dimensions))
      }
    )
  }

  func count(_ reason: Reason) { self.counters[reason]?.increment() }
}

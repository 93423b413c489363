import Glibc
import Metrics
import Synchronization

/// What each provider may cost in a UTC day, and what it has cost.
///
/// Before a call its estimate is taken from the budget, after it what it did cost: calls at the same
/// time can't pass the budget together. What a killed process had taken stays spent.
package final class DailyBudgets: Sendable {
  /// Why budgets can't be kept.
  package struct Unusable: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// Taken from a provider's budget for one call.
  struct Hold: Sendable {
    fileprivate var day: String
    fileprivate var nanoUSD: Int
  }

  private let limits: [String: Int]
  private let file: BudgetFile?
  private let now: @Sendable () -> Int
  private let ledger = Mutex<DayLedger?>(nil)
  private let remaining: [String: Meter]

  /// - Parameters:
  ///   - limits: USD for a day by provider; the others have none.
  ///   - path: Where spending is kept over restarts, `nil` for not at all.
  ///   - now: Seconds since 1970.
  /// - Throws: `Unusable` where the file can't be written or holds something else.
  package init(
    _ limits: [String: Double],
    file path: String? = nil,
    now: @escaping @Sendable () -> Int = { time(nil) }
  ) throws(Unusable) {
    self.limits = limits.mapValues { Self.nanoUSD($0) }
    self.now = now
    self.remaining = Dictionary(
      uniqueKeysWithValues: limits.keys.map {
        ($0, Meter(label: "provider_budget_remaining_usd", dimensions: [("provider", $0)]))
      }
    )
    do {
      self.file = try path.map { path throws(BudgetFile.Unusable) in try BudgetFile(path: path) }
    } catch {
      throw Unusable(
        description: "\(path ?? ""): can't be written, or holds something else than spending"
      )
    }
  }

  /// Whether `provider` has a budget.
  package func isLimited(_ provider: String) -> Bool { self.limits[provider] != nil }

  /// What `provider` has cost today, in USD, with what calls under way may cost.
  package func spent(by provider: String) -> Double {
    let spent = try? self.change { ledger in
      self.today(ledger).nanoUSD[provider] ?? 0
    }
    return Double(spent ?? 0) / 1e9
  }

  /// Takes what a call may cost from its provider's budget.
  ///
  /// - Parameters:
  ///   - usd: The most that the call can cost.
  ///   - provider: As configured.
  /// - Returns: What to settle after the call, `nil` where the provider has no budget.
  /// - Throws: `budgetSpent` where less is left, or spending can't be written down.
  func hold(_ usd: Double, for provider: String) throws(ProviderError) -> Hold? {
    guard let limit = self.limits[provider] else { return nil }
    let amount = Self.nanoUSD(usd)
    let taken = try? self.change { ledger -> String? in
      var today = self.today(ledger)
      let spent = today.nanoUSD[provider, default: 0]
      guard spent <= limit, amount <= limit - spent else { return nil }
      today.nanoUSD[provider] = spent + amount
      ledger = today
      self.remaining[provider]?.set(Double(limit - spent - amount) / 1e9)
      return today.day
    }
    guard let day = taken ?? nil else {
      throw .budgetSpent(RetryHint(after: .seconds(Self.daySeconds - self.now() % Self.daySeconds)))
    }
    return Hold(day: day, nanoUSD: amount)
  }

  /// Puts what a call did cost in the place of what was held for it.
  ///
  /// A call of the day before is settled no more: its day's ledger is closed.
  func settle(_ hold: Hold, usd: Double, for provider: String) {
    let correction = Self.nanoUSD(usd) - hold.nanoUSD
    // Where the file can't be written any more, the hold stays: too much is spent, not too little.
    _ = try? self.change { ledger in
      guard ledger?.day == hold.day, let spent = ledger?.nanoUSD[provider] else { return }
      let corrected = max(0, spent + correction)
      ledger?.nanoUSD[provider] = corrected
      self.remaining[provider]?.set(Double((self.limits[provider] ?? 0) - corrected) / 1e9)
    }
  }

  /// The ledger of today.
  ///
  /// The clock is read here, as a call may have waited over midnight for its turn. Where another
  /// process's clock is ahead, its day counts, as a day is never begun twice; but no more than one
  /// day, or a clock that was wrong once would have its day last until then. What was spent by such
  /// a clock counts for today.
  private func today(_ ledger: DayLedger?) -> DayLedger {
    let now = self.now()
    let (day, next) = (Self.day(now), Self.day(now + Self.daySeconds))
    guard let ledger, ledger.day >= day else { return DayLedger(day: day, nanoUSD: [:]) }
    return ledger.day <= next ? ledger : DayLedger(day: day, nanoUSD: ledger.nanoUSD)
  }

  private static let daySeconds = 86_400

  private func change<Value>(
    _ body: (inout DayLedger?) -> Value
  ) throws(BudgetFile.Unusable) -> Value {
    guard let file = self.file else { return self.ledger.withLock { body(&$0) } }
    return try file.change(body)
  }

  private static func nanoUSD(_ usd: Double) -> Int {
    Int((min(1e9, max(0, usd)) * 1e9).rounded(.up))
  }

  /// The UTC day of a moment, such as "2026-11-22".
  private static func day(_ seconds: Int) -> String {
    var seconds = seconds
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let numbers = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    return numbers.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
  }
}

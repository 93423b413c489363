import HTTPMessage
import Metrics
import Synchronization

/// What calls to one model cost: taken from its provider's budget, counted, and told.
package final class ModelAccount: Sendable {
  private let provider: String
  private let price: ModelPrice?
  private let budgets: DailyBudgets?
  private let dimensions: [(String, String)]
  private let handles = Mutex(Handles())

  /// Made when they are first needed: most models are configured and never asked.
  private struct Handles {
    /// By type: "input", "cached_input" and "output".
    var tokens: [String: Counter] = [:]
    var usd: FloatingPointCounter?
  }

  init(provider: String, price: ModelPrice?, budgets: DailyBudgets?, model: String) {
    self.provider = provider
    self.price = price
    self.budgets = budgets
    self.dimensions = [("provider", provider), ("model", model)]
  }

  /// Sends a request, and books what comes of it.
  ///
  /// A call that was sent and got no readable answer is booked with its estimate, as the provider
  /// may have done its work; one that found no connection or no server to trust, or was refused
  /// without a count, costs nothing.
  ///
  /// - Parameters:
  ///   - request: Of which no token can stand for less than a byte.
  ///   - maxOutputTokens: That the request allows.
  ///   - handler: Sends it.
  ///   - deadline: For the response.
  ///   - read: Reads the response.
  ///   - bill: What the reply says of its own cost.
  /// - Returns: The reply and what it cost in USD, `nil` where that can't be known.
  /// - Throws: `budgetSpent` without asking, else what `read` throws or the exchange ends with.
  func exchange<Reply>(
    _ request: HTTPRequest,
    maxOutputTokens: Int,
    over handler: @escaping HTTPHandler,
    until deadline: ContinuousClock.Instant,
    read: (HTTPResponse) throws(ProviderError) -> Reply,
    bill: (Reply) -> Bill
  ) async throws(ProviderError) -> (reply: Reply, usd: Double?) {
    guard ContinuousClock.now < deadline else { throw .timedOut }
    let estimate = self.price?.usd(of: TokenUse(input: request.body.count, output: maxOutputTokens))
    let hold = try self.budgets?.hold(estimate ?? 0, for: self.provider)
    func book(_ usd: Double?) {
      if let usd { self.count(usd) }
      if let hold { self.budgets?.settle(hold, usd: usd ?? 0, for: self.provider) }
    }
    let response: HTTPResponse
    do {
      response = try await Unanswered.exchange(request, over: handler, until: deadline)
    } catch {
      book(error.wasSent ? estimate : 0)
      throw error.meaning
    }
    do {
      let reply = try read(response)
      let bill = bill(reply)
      if let use = bill.use { self.count(use) }
      let usd = bill.usd ?? bill.use.flatMap { use in self.price?.usd(of: use) }
      // A reply that counts nothing has cost something all the same.
      book(usd ?? estimate)
      return (reply, usd)
    } catch {
      let use = JSONValue(response.body).flatMap { TokenUse(in: $0) }
      if let use { self.count(use) }
      book(use.flatMap { self.price?.usd(of: $0) } ?? (response.status == 200 ? estimate : 0))
      throw error
    }
  }

  /// What a reply says that it cost.
  struct Bill {
    var use: TokenUse?
    /// Where the provider names the sum itself.
    var usd: Double?
  }

  /// Books what is paid for in advance, by its estimate.
  ///
  /// - Parameters:
  ///   - estimate: USD.
  ///   - body: What is paid for; what it cost is booked unless it is certain to have failed.
  /// - Returns: What `body` returns.
  /// - Throws: `budgetSpent` without trying, else what `body` throws.
  func spending<Value>(
    _ estimate: Double?,
    _ body: () async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    let hold = try self.budgets?.hold(estimate ?? 0, for: self.provider)
    do {
      return try await body()
    } catch {
      if let hold, error.isCertainRefusal { self.budgets?.settle(hold, usd: 0, for: self.provider) }
      throw error
    }
  }

  private func count(_ use: TokenUse) {
    let counts = [
      ("input", use.input - use.cachedInput), ("cached_input", use.cachedInput),
      ("output", use.output),
    ]
    for (type, count) in counts where count > 0 {
      let counter = self.handles.withLock { handles in
        if let known = handles.tokens[type] { return known }
        let new = Counter(
          label: "provider_tokens_total",
          dimensions: self.dimensions + [("type", type)]
        )
        handles.tokens[type] = new
        return new
      }
      counter.increment(by: count)
    }
  }

  private func count(_ usd: Double) {
    guard usd > 0 else { return }
    let counter = self.handles.withLock { handles in
      if let known = handles.usd { return known }
      let new = FloatingPointCounter(label: "provider_usd_total", dimensions: self.dimensions)
      handles.usd = new
      return new
    }
    counter.increment(by: usd)
  }
}

import Synchronization

/// Whether a service can do its work now.
///
/// Not ready before `start()`, nor after `drain()`, nor while a check fails.
package final class Health: Sendable {
  /// Returns `nil` when all is well, otherwise why not, for operators: never a secret.
  package typealias Check = @Sendable () async -> String?

  /// What one look at a service found.
  package struct Report: Sendable, Hashable {
    /// One for each check, in the order they were added.
    package var results: [Result]
    /// Whether work may be sent here.
    package var isReady: Bool

    /// What one check found.
    package struct Result: Sendable, Hashable {
      package var name: String
      /// Why the check failed, or `nil`.
      package var failure: String?
    }
  }

  private struct State {
    var hasStarted = false
    var isDraining = false
    var services: Set<String> = []
    var checks: [(name: String, check: Check)] = []
    var results: [Report.Result] = []
    /// When `results` are too old to be given again.
    var renewal: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let changed: @Sendable (Report.Result) -> Void
  private let checkTimeout: Duration
  private let resultLifetime: Duration
  /// How often a watcher's status is looked at.
  let watchPeriod: Duration

  /// - Parameters:
  ///   - checkTimeout: A check that takes longer has failed.
  ///   - resultLifetime: Results of checks are given again for so long.
  ///   - watchPeriod: Those who watch are told of a change within so long.
  ///   - changed: Hears once of each check that fails, fails for another reason, or is well again.
  package init(
    checkTimeout: Duration = .seconds(2),
    resultLifetime: Duration = .seconds(1),
    watchPeriod: Duration = .seconds(1),
    changed: @escaping @Sendable (Report.Result) -> Void = { _ in }
  ) {
    self.checkTimeout = checkTimeout
    self.resultLifetime = resultLifetime
    self.watchPeriod = watchPeriod
    self.changed = changed
  }

  var isDraining: Bool { self.state.withLock { $0.isDraining } }

  package var hasStarted: Bool { self.state.withLock { $0.hasStarted } }

  /// Adds something that this service needs in order to do its work.
  package func addCheck(name: String, check: @escaping Check) {
    self.state.withLock {
      $0.checks.append((name, check))
      $0.renewal = nil
    }
  }

  /// Says that start-up is over.
  package func start() {
    self.state.withLock { $0.hasStarted = true }
  }

  /// Says that this process is about to stop.
  package func drain() {
    self.state.withLock { $0.isDraining = true }
  }

  func addService(_ name: String) {
    _ = self.state.withLock { $0.services.insert(name) }
  }

  /// Full names, and the empty one of the whole server.
  var services: [String] { self.state.withLock { [""] + $0.services.sorted() } }

  func has(service: String) -> Bool {
    self.state.withLock { service.isEmpty || $0.services.contains(service) }
  }

  /// Runs the checks, side by side, unless they ran a moment ago.
  ///
  /// They run outside of any call's scope: their results are for everyone, whatever time limit the
  /// one who asked had.
  package func report() async -> Report {
    let now = ContinuousClock.now
    let (checks, results, isRecent) = self.state.withLock { state in
      let isRecent = state.renewal.map { now < $0 } ?? false
      // Others get the results so far while this task renews them.
      if !isRecent, !state.results.isEmpty { state.renewal = now + self.checkTimeout }
      return (state.checks, state.results, isRecent)
    }
    guard !isRecent, !checks.isEmpty else { return self.report(results) }
    let renewed = await CallScope.$current.withValue(CallScope()) { await self.run(checks) }
    guard !Task.isCancelled else {
      // The checks were cancelled too, which says nothing of what they checked.
      self.state.withLock { $0.renewal = nil }
      return self.report(renewed)
    }
    let renewal = ContinuousClock.now + self.resultLifetime
    let changes = self.state.withLock { state -> [Report.Result] in
      guard state.checks.count == renewed.count else { return [] }
      let known = Dictionary(state.results.map { ($0.name, $0.failure) }) { first, _ in first }
      state.results = renewed
      state.renewal = renewal
      return renewed.filter { result in result.failure != known[result.name] ?? nil }
    }
    for change in changes { self.changed(change) }
    return self.report(renewed)
  }

  private func report(_ results: [Report.Result]) -> Report {
    let isUp = self.state.withLock { $0.hasStarted && !$0.isDraining }
    var results = results
    results.append(Report.Result(name: "process", failure: isUp ? nil : self.stage))
    return Report(results: results, isReady: !results.contains { $0.failure != nil })
  }

  private var stage: String { self.hasStarted ? "about to stop" : "starting" }

  private func run(_ checks: [(name: String, check: Check)]) async -> [Report.Result] {
    let deadline = ContinuousClock.now + self.checkTimeout
    return await withTaskGroup(of: (Int, String?).self) { group in
      for (index, check) in checks.enumerated() {
        let check = check.check
        group.addTask {
          do { return (index, try await withDeadline(deadline) { await check() }) } catch {
            return (index, "no answer in time")
          }
        }
      }
      var results = checks.map { Report.Result(name: $0.name) }
      for await (index, failure) in group { results[index].failure = failure }
      return results
    }
  }
}

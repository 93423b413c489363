import Synchronization

/// Keeps the newest snapshot and has it rebuilt once, however many ask at the same time.
package final class SnapshotCache: Sendable {
  /// How long a snapshot is served without asking the store for its version.
  package static let trusted = Duration.milliseconds(500)

  private struct Waiter {
    let number: UInt64
    let required: Int64
    /// Gets no snapshot where the one that was read lacks writes that are required.
    let continuation: CheckedContinuation<Result<CatalogSnapshot?, StoreError>, Never>
  }

  private struct State {
    var snapshot: CatalogSnapshot?
    /// How often the catalog had been written when `snapshot` was read.
    var writes: Int64 = -1
    var checkedAt: ContinuousClock.Instant?
    /// `writes` after the last write of this process, which reads for changes must see.
    var required: Int64 = 0
    var phase = Phase.idle
    var waiters: [Waiter] = []
    /// How many have waited.
    var count: UInt64 = 0
    /// What reading waits for, or why it failed when last tried.
    var delay: StoreError?
  }

  private enum Phase {
    case idle, checking, rebuilding
  }

  private let state = Mutex(State())

  package init() {}

  /// From now on reads for changes get only snapshots with at least so many writes.
  package func require(writes: Int64) {
    self.state.withLock { state in state.required = max(state.required, writes) }
  }

  /// Why a snapshot is waited for; `nil` where nothing is known to be in the way.
  package var delay: StoreError? {
    self.state.withLock { state in
      if let delay = state.delay { return delay }
      return state.phase == .rebuilding ? .unavailable("the catalog is being read") : nil
    }
  }

  /// Notes what the reading under way waits for.
  package func note(delay: StoreError) {
    self.state.withLock { state in
      if state.phase != .idle { state.delay = delay }
    }
  }

  /// The newest snapshot; asks the store for its version when that was last done a while ago.
  ///
  /// - Parameters:
  ///   - use: For answers, the snapshot before is given while another is read.
  ///   - refresh: Starts reading the store on a thread of its own, where it calls `refreshed`
  ///     exactly once.
  /// - Returns: The same object until the version changes.
  /// - Throws: What `refreshed` met with, or `cancelled`.
  package func snapshot(
    for use: CatalogUse,
    refresh: @Sendable () -> Void
  ) async throws(StoreError) -> CatalogSnapshot {
    let required = self.state.withLock { state in use == .answers ? 0 : state.required }
    while true {
      if let snapshot = self.served(required: required) { return snapshot }
      if let snapshot = try await self.wait(required: required, refresh) { return snapshot }
    }
  }

  /// Waits for the outcome of a look at the store, however long that takes.
  ///
  /// - Returns: The snapshot; `nil` where the look began before the writes that are required.
  private func wait(
    required: Int64,
    _ refresh: () -> Void
  ) async throws(StoreError) -> CatalogSnapshot? {
    let number = self.state.withLock { state in
      state.count += 1
      return state.count
    }
    let outcome: Result<CatalogSnapshot?, StoreError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let starts = self.state.withLock { state in
          state.waiters.append(
            Waiter(number: number, required: required, continuation: continuation)
          )
          guard state.phase == .idle else { return false }
          state.phase = .checking
          return true
        }
        if starts { refresh() }
        // The handler may have come too early to find the waiter.
        if Task.isCancelled { self.dismiss(number) }
      }
    } onCancel: {
      self.dismiss(number)
    }
    return try outcome.get()
  }

  private func dismiss(_ number: UInt64) {
    let waiter = self.state.withLock { state -> Waiter? in
      let place = state.waiters.firstIndex { waiter in waiter.number == number }
      return place.map { place in state.waiters.remove(at: place) }
    }
    waiter?.continuation.resume(returning: .failure(.cancelled))
  }

  private func served(required: Int64) -> CatalogSnapshot? {
    self.state.withLock { state in
      guard let snapshot = state.snapshot, state.writes >= required else { return nil }
      if state.phase == .rebuilding { return snapshot }
      guard let checkedAt = state.checkedAt, checkedAt.duration(to: .now) < Self.trusted else {
        return nil
      }
      return snapshot
    }
  }

  /// Brings the snapshot up to the store's present version.
  ///
  /// While the new one is built, the old one is served to those who may see it.
  ///
  /// - Parameters:
  ///   - current: The store's version, and how often it has been written.
  ///   - build: Reads the whole catalog of that version.
  func refreshed(
    _ current: () throws(StoreError) -> (version: String, writes: Int64),
    build: () throws(StoreError) -> CatalogSnapshot
  ) {
    let started = ContinuousClock.now
    do throws(StoreError) {
      let current = try current()
      let snapshot = if let kept = self.kept(current.version) { kept } else { try build() }
      self.finish(.success(snapshot), writes: current.writes, at: started)
    } catch {
      self.finish(.failure(error), writes: 0, at: started)
    }
  }

  /// As `refreshed`, for a store that is asked over the network.
  ///
  /// - Parameter current: Gives the store's version, how often it has been written, and what reads
  ///   the whole catalog of that version or a later one.
  package func refreshed(
    awaiting current: () async throws(StoreError) -> (
      version: String, writes: Int64, build: () async throws(StoreError) -> CatalogSnapshot
    )
  ) async {
    let started = ContinuousClock.now
    do throws(StoreError) {
      let current = try await current()
      let snapshot =
        if let kept = self.kept(current.version) { kept } else { try await current.build() }
      self.finish(.success(snapshot), writes: current.writes, at: started)
    } catch {
      self.finish(.failure(error), writes: 0, at: started)
    }
  }

  /// The snapshot where it is of `version`; otherwise lets the old one be served for the time that
  /// building another takes.
  private func kept(_ version: String) -> CatalogSnapshot? {
    let kept = self.state.withLock { state in
      state.snapshot?.version == version ? state.snapshot : nil
    }
    if kept == nil { self.serveOldWhileRebuilding() }
    return kept
  }

  private func serveOldWhileRebuilding() {
    let (snapshot, served) = self.state.withLock { state -> (CatalogSnapshot?, [Waiter]) in
      state.phase = .rebuilding
      state.delay = nil
      guard let snapshot = state.snapshot else { return (nil, []) }
      let writes = state.writes
      let served = state.waiters.filter { waiter in waiter.required <= writes }
      state.waiters.removeAll { waiter in waiter.required <= writes }
      return (snapshot, served)
    }
    for waiter in served { waiter.continuation.resume(returning: .success(snapshot)) }
  }

  private func finish(
    _ outcome: Result<CatalogSnapshot, StoreError>,
    writes: Int64,
    at started: ContinuousClock.Instant
  ) {
    let waiters = self.state.withLock { state -> [Waiter] in
      switch outcome {
      case .success(let snapshot):
        state.snapshot = snapshot
        state.writes = writes
        state.checkedAt = started
        state.delay = nil
      case .failure(let error): state.delay = error
      }
      state.phase = .idle
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters {
      let answer = outcome.map { snapshot -> CatalogSnapshot? in
        waiter.required <= writes ? snapshot : nil
      }
      waiter.continuation.resume(returning: answer)
    }
  }
}

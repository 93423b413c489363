internal import SwiftProtobuf
internal import CatalogStore
internal import RPC
internal import Synchronization

/// How long and how much a writer keeps.
struct WritingLimits: Sendable {
  /// For how long rows, collections and versions stay that are no longer needed, for those who
  /// still read them.
  var graceSeconds: UInt64 = 60
  /// Superseded rows that are removed after one version, at most.
  var removedAtOnce = 5000
  /// More would make manifests too large; then all rows are written anew by one session.
  var maxSessions = 256
}

/// Makes new versions of a catalog, one at a time.
///
/// A version is made in three steps: rows are put in, tagged with the slot they are for and with
/// this session, so that nobody reads them yet; the slot is claimed; what is no longer needed is
/// removed some time later. Whoever loses the slot begins again with what the other wrote. A crash
/// before the claim leaves rows that never count, a crash after it leaves things to remove: both
/// are found by the next writer.
final class CatalogWriter: Sendable {
  private struct State {
    /// Begun anew after each writing that failed: its rows must never count.
    var session = UInt64.random(in: 1...UInt64.max)
    var inventory: Inventory?
  }

  private let reading: CatalogReading
  private let limits: WritingLimits
  private let turnstile = Turnstile()
  private let state = Mutex(State())

  /// How often a writing begins again because others were first.
  private static let attempts = 64

  init(reading: CatalogReading, limits: WritingLimits) {
    self.reading = reading
    self.limits = limits
  }

  private var log: VersionLog { self.reading.log }
  private var generations: Generations { Generations(reading: self.reading) }

  /// Makes the version that `plan` says, from what there is.
  ///
  /// - Parameter plan: Called again with what there is then when another writer was first; `nil`
  ///   when there is nothing to do.
  /// - Returns: The version made, or the present one.
  /// - Throws: What `plan` throws, or why Milvus could not be written to.
  func write(
    _ plan: @Sendable @escaping (Inventory) throws(StoreError) -> (draft: Draft, isWhole: Bool)?
  ) async throws(StoreError) -> CatalogVersion {
    do {
      return try await self.turnstile.withTurn {
        for attempt in 0..<Self.attempts {
          try Task.checkCancellation()
          let inventory = try await self.inventory()
          guard let (draft, isWhole) = try plan(inventory) else { return inventory.version }
          try draft.check()
          if let version = try await self.attempt(draft, isWhole: isWhole, inventory) {
            return version
          }
          try await Task.sleep(for: .milliseconds(Int.random(in: 0...(5 * min(attempt + 1, 40)))))
        }
        throw StoreError.unavailable("others write to the catalog all the time")
      }
    } catch {
      throw StoreError(writing: error)
    }
  }

  /// What there is now.
  private func inventory() async throws(MilvusError) -> Inventory {
    let version = try await self.log.latest(patience: RowWriting.patience)
    let known = self.state.withLock { state in state.inventory }
    let inventory: Inventory
    if let known, known.version.manifest.lineage == version.manifest.lineage {
      inventory = try await self.reading.inventory(known, at: version)
    } else {
      inventory = try await self.reading.inventory(at: version)
    }
    self.state.withLock { state in state.inventory = inventory }
    return inventory
  }

  /// - Returns: `nil` when another took the slot.
  private func attempt(
    _ draft: Draft,
    isWhole: Bool,
    _ inventory: Inventory
  ) async throws -> CatalogVersion? {
    let present = inventory.version
    let fits = present.generation != nil && (draft.dimensions <= present.width)
    let isWide = draft.dimensions > 0 && max(draft.dimensions, 2) != present.width
    guard isWhole || !fits || isWide || present.manifest.sessions.count >= self.limits.maxSessions
    else {
      return try await self.append(draft, inventory)
    }
    var draft = draft
    if !isWhole, !present.isEmpty {
      draft = draft.including(try await self.reading.contents(at: present))
    }
    return try await self.rewrite(draft, inventory)
  }

  /// Adds rows to the generation in service.
  private func append(_ draft: Draft, _ inventory: Inventory) async throws -> CatalogVersion? {
    let present = inventory.version
    guard let generation = present.generation else { return nil }
    let session = self.session
    let writing = RowWriting(
      client: self.log.client,
      names: self.log.names,
      generation: generation,
      width: present.width,
      slot: present.slot + 1,
      writer: session
    )
    let made = try await self.unlessLost(after: present) { try await writing.write(draft) }
    guard let outcome = made else { return nil }
    var next = self.next(after: present, draft, session)
    next.manifest.titleRows += UInt64(outcome.change.titles.count)
    next.manifest.emotionRows += UInt64(outcome.change.words.count)
    next.manifest.timestamp = max(present.manifest.timestamp, outcome.timestamp)
    let old = inventory.removable(
      at: next.manifest.writtenAt,
      graceSeconds: self.limits.graceSeconds,
      limit: self.limits.removedAtOnce
    )
    if let last = old.map(\.slot).max() { next.manifest.horizon = max(next.manifest.horizon, last) }
    let version = next
    // From here on a cancellation would leave the outcome unknown.
    return try await Task {
      try await self.orRenewingSession {
        guard case .won(let names) = try await self.log.claim(version, patience: .seconds(30))
        else {
          self.renewSession()
          try? await writing.erase(outcome.change)
          return nil
        }
        var inventory = inventory
        inventory.apply(outcome.change, at: version)
        self.state.withLock { [inventory] state in state.inventory = inventory }
        await self.tidy(after: version, names, removing: old)
        return version
      }
    }.value
  }

  /// Makes another generation beside the one in service and puts it in its place.
  private func rewrite(_ draft: Draft, _ inventory: Inventory) async throws -> CatalogVersion? {
    let present = inventory.version
    let session = self.session
    let generation = Generation(slot: present.slot + 1, writer: session)
    var next = self.next(after: present, draft, session)
    next.manifest.sessions = []
    next.manifest.commit(session, slot: next.slot)
    next.manifest.generationSlot = generation.slot
    next.manifest.generationWriter = generation.writer
    next.manifest.width = UInt32(max(draft.dimensions, 2))
    next.manifest.titleRows = UInt64(draft.titles.count)
    next.manifest.emotionRows = UInt64(draft.words.count)
    next.manifest.horizon = 0
    if let old = present.generation {
      next.manifest.retired.append(
        .with {
          $0.slot = old.slot
          $0.writer = old.writer
          $0.since = next.manifest.writtenAt
        }
      )
    }
    let writing = RowWriting(
      client: self.log.client,
      names: self.log.names,
      generation: generation,
      width: next.width,
      slot: next.slot,
      writer: session
    )
    let filling = next
    let made: RowWriting.Outcome?
    do {
      made = try await self.unlessLost(after: present) {
        try await self.generations.create(generation, width: filling.width)
        let outcome = try await writing.write(draft)
        var filled = filling
        filled.manifest.timestamp = outcome.timestamp
        try await self.generations.verify(draft, at: filled)
        return outcome
      }
    } catch {
      await self.discard(generation)
      throw error
    }
    guard let outcome = made else {
      await self.discard(generation)
      return nil
    }
    next.manifest.timestamp = max(present.manifest.timestamp, outcome.timestamp)
    let version = next
    // From here on a cancellation would leave the outcome unknown.
    return try await Task {
      try await self.orRenewingSession {
        guard case .won(let names) = try await self.log.claim(version, patience: .seconds(30))
        else {
          self.renewSession()
          try? await self.generations.drop(generation)
          return nil
        }
        var inventory = Inventory(version: version)
        inventory.apply(outcome.change, at: version)
        self.state.withLock { [inventory] state in state.inventory = inventory }
        await self.generations.publish(generation)
        await self.tidy(after: version, names, removing: [])
        return version
      }
    }.value
  }

  private func next(
    after present: CatalogVersion,
    _ draft: Draft,
    _ session: UInt64
  ) -> CatalogVersion {
    var next = present
    next.slot += 1
    if present.slot == 0 { next.manifest.lineage = UInt32.random(in: 1...UInt32.max) }
    next.manifest.commit(session, slot: next.slot)
    next.manifest.space = draft.space
    next.manifest.dimensions = UInt32(draft.dimensions)
    next.manifest.titles = UInt64(draft.count)
    next.manifest.writtenAt = CatalogVersion.now
    next.manifest.retired.removeAll { old in
      old.since + 2 * self.limits.graceSeconds <= next.manifest.writtenAt
    }
    return next
  }

  /// Removes what nobody needs any more; what could not be removed is tried again after another
  /// version.
  private func tidy(
    after version: CatalogVersion,
    _ names: [String],
    removing rows: [Inventory.Superseded]
  ) async {
    guard let generation = version.generation else { return }
    let emotions = rows.filter { row in row.kind == .emotion }
    let titles = rows.filter { row in row.kind != .emotion }
    await self.remove(emotions, from: self.log.names.emotions(generation))
    await self.remove(titles, from: self.log.names.titles(generation))
    for slot in self.log.slots(in: names) where slot + 3 <= version.slot {
      try? await self.log.client.drop(self.log.names.version(slot), patience: .seconds(5))
    }
    await self.dropGenerations(version, names)
  }

  private func remove(_ rows: [Inventory.Superseded], from name: String) async {
    let keys = rows.map(\.key)
    guard !keys.isEmpty else { return }
    do {
      try await self.log.client.delete(keys: keys, from: name, patience: .seconds(5))
    } catch { return }
    self.state.withLock { state in state.inventory?.forget(Set(keys)) }
  }

  /// Drops generations that were replaced a while ago, for a process that may never write.
  func tidy(after version: CatalogVersion) async {
    guard let names = try? await self.log.client.collections(patience: .seconds(5)) else { return }
    await self.dropGenerations(version, names)
  }

  /// Drops generations that were replaced a while ago, and those that never came into service.
  private func dropGenerations(_ version: CatalogVersion, _ names: [String]) async {
    let retired = Dictionary(
      version.manifest.retired.map { old in
        (Generation(slot: old.slot, writer: old.writer), old.since)
      }
    ) { first, _ in first }
    let found = names.compactMap { name -> Generation? in
      if case .rows(let generation) = self.log.names.meaning(of: name) { generation } else { nil }
    }
    let now = CatalogVersion.now
    var isPublished = false
    for generation in Set(found) where generation != version.generation {
      // A slot that is taken can't be claimed again, so a generation for it is of no use.
      guard generation.slot <= version.slot else { continue }
      let since = retired[generation] ?? 0
      guard since + self.limits.graceSeconds <= now else { continue }
      // A collection that an alias names can't be dropped.
      if !isPublished, let current = version.generation {
        await self.generations.publish(current)
        isPublished = true
      }
      try? await self.generations.drop(generation)
    }
  }

  private var session: UInt64 { self.state.withLock { state in state.session } }

  private func renewSession() {
    self.state.withLock { state in state.session = UInt64.random(in: 1...UInt64.max) }
  }

  /// Does what comes before a claim.
  ///
  /// - Returns: `nil` where it failed since another has made the next version: whoever does drops
  ///   the collections that others were filling for it.
  private func unlessLost<Value>(
    after present: CatalogVersion,
    _ body: () async throws -> Value
  ) async throws -> Value? {
    do { return try await body() } catch {
      self.renewSession()
      guard Self.mayComeOfLosing(error),
        let latest = try? await self.log.latest(patience: .seconds(5)), latest.name != present.name
      else { throw error }
      return nil
    }
  }

  /// Of collections that go while they are used, Milvus says more than that they are missing.
  private static func mayComeOfLosing(_ error: any Error) -> Bool {
    switch error {
    case let error as MilvusError: error.code != nil
    case let error as StoreError: error != .cancelled
    default: false
    }
  }

  /// Drops a generation that nobody has seen, also for a caller who does not wait any more.
  private func discard(_ generation: Generation) async {
    await Task {
      await CallScope.$current.withValue(CallScope()) {
        try? await self.generations.drop(generation, patience: .seconds(3))
      }
    }.value
  }

  private func orRenewingSession<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do { return try await body() } catch {
      self.renewSession()
      throw error
    }
  }
}

extension StoreError {
  /// What an error on the way of a writing means.
  fileprivate init(writing error: any Error) {
    self =
      switch error {
      case let error as StoreError: error
      case let error as MilvusError: StoreError(error)
      case is CancellationError: .cancelled
      default: .unavailable("the catalog could not be written")
      }
  }
}

import Synchronization

/// Why `withDeadline` gave up.
package struct DeadlineExceeded: Error {}

/// Runs `work` until `deadline`.
///
/// `work` starts at once on the caller's thread, in a task of its own on the caller's task executor,
/// so that an answer goes out at the deadline even when `work` ignores its cancellation.
///
/// - Returns: What `work` returns.
/// - Throws: What `work` throws; `DeadlineExceeded` when the deadline passes first and
///   `CancellationError` when the calling task is cancelled first. `work` is cancelled then, and
///   what it still gives is dropped.
nonisolated(nonsending) package func withDeadline<Value: Sendable>(
  _ deadline: ContinuousClock.Instant,
  _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let race = Race<Value>()
  let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
  let result = await withTaskCancellationHandler {
    await withUnsafeContinuation { continuation in
      guard race.begin(continuation) else { return }
      // A child task would hold back the answer until it ends.
      let task = Task.immediate(executorPreference: executor) {
        do { race.end(.success(try await work())) } catch { race.end(.failure(error)) }
      }
      if race.follow(task) { DeadlineQueue.shared.add(race, deadline: deadline) }
    }
  } onCancel: {
    race.end(.failure(CancellationError()), cancelling: true)
  }
  return try result.get()
}

/// Work that must be over at some time.
protocol Expiring: AnyObject, Sendable {
  var isOver: Bool { get }
  func expire()
}

/// The first of a value, an error, the deadline and a cancellation wins; the others do nothing.
private final class Race<Value: Sendable>: Expiring {
  private struct State {
    var continuation: UnsafeContinuation<Result<Value, any Error>, Never>?
    var task: Task<Void, Never>?
    var isOver = false
    var isCancelled = false
    var isQueued = false
  }

  private let state = Mutex(State())

  var isOver: Bool { self.state.withLock { $0.isOver } }

  /// Returns false, having resumed it, when the caller was cancelled already.
  func begin(_ continuation: UnsafeContinuation<Result<Value, any Error>, Never>) -> Bool {
    let isOver = self.state.withLock { state in
      if !state.isOver { state.continuation = continuation }
      return state.isOver
    }
    if isOver { continuation.resume(returning: .failure(CancellationError())) }
    return !isOver
  }

  /// Keeps `task` to cancel it; returns whether it still needs a deadline.
  func follow(_ task: Task<Void, Never>) -> Bool {
    let (isOver, isCancelled) = self.state.withLock { state in
      if !state.isOver {
        state.task = task
        state.isQueued = true
      }
      return (state.isOver, state.isCancelled)
    }
    if isCancelled { task.cancel() }
    return !isOver
  }

  func end(_ result: Result<Value, any Error>, cancelling: Bool = false) {
    let ended = self.state.withLock { state -> State? in
      guard !state.isOver else { return nil }
      let ended = state
      state = State(isOver: true, isCancelled: cancelling)
      return ended
    }
    guard let ended else { return }
    if cancelling { ended.task?.cancel() }
    ended.continuation?.resume(returning: result)
    if ended.isQueued { DeadlineQueue.shared.countEnded() }
  }

  func expire() {
    self.end(.failure(DeadlineExceeded()), cancelling: true)
  }
}

import HTTPMessage
import Synchronization

/// The response to one call of a streaming method, between its handler and the transport.
///
/// The handler's messages wait here for the transport, up to a bound. The first end counts: that the
/// handler returns or throws, that the deadline passes, or that the caller hangs up.
final class StreamedReply: Sendable {
  /// How the call went.
  struct Outcome: Sendable {
    /// `nil` when all went well.
    var refusal: Refusal?
    /// Whether the response is an error of its own, for no part of another had left.
    var isRefused: Bool
    /// Of the body, as on the wire.
    var bytes: Int
  }

  private struct State {
    var pending: [UInt8] = []
    var bytes = 0
    var outcome: Outcome?
    var task: Task<Void, Never>?
    var isQueued = false
    var opener: CheckedContinuation<Void, Never>?
    var reader: CheckedContinuation<[UInt8]?, Never>?
    var senders: [CheckedContinuation<Void, Never>] = []
  }

  /// Bytes that may wait for the transport before the handler must.
  private static let maxPendingBytes = 64 * 1024

  let framing: StreamFraming
  private let trailers: ResponseFields
  private let explain: @Sendable (any Error) -> Refusal
  private let complete: @Sendable (Refusal) -> RPCError
  private let observe: @Sendable (Outcome) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - framing: How messages stand in the body.
  ///   - trailers: Sent with the end.
  ///   - explain: What the caller is told of an error.
  ///   - complete: The error of a refusal with the details that all have.
  ///   - observe: Called once, at the end.
  init(
    _ framing: StreamFraming,
    trailers: ResponseFields,
    explain: @escaping @Sendable (any Error) -> Refusal,
    complete: @escaping @Sendable (Refusal) -> RPCError,
    observe: @escaping @Sendable (Outcome) -> Void
  ) {
    self.framing = framing
    self.trailers = trailers
    self.explain = explain
    self.complete = complete
    self.observe = observe
  }

  // MARK: The handler's side

  /// Starts `work` on the caller's thread, in a task that is cancelled when the reply ends.
  ///
  /// It is a task of its own, so that an answer goes out at the deadline even when `work` ignores
  /// its cancellation.
  func run(
    until deadline: ContinuousClock.Instant?,
    _ work: @escaping @Sendable () async throws -> Void
  ) {
    let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
    let task = Task.immediate(executorPreference: executor) {
      do {
        try await work()
        self.end(nil)
      } catch {
        self.end(error)
      }
    }
    let isOver = self.state.withLock { state in
      guard state.outcome == nil else { return true }
      state.task = task
      state.isQueued = deadline != nil
      return false
    }
    if isOver { return task.cancel() }
    if let deadline { DeadlineQueue.shared.add(self, deadline: deadline) }
  }

  /// Sends an encoded message as soon as there is room for it.
  ///
  /// - Throws: `CancellationError` when the reply has ended.
  nonisolated(nonsending) func send(_ message: [UInt8]) async throws {
    let bytes = await self.framing.frame(message)
    guard self.append(bytes) else { throw CancellationError() }
    await withCheckedContinuation { sender in
      let waits = self.state.withLock { state in
        let waits = state.outcome == nil && state.pending.count > Self.maxPendingBytes
        if waits { state.senders.append(sender) }
        return waits
      }
      if !waits { sender.resume() }
    }
  }

  /// Shows that the server is there, unless that shows already.
  func beat(_ bytes: [UInt8]) {
    if self.state.withLock({ $0.pending.isEmpty }) { _ = self.append(bytes) }
  }

  private func append(_ bytes: [UInt8]) -> Bool {
    let (isOpen, opener, reader) = self.state.withLock { state in
      guard state.outcome == nil else { return (false, state.opener, state.reader) }
      state.bytes += bytes.count
      if state.reader == nil { state.pending += bytes }
      return (true, state.opener.take(), state.reader.take())
    }
    guard isOpen else { return false }
    opener?.resume()
    reader?.resume(returning: bytes)
    return true
  }

  // MARK: The end

  /// Ends the reply, unless it has ended, with an error if there is one.
  private func end(_ error: (any Error)?) {
    guard !self.isOver else { return }
    let refusal = error.map(self.explain)
    let last = self.framing.end(refusal.map(self.complete), self.trailers.current)
    let ended = self.state.withLock { state -> State? in
      guard state.outcome == nil else { return nil }
      let isRefused = refusal != nil && state.bytes == 0 && self.framing.form != .envelopes
      if !isRefused {
        state.bytes += last.count
        state.pending += last
      }
      state.outcome = Outcome(refusal: refusal, isRefused: isRefused, bytes: state.bytes)
      let ended = state
      state.task = nil
      state.opener = nil
      state.senders = []
      if state.reader.take() != nil { state.pending = [] }
      return ended
    }
    guard let ended, let outcome = ended.outcome else { return }
    ended.task?.cancel()
    ended.opener?.resume()
    ended.reader?.resume(returning: ended.pending)
    for sender in ended.senders { sender.resume() }
    if ended.isQueued { DeadlineQueue.shared.countEnded() }
    self.observe(outcome)
  }

  // MARK: The transport's side

  /// Waits until there is something to read; the reply ends when the caller's task is cancelled.
  func open() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { opener in
        let waits = self.state.withLock { state in
          let waits = state.outcome == nil && state.bytes == 0
          if waits { state.opener = opener }
          return waits
        }
        if !waits { opener.resume() }
      }
    } onCancel: {
      self.end(CancellationError())
    }
  }

  /// How the reply ended, and its whole body, if it has ended and none of it was read.
  var whole: (outcome: Outcome, body: [UInt8])? {
    self.state.withLock { state in state.outcome.map { ($0, state.pending) } }
  }

  var body: HTTPBodyStream {
    HTTPBodyStream(next: { await self.next() }, cancel: { self.end(CancellationError()) })
  }

  private func next() async -> [UInt8]? {
    await withCheckedContinuation { reader in
      let (bytes, isReady, senders) = self.state.withLock {
        state -> ([UInt8]?, Bool, [CheckedContinuation<Void, Never>]) in
        if !state.pending.isEmpty {
          let (bytes, senders) = (state.pending, state.senders)
          state.pending = []
          state.senders = []
          return (bytes, true, senders)
        }
        if state.outcome != nil { return (nil, true, []) }
        state.reader = reader
        return (nil, false, [])
      }
      for sender in senders { sender.resume() }
      if isReady { reader.resume(returning: bytes) }
    }
  }
}

extension StreamedReply: Expiring {
  var isOver: Bool { self.state.withLock { $0.outcome != nil } }

  func expire() { self.end(DeadlineExceeded()) }
}

/// Shows again and again that the server is there, for as long as a reply goes on.
final class Heartbeat: Expiring {
  private let reply: StreamedReply
  private let bytes: [UInt8]
  private let interval: Duration

  /// - Parameters:
  ///   - reply: What to keep alive.
  ///   - bytes: What is sent where nothing else waits.
  ///   - interval: Between two of them.
  init(of reply: StreamedReply, _ bytes: [UInt8], every interval: Duration) {
    self.reply = reply
    self.bytes = bytes
    self.interval = interval
  }

  var isOver: Bool { self.reply.isOver }

  func start() {
    DeadlineQueue.shared.add(self, deadline: .now + self.interval)
  }

  func expire() {
    guard !self.isOver else { return }
    self.reply.beat(self.bytes)
    self.start()
  }
}

import JSONText
import Metrics
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Lines of JSON for a file, put together by those who log and written by `run()`.
///
/// Whoever logs never waits for the file: when nobody reads the pipe behind it, lines beyond the
/// bound are dropped and counted as `log_lines_dropped_total`.
package final class LineBuffer: Sendable {
  private struct State {
    var text = ""
    var timestamp = Timestamp()
    var isRunning = false
    var isFinished = false
  }

  private struct Writer {
    var lines = UnwrittenLines()
    /// How long `flush()` waits for the file.
    var patience = LineBuffer.patience
  }

  private let state = Mutex(State())
  private let writer = Mutex(Writer())
  private let descriptor: Int32
  private let maxBytes: Int
  private let dropped = Counter(label: "log_lines_dropped_total")

  private static let patience = Duration.seconds(1)
  /// How often lines are written.
  private static let period = Duration.milliseconds(100)
  /// How soon after the file took some of them but not all.
  private static let pause = Duration.milliseconds(1)

  /// - Parameters:
  ///   - descriptor: Where lines go; stays open.
  ///   - maxBytes: Of lines that wait to be written.
  package init(descriptor: Int32 = STDERR_FILENO, maxBytes: Int = 4 << 20) {
    self.descriptor = descriptor
    self.maxBytes = maxBytes
  }

  /// Adds a line that starts with its time: `body` appends the members after it, each behind a
  /// comma.
  package func append(_ body: (inout String) -> Void) { _ = self.add(body) }

  /// Adds a line as `append` does, and writes it where nobody `run()`s the buffer, as while a
  /// process starts and ends; a file that takes nothing is waited for then, a second at most.
  func log(_ body: (inout String) -> Void) {
    guard self.add(body) else { return self.flush() }
    // Soon, so that a crash loses no line, and not where others are at it.
    _ = self.writer.withLockIfAvailable { writer in
      if writer.lines.isEmpty { writer.lines.add(self.take()) }
      writer.lines.write(to: self.descriptor)
    }
  }

  /// Adds a line; returns whether `run()` will write it.
  private func add(_ body: (inout String) -> Void) -> Bool {
    let (isRoom, isRunning) = self.state.withLock { state in
      guard state.text.utf8.count < self.maxBytes else { return (false, state.isRunning) }
      state.text += "{\"time\":\""
      state.text += state.timestamp.now()
      state.text += "\""
      body(&state.text)
      state.text += "}\n"
      return (true, state.isRunning)
    }
    if !isRoom { self.dropped.increment() }
    return isRunning
  }

  /// Writes lines a few times a second, without holding a thread, until `finish()`.
  package func run() async {
    await withTaskExecutorPreference(globalConcurrentExecutor) {
      self.state.withLock { $0.isRunning = true }
      var pause = Self.period
      var end: ContinuousClock.Instant?
      while true {
        if end == nil, self.state.withLock({ $0.isFinished }) {
          end = ContinuousClock.now + Self.patience
        }
        let (took, isRest) = self.writer.withLock { writer in
          // New lines only once the old ones are written, so that no more than twice the bound wait.
          if writer.lines.isEmpty { writer.lines.add(self.take()) }
          let took = writer.lines.write(to: self.descriptor)
          writer.patience = took || writer.lines.isEmpty ? Self.patience : .zero
          return (took, !writer.lines.isEmpty)
        }
        if let end, self.stop(anyway: end <= ContinuousClock.now, isRest: isRest) { return }
        pause = isRest ? (took ? Self.pause : min(pause * 2, Self.period)) : Self.period
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Ends `run()` once every line is written, or a second has passed.
  package func finish() { self.state.withLock { $0.isFinished = true } }

  /// Writes the lines so far, waiting for the file a second at most, and no more once that was in
  /// vain.
  package func flush() {
    self.writer.withLock { writer in
      writer.lines.write(to: self.descriptor, within: writer.patience)
      if writer.lines.isEmpty {
        writer.lines.add(self.take())
        writer.lines.write(to: self.descriptor, within: writer.patience)
      }
      writer.patience = writer.lines.isEmpty ? Self.patience : .zero
    }
  }

  /// Whether the end has come, from which on those who log write for themselves.
  private func stop(anyway isLate: Bool, isRest: Bool) -> Bool {
    self.state.withLock { state in
      guard isLate || (!isRest && state.text.isEmpty) else { return false }
      state.isRunning = false
      return true
    }
  }

  private func take() -> String {
    self.state.withLock { state in
      var text = ""
      swap(&text, &state.text)
      // What comes until the next flush is about as much as came since the last.
      state.text.reserveCapacity(min(text.utf8.count, 64 << 10))
      return text
    }
  }
}

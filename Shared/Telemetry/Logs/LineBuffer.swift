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
    var isFinished = false
  }

  private let state = Mutex(State())
  private let descriptor: Int32
  private let maxBytes: Int
  private let dropped = Counter(label: "log_lines_dropped_total")

  /// - Parameters:
  ///   - descriptor: Where lines go; stays open.
  ///   - maxBytes: Of lines that wait to be written.
  package init(descriptor: Int32 = STDERR_FILENO, maxBytes: Int = 4 << 20) {
    self.descriptor = descriptor
    self.maxBytes = maxBytes
  }

  /// Adds a line that starts with its time: `body` appends the members after it, each behind a
  /// comma.
  package func append(_ body: (inout String) -> Void) {
    let isRoom = self.state.withLock { state in
      guard state.text.utf8.count < self.maxBytes else { return false }
      state.text += "{\"time\":\""
      state.text += state.timestamp.now()
      state.text += "\""
      body(&state.text)
      state.text += "}\n"
      return true
    }
    if !isRoom { self.dropped.increment() }
  }

  /// Writes lines a few times a second, on a thread that may wait, until `finish()`.
  package func run() async {
    await withTaskExecutorPreference(globalConcurrentExecutor) {
      while true {
        let isFinished = self.state.withLock { $0.isFinished }
        self.flush()
        if isFinished { return }
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  /// Ends `run()` once every line is written.
  package func finish() { self.state.withLock { $0.isFinished = true } }

  /// Writes the lines so far, waiting for the file where it must.
  package func flush() {
    var text = self.state.withLock { state in
      var text = ""
      swap(&text, &state.text)
      // What comes until the next flush is about as much as came since the last.
      state.text.reserveCapacity(min(text.utf8.count, 64 << 10))
      return text
    }
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = write(self.descriptor, rest.baseAddress, rest.count)
        guard count > 0 || errno == EINTR else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
      }
    }
  }
}

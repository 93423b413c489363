import Dispatch

#if canImport(Glibc)
import Glibc
#endif

/// SIGTERM and SIGINT as values; a second one ends the process at once.
struct TerminationSignals: @unchecked Sendable {  // The sources are only kept alive.
  struct Signal: Sendable {
    let number: Int32
    var name: String { self.number == SIGTERM ? "SIGTERM" : "SIGINT" }
    /// Sent by an orchestrator that goes on sending calls for a while, not by a person's Ctrl-C.
    var isPolite: Bool { self.number == SIGTERM }
  }

  private let stream: AsyncStream<Signal>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
    self.stream = stream
    self.sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        continuation.yield(Signal(number: number))
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
      }
      source.activate()
      return source
    }
    signal(SIGPIPE, SIG_IGN)
  }

  nonisolated(nonsending) func first() async -> Signal {
    for await signal in self.stream { return signal }
    return Signal(number: SIGTERM)
  }
}

import HTTPMessage
import Synchronization

/// A body whose pieces a test gives out by hand.
final class Tap: Sendable {
  private struct State {
    var pieces: [[UInt8]] = []
    var end: Result<HeaderFields, any Error>?
    var reader: CheckedContinuation<[UInt8]?, any Error>?
    var isCancelled = false
    var taken = 0
  }

  private let state = Mutex(State())

  /// A response with this body, which nobody but its reader holds.
  var response: HTTPResponse {
    var response = HTTPResponse(status: 200)
    response.stream = HTTPBodyStream(
      next: { try await self.next() },
      trailers: { self.state.withLock { try? $0.end?.get() } ?? [:] },
      cancel: { self.cancel() }
    )
    return response
  }

  func give(_ text: String) { self.give(Array(text.utf8)) }

  func give(_ bytes: [UInt8]) {
    let reader = self.state.withLock { state in
      if state.reader == nil { state.pieces.append(bytes) } else { state.taken += 1 }
      return state.reader.take()
    }
    reader?.resume(returning: bytes)
  }

  func end(_ result: Result<HeaderFields, any Error> = .success([:])) {
    let reader = self.state.withLock { state in
      if state.end == nil { state.end = result }
      return state.reader.take()
    }
    reader?.resume(with: result.map { _ in nil })
  }

  /// Pieces that went to the reader.
  var taken: Int { self.state.withLock { $0.taken } }

  /// Waits until the reader has given the rest up, for a few seconds at most.
  func cancellation() async -> Bool { await self.holds(\.isCancelled) }

  private func holds(_ condition: @Sendable (borrowing State) -> Bool) async -> Bool {
    for _ in 0..<500 {
      if self.state.withLock({ condition($0) }) { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  private func next() async throws -> [UInt8]? {
    try await withCheckedThrowingContinuation { continuation in
      let result = self.state.withLock { state -> Result<[UInt8]?, any Error>? in
        if !state.pieces.isEmpty {
          state.taken += 1
          return .success(state.pieces.removeFirst())
        }
        if let end = state.end { return end.map { _ in nil } }
        state.reader = continuation
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }

  private func cancel() {
    self.state.withLock { if $0.end == nil { $0.isCancelled = true } }
    self.end(.failure(CancellationError()))
  }
}

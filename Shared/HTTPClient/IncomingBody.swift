import HTTPMessage
import NIOCore
import Synchronization

/// The pieces of a streamed response that its reader has yet to take.
///
/// The stream's window bounds them: it opens as they are taken.
final class IncomingBody: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var end: Result<HeaderFields, any Error>?
    var reader: CheckedContinuation<[UInt8]?, any Error>?
  }

  private let state = Mutex(State())
  private let call: Call
  private let eventLoop: any EventLoop

  init(of call: Call, on eventLoop: any EventLoop) {
    self.call = call
    self.eventLoop = eventLoop
  }

  var stream: HTTPBodyStream {
    HTTPBodyStream(
      next: { try await self.next() },
      trailers: { self.state.withLock { try? $0.end?.get() } ?? [:] },
      cancel: { self.cancel() }
    )
  }

  // MARK: From the connection

  func append(_ bytes: [UInt8]) {
    let reader = self.state.withLock { state in
      if state.reader == nil {
        state.bytes += bytes
      }
      return state.reader.take()
    }
    guard let reader else { return }
    reader.resume(returning: bytes)
    self.call.consumed(bytes.count)
  }

  /// Notes the trailers, or why there is no more; only the first end counts.
  func end(_ result: Result<HeaderFields, any Error>) {
    let reader = self.state.withLock { state in
      if state.end == nil { state.end = result }
      return state.reader.take()
    }
    reader?.resume(with: result.map { _ in nil })
  }

  // MARK: From the reader

  private func next() async throws -> [UInt8]? {
    let bytes = try await withCheckedThrowingContinuation { continuation in
      let result = self.state.withLock { state -> Result<[UInt8]?, any Error>? in
        if !state.bytes.isEmpty {
          defer { state.bytes = [] }
          return .success(state.bytes)
        }
        if let end = state.end { return end.map { _ in nil } }
        state.reader = continuation
        return nil
      }
      guard let result else { return }
      if case .success(let bytes?) = result { self.onLoop { $0.consumed(bytes.count) } }
      continuation.resume(with: result)
    }
    return bytes
  }

  private func cancel() {
    let (isOver, reader) = self.state.withLock { state in
      let isOver = state.end != nil
      if !isOver {
        state.end = .failure(CancellationError())
        state.bytes = []
      }
      return (isOver, state.reader.take())
    }
    reader?.resume(throwing: CancellationError())
    if !isOver { self.onLoop { $0.cancel() } }
  }

  private func onLoop(_ body: @escaping @Sendable (Call) -> Void) {
    let call = self.call
    if self.eventLoop.inEventLoop { body(call) } else { self.eventLoop.execute { body(call) } }
  }
}

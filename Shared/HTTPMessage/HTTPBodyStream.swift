/// A body that comes in pieces, as fast as its one reader takes them.
///
/// Whoever makes it bounds what waits inside. It ends when nobody holds it any more.
package final class HTTPBodyStream: Sendable {
  private let pull: @Sendable () async throws -> [UInt8]?
  private let readTrailers: @Sendable () -> HeaderFields
  private let stop: @Sendable () -> Void

  /// - Parameters:
  ///   - next: Awaits the next piece and returns it, or `nil` at the end. It must return or throw
  ///     soon after `cancel` was called.
  ///   - trailers: What followed the body, once `next` has returned `nil`.
  ///   - cancel: Stops whoever makes the pieces. It is called any number of times, also after the
  ///     end.
  package init(
    next: @escaping @Sendable () async throws -> [UInt8]?,
    trailers: @escaping @Sendable () -> HeaderFields = { [:] },
    cancel: @escaping @Sendable () -> Void
  ) {
    self.pull = next
    self.readTrailers = trailers
    self.stop = cancel
  }

  deinit { self.stop() }

  /// The next piece, or `nil` at the end; the stream is canceled with the task that waits.
  ///
  /// - Throws: `HTTPTransportError` when the rest is lost, `CancellationError` when nobody wants it.
  package func next() async throws -> [UInt8]? {
    let (pull, stop) = (self.pull, self.stop)
    return try await withTaskCancellationHandler {
      try await pull()
    } onCancel: {
      stop()
    }
  }

  /// What followed the body; empty before its end.
  package var trailers: HeaderFields { self.readTrailers() }

  /// Gives the rest up.
  package func cancel() { self.stop() }
}

extension HTTPBodyStream: Hashable {
  package static func == (one: HTTPBodyStream, other: HTTPBodyStream) -> Bool { one === other }

  package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension HTTPResponse {
  /// The response with its body whole, read to its end where it is streamed.
  ///
  /// - Parameter limit: In bytes.
  /// - Returns: The same response where nothing is streamed.
  /// - Throws: What the stream throws; `HTTPTransportError.responseTooLarge` above the limit.
  package func collected(limit: Int) async throws -> HTTPResponse {
    guard let stream = self.stream else { return self }
    var whole = self
    whole.stream = nil
    while let bytes = try await stream.next() {
      guard whole.body.count + bytes.count <= limit else {
        stream.cancel()
        throw HTTPTransportError(.responseTooLarge, "the response's body is too large")
      }
      whole.body += bytes
    }
    whole.trailers = stream.trailers
    return whole
  }
}

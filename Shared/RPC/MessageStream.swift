package import HTTPMessage
package import SwiftProtobuf
import Synchronization

/// The messages of a response as they come.
///
/// It is read once, by one task. The call is canceled when nobody holds the stream any more, and
/// when the reading task is cancelled.
package struct MessageStream<Response: Message & Sendable>: AsyncSequence, Sendable {
  /// Header fields of the response.
  package let fields: HeaderFields
  private let lease: StreamLease<Response>

  init(fields: HeaderFields, _ reader: StreamReader<Response>) {
    self.fields = fields
    self.lease = StreamLease(reader)
  }

  /// What the server said at the end; empty before.
  package var trailers: HeaderFields { self.lease.reader.trailers }

  package func makeAsyncIterator() -> Iterator { Iterator(lease: self.lease) }

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let lease: StreamLease<Response>

    /// The next message, or `nil` after the last one.
    ///
    /// - Throws: The server's error, or one of this side's.
    package mutating func next() async throws(RPCError) -> Response? {
      try await self.lease.reader.next()
    }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(RPCError) -> Response? {
      try await self.lease.reader.next()
    }
  }
}

/// Gives a call up when nobody holds it any more.
private final class StreamLease<Response: Message & Sendable>: Sendable {
  let reader: StreamReader<Response>

  init(_ reader: StreamReader<Response>) { self.reader = reader }

  deinit { self.reader.cancel() }
}

/// Reads the envelopes of one response.
final class StreamReader<Response: Message & Sendable>: Sendable, Expiring {
  private struct State {
    var envelopes = Envelope.Reader()
    var end: Result<HeaderFields, RPCError>?
    /// The deadline has passed.
    var isExpired = false
  }

  private let body: HTTPBodyStream
  private let codec: Codec
  private let limit: Int
  /// Whether messages may be compressed.
  private let mayInflate: Bool
  private let hasDeadline: Bool
  private let explain: @Sendable (any Error) -> RPCError
  private let tell: @Sendable (Code?) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - body: Of the response.
  ///   - codec: How messages are written.
  ///   - limit: Bytes of a message.
  ///   - mayInflate: Whether messages may be compressed.
  ///   - hasDeadline: Whether `expire` is going to be called.
  ///   - explain: What an error means to a caller.
  ///   - finish: Called once, when the stream has ended: with a code unless all went well.
  init(
    _ body: HTTPBodyStream,
    _ codec: Codec,
    limit: Int,
    mayInflate: Bool,
    hasDeadline: Bool,
    explain: @escaping @Sendable (any Error) -> RPCError,
    finish: @escaping @Sendable (Code?) -> Void
  ) {
    self.body = body
    self.codec = codec
    self.limit = limit
    self.mayInflate = mayInflate
    self.hasDeadline = hasDeadline
    self.explain = explain
    self.tell = finish
  }

  var trailers: HeaderFields { self.state.withLock { try? $0.end?.get() } ?? [:] }

  nonisolated(nonsending) func next() async throws(RPCError) -> Response? {
    do throws(RPCError) {
      return try await self.read()
    } catch {
      self.finish(.failure(error))
      throw error
    }
  }

  nonisolated(nonsending) private func read() async throws(RPCError) -> Response? {
    while true {
      guard !Task.isCancelled else { throw self.error(for: CancellationError()) }
      if let end = self.state.withLock({ $0.end }) {
        _ = try end.get()
        return nil
      }
      if let envelope = try self.nextEnvelope() {
        let payload = try await self.content(of: envelope)
        guard envelope.flags & Envelope.end != 0 else { return try await self.decode(payload) }
        try await self.finish(EndStream.decode(payload))
        continue
      }
      let bytes: [UInt8]?
      do { bytes = try await self.body.next() } catch { throw self.error(for: error) }
      guard let bytes else {
        throw self.state.withLock { $0.isExpired }
          ? self.explain(DeadlineExceeded())
          : .malformedStream("the stream ended early", "MISSING_END")
      }
      self.state.withLock { $0.envelopes.append(bytes) }
    }
  }

  private func error(for error: any Error) -> RPCError {
    self.explain(self.state.withLock { $0.isExpired } ? DeadlineExceeded() : error)
  }

  private func nextEnvelope() throws(RPCError) -> Envelope? {
    let result = self.state.withLock { state in
      Result { () throws(Envelope.Failure) in try state.envelopes.next(limit: self.limit) }
    }
    switch result {
    case .success(let envelope): return envelope
    case .failure(.tooLarge): throw .responseTooLarge(limit: self.limit)
    case .failure(.unknownFlags):
      throw .malformedStream("the stream has an envelope of unknown kind", "INVALID_ENVELOPE")
    }
  }

  nonisolated(nonsending) private func content(
    of envelope: Envelope
  ) async throws(RPCError) -> [UInt8] {
    guard envelope.flags & Envelope.compressed != 0 else { return envelope.payload }
    guard self.mayInflate else {
      throw .malformedStream(
        "a message is compressed, and no header field says how",
        "UNKNOWN_CONTENT_ENCODING"
      )
    }
    return try await Gzip.content(of: envelope.payload, limit: self.limit)
  }

  nonisolated(nonsending) private func decode(
    _ payload: [UInt8]
  ) async throws(RPCError) -> Response {
    guard let message: Response = await self.codec.decode(payload) else {
      throw .malformedStream("a message is no \(Response.protoMessageName)", "INVALID_RESPONSE")
    }
    return message
  }

  // MARK: The end

  nonisolated(nonsending) private func finish(
    _ contents: EndStream.Contents?
  ) async throws(RPCError) {
    guard let contents else {
      throw .malformedStream("the stream's end is no JSON object", "INVALID_END")
    }
    // Giving up a stream whose own end is on its way would be a reset, which servers count.
    _ = try? await withDeadline(.now + .seconds(1)) { [body] in try await body.next() }
    guard let error = contents.error else { return self.finish(.success(contents.metadata)) }
    throw RPCError(
      error.code ?? .unknown,
      error.message ?? "",
      details: error.details,
      metadata: contents.metadata
    )
  }

  private func finish(_ end: Result<HeaderFields, RPCError>) {
    let isFirst = self.state.withLock { state in
      guard state.end == nil else { return false }
      state.end = end
      return true
    }
    guard isFirst else { return }
    switch end {
    case .success: self.tell(nil)
    case .failure(let error):
      self.body.cancel()
      self.tell(error.code)
    }
    if self.hasDeadline { DeadlineQueue.shared.countEnded() }
  }

  func cancel() { self.finish(.failure(self.explain(CancellationError()))) }

  var isOver: Bool { self.state.withLock { $0.end != nil } }

  func expire() {
    self.state.withLock { $0.isExpired = true }
    self.body.cancel()
  }
}

extension RPCError {
  static func malformedStream(_ message: String, _ reason: String) -> RPCError {
    RPCError(.internal, message, details: [.errorInfo(reason: reason)])
  }

  static func responseTooLarge(limit: Int) -> RPCError {
    RPCError(
      .resourceExhausted,
      "the response is larger than \(limit) bytes",
      details: [.errorInfo(reason: "RESPONSE_TOO_LARGE")]
    )
  }
}

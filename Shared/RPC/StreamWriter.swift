package import SwiftProtobuf

/// Takes the messages of a streaming method from its handler.
package struct StreamWriter<Response: Message & Sendable>: Sendable {
  let reply: StreamedReply

  /// Sends a message; returns as soon as another one may be sent, which waits for a slow caller.
  ///
  /// The response's header goes out with the first one.
  ///
  /// - Throws: `CancellationError` when the caller is gone or the deadline has passed.
  nonisolated(nonsending) package func send(_ message: Response) async throws {
    try await self.reply.send(try self.reply.framing.codec.encode(message))
  }
}

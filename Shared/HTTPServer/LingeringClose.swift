import NIOCore

/// Closes a connection without destroying what its peer has yet to read.
///
/// Closing a socket with unread input makes the kernel send a reset, at which the peer's kernel may
/// drop our last answer. So: send what is left, end our side, read until the peer ends its.
enum LingeringClose {
  /// How long a peer may take to end its side.
  static let limit = TimeAmount.milliseconds(500)
  /// How many bytes of what it still sends are read, 2 MiB, before the connection ends all the same.
  static let maxBytes = 2 << 20

  /// Must be called on the context's event loop, after the last write.
  ///
  /// It closes from the context's place in the pipeline. A peer that doesn't take what is left is up
  /// to the caller's deadlines.
  static func begin(_ context: ChannelHandlerContext) {
    let lastWrite = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(NIOAny(ByteBuffer()), promise: lastWrite)
    lastWrite.futureResult.assumeIsolated().whenComplete { _ in
      context.close(mode: .output, promise: nil)
      let timeout = context.eventLoop.assumeIsolated().scheduleTask(in: Self.limit) {
        context.close(promise: nil)
      }
      context.channel.closeFuture.assumeIsolated().whenComplete { _ in timeout.cancel() }
    }
    context.read()
  }
}

package import SwiftProtobuf
import Synchronization

/// A response that is given more than once: written once for each codec.
///
/// Writing a recommendation of ten titles as JSON takes far longer than all else in a call that is
/// answered from a cache.
package final class KeptMessage<Content: Message & Sendable>: Sendable {
  package let message: Content
  private let encodings = Mutex<[Codec: [UInt8]]>([:])

  package init(_ message: Content) {
    self.message = message
  }

  func encoded(by codec: Codec) throws -> [UInt8] {
    if let known = self.encodings.withLock({ $0[codec] }) { return known }
    let encoded = try codec.encode(self.message)
    self.encodings.withLock { $0[codec] = encoded }
    return encoded
  }
}

extension RPCServer {
  /// Answers a method whose responses may be kept and given again.
  ///
  /// - Parameters:
  ///   - method: As for any other handler.
  ///   - timeout: As for any other handler.
  ///   - cacheControl: As for any other handler.
  ///   - handler: Throws as any other handler does.
  package mutating func register<Request, Response>(
    _ method: Method<Request, Response>,
    timeout: Duration? = nil,
    cacheControl: String = Self.revalidated,
    keeping handler:
      @escaping @Sendable (Request, ServerContext) async throws
      -> KeptMessage<Response>
  ) {
    let shapes = self.shapes
    self.register(method, timeout: timeout, cacheControl: cacheControl) { payload, context in
      let request = try await payload.decoded(Request.self, by: shapes)
      return try await handler(request, context).encoded(by: payload.codec)
    }
  }
}

import RPC
import SwiftProtobuf

extension RPCClient {
  /// Calls a service behind the gateway.
  ///
  /// The gateway checked its caller's request, so a field that the service refuses is one that the
  /// gateway wrote, and naming it would mislead the caller.
  func calling<Request, Response>(
    _ method: Method<Request, Response>,
    _ request: Request,
    timeout: Duration? = nil
  ) async throws -> Response {
    do throws(RPCError) {
      return try await self.call(method, request, timeout: timeout)
    } catch {
      guard error.code == .invalidArgument else { throw error }
      throw RPCError(
        .internal,
        "\(method.service) refused what the gateway asked",
        details: [.errorInfo(reason: "REFUSED_BY_SERVICE", metadata: ["service": method.service])]
      )
    }
  }
}

/// The outcome of a call that failed, by gRPC's numbers and Connect's names.
///
/// Source: https://connectrpc.com/docs/protocol#error-codes
package enum Code: Int, Sendable, Hashable, CaseIterable {
  case canceled = 1
  case unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
  case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`
  case unavailable, dataLoss, unauthenticated

  /// As on the wire: "invalid_argument".
  package var name: String { Self.names[self.rawValue - 1].name }

  /// The HTTP status of a unary response with this code.
  package var httpStatus: Int { Self.names[self.rawValue - 1].status }

  package init?(name: String) {
    guard let index = Self.names.firstIndex(where: { $0.name == name }) else { return nil }
    self.init(rawValue: index + 1)
  }

  /// What a client infers from a response whose body names no code.
  package init(inferredFromStatus status: Int) {
    self =
      switch status {
      case 400: .internal
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .unimplemented
      case 429, 502, 503, 504: .unavailable
      default: .unknown
      }
  }

  private static let names: [(name: String, status: Int)] = [
    ("canceled", 499), ("unknown", 500), ("invalid_argument", 400), ("deadline_exceeded", 504),
    ("not_found", 404), ("already_exists", 409), ("permission_denied", 403),
    ("resource_exhausted", 429), ("failed_precondition", 400), ("aborted", 409),
    ("out_of_range", 400), ("unimplemented", 501), ("internal", 500), ("unavailable", 503),
    ("data_loss", 500), ("unauthenticated", 401),
  ]
}

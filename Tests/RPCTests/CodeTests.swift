import RPC
import Testing

@Suite struct `Codes` {
  /// The table of the specification.
  ///
  /// Source: https://connectrpc.com/docs/protocol#error-codes
  @Test(
    arguments: [
      (1, "canceled", 499), (2, "unknown", 500), (3, "invalid_argument", 400),
      (4, "deadline_exceeded", 504), (5, "not_found", 404), (6, "already_exists", 409),
      (7, "permission_denied", 403), (8, "resource_exhausted", 429),
      (9, "failed_precondition", 400), (10, "aborted", 409), (11, "out_of_range", 400),
      (12, "unimplemented", 501), (13, "internal", 500), (14, "unavailable", 503),
      (15, "data_loss", 500), (16, "unauthenticated", 401),
    ]
  )
  func `a number, a name and a status belong together`(
    number: Int,
    name: String,
    status: Int
  ) throws {
    let code = try #require(Code(rawValue: number))
    #expect(code.name == name)
    #expect(code.httpStatus == status)
    #expect(Code(name: name) == code)
  }

  @Test func `there are 16 of them`() {
    #expect(Code.allCases.count == 16)
    #expect(Code(rawValue: 0) == nil)
    #expect(Code(rawValue: 17) == nil)
  }

  @Test(arguments: ["", "ok", "cancelled", "CANCELED", "Invalid_Argument"])
  func `no other name is a code`(name: String) {
    #expect(Code(name: name) == nil)
  }

  @Test func `every status without a code in the body has one`() {
    let known: [Int: Code] = [
      400: .internal, 401: .unauthenticated, 403: .permissionDenied, 404: .unimplemented,
      429: .unavailable, 502: .unavailable, 503: .unavailable, 504: .unavailable,
    ]
    for status in 100...599 {
      #expect(Code(inferredFromStatus: status) == known[status] ?? .unknown, "\(status)")
    }
  }
}

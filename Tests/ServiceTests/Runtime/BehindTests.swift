import RPC
import Testing

@testable import ServiceRuntime

@Suite struct `An error of a service behind` {
  @Test(
    arguments: [
      (.unauthenticated, "SERVICE_REFUSED_KEY"), (.permissionDenied, "SERVICE_REFUSED_KEY"),
      (.unimplemented, "SERVICE_MISCONFIGURED"),
    ] as [(Code, String)]
  )
  func `that is of this server's making is no fault of its caller's`(code: Code, reason: String) {
    let error = RPCError(code, "the call needs a key").behind("toy.v1.Toy")
    #expect(error.code == .internal)
    #expect(error.reason == reason)
    #expect(error.message.contains("toy.v1.Toy"))
  }

  @Test(arguments: [Code.invalidArgument, .unavailable, .internal, .notFound, .canceled])
  func `of any other kind is passed on`(code: Code) {
    let error = RPCError(code, "as it is").behind("toy.v1.Toy")
    #expect(error.code == code)
    #expect(error.message == "as it is")
  }
}

@Suite struct `A verdict on a key` {
  @Test func `is remembered where it was taken, and asked for again where it was not`() {
    let verdict = KeyVerdict()
    #expect(!verdict.isTaken && !verdict.isRefused)
    verdict.set(isRefused: false)
    #expect(verdict.isTaken && !verdict.isRefused)
    verdict.set(isRefused: true)
    #expect(!verdict.isTaken && verdict.isRefused)
  }
}

import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Error bodies` {
  private struct Leak: Error, CustomStringConvertible {
    let description = "key sk-secret"
  }

  private static func failing(with error: any Error & Sendable) -> TestServer {
    TestServer { _, _ in throw error }
  }

  private let path = RecommendationMethods.recommend.path

  @Test func `an error without details gets a reason of its code`() async throws {
    let response = try await Self.failing(with: RPCError(.notFound, "no \"title\"\n")).post()
    #expect(response.status == 404)
    #expect(response.fields["content-type"] == "application/json")
    #expect(
      response.text == """
        {"code":"not_found","message":"no \\"title\\"\\n","details":[{"type":\
        "google.rpc.ErrorInfo","value":"CglOT1RfRk9VTkQSCm5ldGZsaXhncHQ","debug":\
        {"reason":"NOT_FOUND","domain":"netflixgpt"}}]}
        """
    )
  }

  @Test func `an invalid field is named in a violation`() async throws {
    let error = RPCError.invalid(field: "limit", "must be 1...100", reason: "OUT_OF_RANGE")
    let response = try await Self.failing(with: error).post()
    #expect(response.status == 400)
    #expect(
      response.text == """
        {"code":"invalid_argument","message":"limit: must be 1...100","details":[\
        {"type":"google.rpc.ErrorInfo",\
        "value":"CgxPVVRfT0ZfUkFOR0USCm5ldGZsaXhncHQaDgoFZmllbGQSBWxpbWl0","debug":\
        {"reason":"OUT_OF_RANGE","domain":"netflixgpt","metadata":{"field":"limit"}}},\
        {"type":"google.rpc.BadRequest",\
        "value":"CiYKBWxpbWl0Eg9tdXN0IGJlIDEuLi4xMDAaDE9VVF9PRl9SQU5HRQ","debug":\
        {"fieldViolations":[{"field":"limit","description":"must be 1...100",\
        "reason":"OUT_OF_RANGE"}]}}]}
        """
    )
  }

  @Test func `an error of the server names the request`() async throws {
    let response = try await Self.failing(with: RPCError(.unavailable, "busy")).post(
      self.path,
      "{}",
      ["x-request-id": "r-1"]
    )
    #expect(response.status == 503)
    #expect(
      response.text == """
        {"code":"unavailable","message":"busy","details":[\
        {"type":"google.rpc.ErrorInfo","value":"CgtVTkFWQUlMQUJMRRIKbmV0ZmxpeGdwdA","debug":\
        {"reason":"UNAVAILABLE","domain":"netflixgpt"}},\
        {"type":"google.rpc.RequestInfo","value":"CgNyLTE","debug":{"requestId":"r-1"}}]}
        """
    )
  }

  @Test func `the text of any other error stays here`() async throws {
    let response = try await Self.failing(with: Leak()).post()
    #expect(response.status == 500)
    let error = await response.error
    #expect(error?.code == .internal)
    #expect(error?.message == "the server failed")
    #expect(!response.text.contains("secret"))
  }

  @Test func `ErrorInfo comes first`() async throws {
    let error = RPCError(
      .unavailable,
      "later",
      details: [.retryInfo(after: .milliseconds(1500)), .errorInfo(reason: "BUSY")]
    )
    let response = try await Self.failing(with: error).post()
    let types = await response.error?.details.map(\.type)
    #expect(
      types == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.RequestInfo"]
    )
  }

  @Test(
    arguments: [
      (Duration.zero, "1", "0"), (.milliseconds(1), "1", "1"), (.milliseconds(1500), "2", "1500"),
      (.seconds(2), "2", "2000"), (.nanoseconds(1), "1", "1"),
    ]
  )
  func `when to ask again stands in the header too`(
    delay: Duration,
    seconds: String,
    milliseconds: String
  ) async throws {
    let error = RPCError(.resourceExhausted, "slow down", details: [.retryInfo(after: delay)])
    let response = try await Self.failing(with: error).post()
    #expect(response.fields["retry-after"] == seconds)
    #expect(response.fields["retry-after-ms"] == milliseconds)
  }

  @Test(
    arguments: [
      (Int64.max, Int32.max, "31536000", "31536000000"), (.min, .min, "1", "0"),
      (31_536_000, 999_999_999, "31536000", "31536000000"), (0, -1, "1", "0"),
    ]
  )
  func `when to ask again is none to a year, whatever a peer says`(
    seconds: Int64,
    nanos: Int32,
    expected: String,
    milliseconds: String
  ) async throws {
    let info = Google_Rpc_RetryInfo.with {
      $0.retryDelay = .with {
        $0.seconds = seconds
        $0.nanos = nanos
      }
    }
    let detail = ErrorDetail(
      type: Google_Rpc_RetryInfo.protoMessageName,
      value: try info.serializedBytes(),
      debug: nil
    )
    let error = RPCError(.unavailable, "later", details: [detail])
    let response = try await Self.failing(with: error).post()
    #expect(response.fields["retry-after"] == expected)
    #expect(response.fields["retry-after-ms"] == milliseconds)
  }

  @Test(arguments: Code.allCases)
  func `each code has its status and its name`(code: Code) async throws {
    let response = try await Self.failing(with: RPCError(code, "no")).post()
    #expect(response.status == code.httpStatus)
    #expect(response.text.hasPrefix(#"{"code":"\#(code.name)","message":"no","details":["#))
    #expect(await response.error?.code == code)
  }

  @Test func `a caller of protobuf gets its error in JSON`() async throws {
    let response = try await Self.failing(with: RPCError(.aborted, "no")).post(
      bytes: [],
      ["content-type": "application/proto"]
    )
    #expect(response.status == 409)
    #expect(response.fields["content-type"] == "application/json")
    #expect(await response.error?.message == "no")
  }

  @Test(
    arguments: zip(
      HTTPRejection.allCases,
      [
        (400, Code.invalidArgument), (431, .invalidArgument), (429, .resourceExhausted),
        (408, .deadlineExceeded), (400, .invalidArgument),
      ]
    )
  )
  func `a rejection by the server is an error like others`(
    rejection: HTTPRejection,
    expected: (status: Int, code: Code)
  ) async throws {
    let records = Records()
    let server = RPCServer(schema: [], health: Health()) { records.append($0) }
    let response = server.response(to: rejection, ["x-request-id": "r1"])
    #expect(response.fields["x-request-id"] == "r1")
    #expect(records.all.map(\.status) == [expected.status])
    #expect(records.all.map(\.code) == [expected.code])
    #expect(records.all.map(\.requestID) == ["r1"])
    #expect(response.status == expected.status)
    #expect(response.fields["content-type"] == "application/json")
    let error = await response.error
    #expect(error?.code == expected.code)
    #expect(error?.details.first?.type == "google.rpc.ErrorInfo")
  }
}

import HTTPMessage
import SwiftProtobuf

@testable import GRPCWire
@testable import RPC

#if canImport(Glibc)
import Glibc
#endif

/// The descriptors of our contracts, from the folder that the fuzzer is started in.
private let schema: [UInt8] = {
  guard let file = fopen("Shared/Contracts/Resources/schema.binpb", "r") else {
    fatalError("start this from the repository's folder")
  }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}()

private let method = StreamMethod<Netflixgpt_Recommendation_V1_RecommendRequest, Answer>(
  "fuzzing.Service",
  "Stream",
  .noSideEffects
)

/// Answers a mood with an answer for each of its first bytes, or with an error.
private let server: RPCServer = {
  var server = RPCServer(schema: schema, limits: RPCLimits(), health: Health())
  server.register(method) { request, _, writer in
    for byte in request.mood.utf8.prefix(4) {
      try await writer.send(.with { $0.catalogVersion = String(byte) })
    }
    guard request.limit >= 0 else { throw RPCError(.outOfRange, request.mood) }
  }
  return server
}()

enum CallChecks {
  private static let contentTypes = [
    "application/connect+json", "application/connect+proto", "application/json",
  ]
  private static let accepts = ["text/event-stream", "application/x-ndjson"]

  /// Has our server answer a stream's request, and our client read what it answers.
  static func serve(_ body: [UInt8], choice: UInt8) {
    let type = Self.contentTypes[Int(choice) % Self.contentTypes.count]
    var fields: HeaderFields = ["content-type": type]
    if choice & 4 != 0 { fields.append("connect-content-encoding", "gzip") }
    if choice & 8 != 0 { fields.append("connect-accept-encoding", "gzip") }
    if type == "application/json" {
      fields.append("accept", Self.accepts[Int(choice >> 4) % Self.accepts.count])
    }
    if choice & 32 != 0 { fields.append("prefer", "handling=strict") }
    let request = HTTPRequest(method: "POST", target: method.path, fields: fields, body: body)
    let response = awaiting {
      let response = await server.handle(request)
      return (try? await response.collected(limit: 1 << 20)) ?? HTTPResponse(status: 599)
    }
    guard let codec = Codec(streamContentType: type) else {
      return require([200, 400, 415].contains(response.status), "an unexpected status")
    }
    require(response.status == 200, "a stream has another status than 200")
    let seen = StreamChecks.read(response.body, in: 7, codec, mayInflate: true)
    require(!seen.end.hasPrefix("internal the stream"), "our client can't read what we send")
  }

  /// Has our client read a unary response.
  static func read(_ body: [UInt8], status: Int, codec: Codec, isCompressed: Bool) {
    var response = HTTPResponse(status: status, fields: [:], body: body)
    response.fields.append("content-type", codec.contentType)
    if isCompressed { response.fields.append("content-encoding", "gzip") }
    let answer = response
    guard
      let client = try? RPCClient(
        baseURL: "http://x",
        send: { _ in answer },
        codec: codec,
        maxResponseBytes: StreamChecks.maxMessageBytes
      )
    else { fatalError("no client") }
    awaiting {
      do throws(RPCError) {
        let _: Answer = try await client.read(answer)
        require(status == 200, "an error was taken for an answer")
      } catch {
        _ = error.reason
        _ = error.retryDelay
      }
    }
  }

  /// Reads a gRPC answer, whose frames a server may cut as it likes.
  static func readGRPC(_ body: [UInt8], status: String, message: String) {
    var response = HTTPResponse(status: 200, body: body)
    response.trailers = ["grpc-status": status, "grpc-message": message]
    do throws(RPCError) {
      try GRPCStatus.check(response)
      require(status == "0", "a failure was taken for none")
    } catch {
      require(error.message.count <= 500, "an error's message is too long")
    }
    let decoded: Answer?
    do throws(RPCError) {
      decoded = try GRPCFrame.decode(body, limit: StreamChecks.maxMessageBytes)
    } catch {
      return require(
        [.internal, .resourceExhausted].contains(error.code),
        "a malformed answer has another code"
      )
    }
    guard let decoded, let frame = try? GRPCFrame.encode(decoded, limit: 1 << 20),
      let again: Answer = try? GRPCFrame.decode(frame, limit: 1 << 20)
    else { return require(false, "a message can't be written again") }
    require(again == decoded || decoded.isOdd, "a message has changed")
  }
}

extension Answer {
  /// Whether it holds numbers that are not equal to themselves.
  fileprivate var isOdd: Bool { self != self }
}

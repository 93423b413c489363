import Certificates
import ConformanceMessages
import Foundation
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf

/// The server under test of the Connect conformance cases.
///
/// Prints its address as `{"host":…,"port":…}` in one line and serves until its input ends: in plain
/// text, or by TLS with `CERTIFICATE KEY` as arguments, or to those alone who have a certificate with
/// `CERTIFICATE KEY AUTHORITIES`.
@main
struct ConformanceServer {
  /// The runner's limit for servers.
  ///
  /// Source: https://github.com/connectrpc/conformance, test_case_library.go
  private static let maxMessageBytes = 200 * 1024

  static func main() async throws {
    registerMessagesForAny()
    var limits = RPCLimits()
    limits.maxMessageBytes = self.maxMessageBytes
    var server = RPCServer(schema: conformanceSchema, limits: limits, health: Health())
    server.register(ConformanceMethods.unary) { request, context in
      let definition = request.responseDefinition
      let payload = try await ConformancePayload(definition, answering: request, context)
      return .with { $0.payload = payload }
    }
    server.register(ConformanceMethods.idempotentUnary) { request, context in
      let definition = request.responseDefinition
      let payload = try await ConformancePayload(definition, answering: request, context)
      return .with { $0.payload = payload }
    }
    server.register(ConformanceMethods.serverStream) { request, context, writer in
      try await request.responseDefinition.answer(request, context, writer)
    }
    let complete = server
    var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) {
      complete.response(to: $0, $1)
    }
    configuration.credentials = try Self.credentials(Array(CommandLine.arguments.dropFirst()))
    let handler: HTTPHandler = { request in
      await RequestLine.$query.withValue(request.method == "GET" ? request.query : nil) {
        await complete.handle(request)
      }
    }
    try await withHTTPServer(configuration, handler: handler) { address in
      let line = "{\"host\":\"\(address.host)\",\"port\":\(address.port)}\n"
      FileHandle.standardOutput.write(Data(line.utf8))
      while readLine() != nil {}
    }
  }

  private static func credentials(_ paths: [String]) throws -> Credentials? {
    guard paths.count >= 2 else { return nil }
    let files = CertificateFiles(
      certificate: paths[0],
      key: paths[1],
      authorities: paths.count > 2 ? paths[2] : nil
    )
    return try Credentials(
      files,
      role: .server(clients: files.authorities == nil ? .none : .require)
    )
  }
}

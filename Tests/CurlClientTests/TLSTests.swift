import CurlClient
import Foundation
import HTTPMessage
import Testing

/// nghttpd speaks nothing but HTTP/2, so an answer from it proves that ALPN chose HTTP/2.
@Suite(.enabled(if: NghttpServer.isInstalled, "needs nghttpd and openssl: apt install nghttp2"))
struct `Encrypted connections` {
  @Test func `HTTP/2 is negotiated and one connection carries many requests`() async throws {
    try await NghttpServer.run { (server) async throws in
      var configuration = CurlClient.Configuration()
      configuration.trustedCertificates = server.certificate
      let client = CurlClient(configuration: configuration)
      try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
        for _ in 0..<20 { group.addTask { try await client.send(server.request) } }
        for try await response in group {
          #expect(response.status == 200)
          #expect(response.body == Array("served".utf8))
        }
      }
      for _ in 0..<5 { #expect(try await client.send(server.request).status == 200) }
    }
  }

  @Test func `a certificate that nobody vouches for is sent nothing`() async throws {
    try await NghttpServer.run { (server) async throws in
      let error = await #expect(throws: HTTPTransportError.self) {
        try await CurlClient().send(server.request)
      }
      #expect(error?.reason == .protocolError)
      #expect(error?.isUnsent == true)
    }
  }
}

private struct NghttpServer {
  let port: Int
  let certificate: String

  static var isInstalled: Bool {
    Self.path(of: "nghttpd") != nil && Self.path(of: "openssl") != nil
  }

  private static func path(of program: String) -> String? {
    ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].map { $0 + program }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  var request: HTTPRequest {
    HTTPRequest(
      method: "GET",
      scheme: "https",
      authority: "localhost:\(self.port)",
      target: "/file.txt"
    )
  }

  static func run(_ body: (NghttpServer) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("served".utf8).write(to: folder.appending(path: "file.txt"))
    let key = folder.appending(path: "key.pem").path
    let certificate = folder.appending(path: "certificate.pem").path
    let openssl = try Self.start(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost",
      ]
    )
    openssl.waitUntilExit()
    for _ in 0..<10 {
      // Below the ports that the system gives to the other tests' servers.
      let port = Int.random(in: 20_000..<30_000)
      let server = try Self.start(
        "nghttpd",
        ["--address=127.0.0.1", "-d", folder.path, String(port), key, certificate]
      )
      defer { server.terminate() }
      guard try await Self.listens(server, on: port) else { continue }
      return try await body(NghttpServer(port: port, certificate: certificate))
    }
    Issue.record("nghttpd found no free port")
  }

  private static func start(_ name: String, _ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.path(of: name)))
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Waits until `server` takes connections; false when it ends instead.
  private static func listens(_ server: Process, on port: Int) async throws -> Bool {
    let client = CurlClient()
    let request = HTTPRequest(method: "GET", authority: "127.0.0.1:\(port)", target: "/")
    while server.isRunning {
      do {
        _ = try await client.send(request)
        return server.isRunning
      } catch let error as HTTPTransportError where error.reason == .unreachable {
        try await Task.sleep(for: .milliseconds(10))
      } catch is HTTPTransportError {
        return server.isRunning
      }
    }
    return false
  }
}

import Certificates
import Foundation
import Testing

/// `openssl s_server`, which speaks TLS without ALPN.
enum OpenSSLServer {
  /// Runs it while `body` does.
  static func run(
    port: Int,
    _ files: CertificateFiles,
    _ body: () async throws -> Void
  ) async throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(path(of: "openssl")))
    process.arguments = [
      "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-cert",
      try #require(files.certificate), "-key", try #require(files.key),
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { process.terminate() }
    while (try? RawConnection(port: port)) == nil {
      try #require(process.isRunning)
      try await Task.sleep(for: .milliseconds(10))
    }
    try await body()
  }
}

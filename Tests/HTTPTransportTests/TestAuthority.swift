import Certificates
import Foundation
import Testing

/// Someone who signs certificates, with a folder of files that lasts as long as the value.
final class TestAuthority: Sendable {
  private let folder: URL
  /// The authority's own certificate.
  let certificate: String

  private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

  init() async throws {
    self.folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    self.certificate = self.folder.appending(path: "authority.pem").path
    _ = try await run(
      "openssl",
      ["req", "-x509"] + Self.key + [
        "-keyout", self.path("authority.key"), "-out", self.certificate, "-days", "1",
        "-subj", "/CN=Test authority",
      ]
    )
  }

  deinit { try? FileManager.default.removeItem(at: self.folder) }

  func path(_ name: String) -> String { self.folder.appending(path: name).path }

  /// Signs a certificate.
  ///
  /// - Parameters:
  ///   - name: Of the files, and as common name.
  ///   - names: In the form of OpenSSL.
  ///   - days: Until the certificate expires; -1 for one that has.
  /// - Returns: The files of the certificate, its key and this authority.
  /// - Throws: When OpenSSL made no certificate.
  func issue(
    _ name: String,
    names: String = "DNS:localhost,IP:127.0.0.1",
    days: Int = 1
  ) async throws
    -> CertificateFiles
  {
    let request = self.path("\(name).csr")
    let files = CertificateFiles(
      certificate: self.path("\(name).pem"),
      key: self.path("\(name).key"),
      authorities: self.certificate
    )
    _ = try await run(
      "openssl",
      ["req", "-new"] + Self.key + [
        "-keyout", self.path("\(name).key"), "-out", request, "-subj", "/O=NetflixGPT/CN=\(name)",
        "-addext", "subjectAltName=\(names)",
      ]
    )
    let report = try await run(
      "openssl",
      [
        "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
        self.path("authority.key"),
        "-CAcreateserial", "-copy_extensions", "copy", "-days", "\(days)",
        "-out", self.path("\(name).pem"),
      ]
    )
    try #require(FileManager.default.fileExists(atPath: self.path("\(name).pem")), "\(report)")
    return files
  }

  /// What a client shows that trusts this authority.
  func client(_ files: CertificateFiles = CertificateFiles()) throws -> Credentials {
    var files = files
    files.authorities = self.certificate
    return try Credentials(files, role: .client)
  }
}

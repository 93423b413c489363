import Certificates
import ConformanceMessages
import Foundation

/// The certificates of one call, as files for as long as the call lasts.
struct CredentialFolder: Sendable {
  let files: CertificateFiles
  private let folder: URL

  /// - Returns: `nil` for a call in plain text.
  init?(_ request: ClientCompatRequest) throws {
    guard !request.serverTlsCert.isEmpty else { return nil }
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ name: String, _ content: Data) throws -> String? {
      guard !content.isEmpty else { return nil }
      let file = folder.appending(path: name)
      try content.write(to: file)
      return file.path
    }
    self.folder = folder
    self.files = CertificateFiles(
      certificate: try write("client.pem", request.clientTlsCreds.cert),
      key: try write("client.key", request.clientTlsCreds.key),
      authorities: try write("server.pem", request.serverTlsCert)
    )
  }

  func remove() { try? FileManager.default.removeItem(at: self.folder) }
}

import HTTPMessage

/// What a connection knows of its client before the first request.
struct Peer {
  var isEncrypted = false
  /// Verified; `nil` where none was asked for or given.
  var certificate: ClientCertificate?

  /// Adds to a request what its bytes don't say.
  func sign(_ request: inout HTTPRequest) {
    if self.isEncrypted { request.scheme = "https" }
    request.clientCertificate = self.certificate
  }
}

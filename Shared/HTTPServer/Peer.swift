import HTTPMessage

/// What a connection knows of its client before the first request.
struct Peer {
  /// As in "127.0.0.1"; empty where the socket doesn't say.
  var address = ""
  var isEncrypted = false
  /// Verified; `nil` where none was asked for or given.
  var certificate: ClientCertificate?

  /// Adds to a request what its bytes don't say.
  func sign(_ request: inout HTTPRequest) {
    request.peer = self.address
    if self.isEncrypted { request.scheme = "https" }
    request.clientCertificate = self.certificate
  }
}

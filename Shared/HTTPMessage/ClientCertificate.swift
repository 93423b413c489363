/// Who a client is, by a certificate that the server has verified.
package struct ClientCertificate: Sendable, Hashable {
  /// The distinguished name, as in "CN=gateway,O=NetflixGPT".
  package let subject: String
  /// Host names, URIs and mail addresses it also stands for.
  package let names: [String]
  /// SHA-256 of the certificate, as 64 hexadecimal digits in lower case.
  package let fingerprint: String

  package init(subject: String, names: [String], fingerprint: String) {
    self.subject = subject
    self.names = names
    self.fingerprint = fingerprint
  }
}

/// Who a client is, by a certificate that the server has verified.
package struct ClientCertificate: Sendable, Hashable {
  /// The distinguished name, as in "CN=gateway,O=NetflixGPT".
  package let subject: String
  /// Whom to call its owner: the common name, or else the first of `names`, or else the fingerprint.
  package let name: String
  /// Host names, URIs and mail addresses it also stands for.
  package let names: [String]
  /// SHA-256 of the certificate, as 64 hexadecimal digits in lower case.
  package let fingerprint: String

  package init(subject: String, commonName: String?, names: [String], fingerprint: String) {
    self.subject = subject
    self.name = String((commonName ?? names.first ?? fingerprint).prefix(Self.maxNameLength))
    self.names = names
    self.fingerprint = fingerprint
  }

  /// Characters; an authority may put any number of them into a certificate.
  private static let maxNameLength = 128
}

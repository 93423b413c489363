/// Where one side of a TLS connection finds what it needs, all as PEM.
package struct CertificateFiles: Sendable, Hashable {
  /// The certificate this side presents, then those that lead to its authority.
  package var certificate: String?
  package var key: String?
  /// Whom certificates of the other side must come from; the system's authorities where `nil`.
  package var authorities: String?

  package init(certificate: String? = nil, key: String? = nil, authorities: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.authorities = authorities
  }
}

/// Why credentials can't be used: everything that is wrong with their files.
package struct CertificateProblems: Error, Sendable, Hashable, CustomStringConvertible {
  /// Which of the files a problem is about.
  package enum Subject: Sendable, Hashable { case certificate, key, authorities }

  package struct Problem: Sendable, Hashable {
    package let subject: Subject
    /// What is wrong, with the file's name and without its content.
    package let text: String
  }

  package let problems: [Problem]

  init(_ problems: [Problem]) { self.problems = problems }

  package var description: String { self.problems.map(\.text).joined(separator: "; ") }
}

import Crypto
package import HTTPMessage
package import NIOSSL
import SwiftASN1
import X509

extension ClientCertificate {
  /// What a certificate that was verified says of its owner, or `nil` where it can't be read.
  package init?(_ certificate: NIOSSLCertificate) {
    guard let bytes = try? certificate.toDERBytes(),
      let parsed = try? Certificate(derEncoded: bytes)
    else { return nil }
    let alternatives = try? parsed.extensions.subjectAlternativeNames
    let names = (alternatives.map(Array.init) ?? []).compactMap { name -> String? in
      switch name {
      case .dnsName(let name), .uniformResourceIdentifier(let name), .rfc822Name(let name): name
      default: nil
      }
    }
    self.init(
      subject: parsed.subject.description,
      commonName: parsed.subject.lazy.flatMap(\.self)
        .first { $0.type == .RDNAttributeType.commonName }
        .flatMap { String($0.value) }.flatMap { $0.isEmpty ? nil : $0 },
      names: names,
      fingerprint: SHA256.hash(data: bytes).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
    )
  }
}

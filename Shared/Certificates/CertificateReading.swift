import Crypto
import NIOSSL

#if canImport(Glibc)
import Glibc
#endif

/// What the files of one side held when they were read.
struct CertificateReading {
  private(set) var chain: [NIOSSLCertificate] = []
  private(set) var key: NIOSSLPrivateKey?
  private(set) var authorities: [NIOSSLCertificate] = []
  private(set) var problems: [CertificateProblems.Problem] = []
  /// Changes with any byte of any file.
  let digest: SHA256Digest

  /// Reads all files that are named, and goes on after a problem.
  ///
  /// - Parameters:
  ///   - files: Their names.
  ///   - now: Seconds since 1970, by which certificates expire.
  init(_ files: CertificateFiles, now: Int = time(nil)) {
    let contents = [files.certificate, files.key, files.authorities].map { path in
      path.map(Self.content)
    }
    var hash = SHA256()
    for content in contents {
      guard case .success(let bytes)? = content else { continue }
      hash.update(data: withUnsafeBytes(of: bytes.count) { Array($0) })
      hash.update(data: bytes)
    }
    self.digest = hash.finalize()
    self.chain = self.certificates(.certificate, files.certificate, contents[0])
    self.authorities = self.certificates(.authorities, files.authorities, contents[2])
    if let leaf = self.chain.first, let path = files.certificate {
      if leaf.notValidAfter < now {
        self.add(.certificate, "\(path): the certificate has expired")
      } else if leaf.notValidBefore > now {
        self.add(.certificate, "\(path): the certificate is not valid yet")
      }
    }
    if let path = files.key, let bytes = self.bytes(.key, path, contents[1]) {
      self.key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem)
      if self.key == nil {
        self.add(.key, "\(path): there is no private key without a passphrase in it")
      }
    }
    if let certificate = files.certificate, files.key == nil {
      self.add(.key, "\(certificate): the certificate needs its key")
    } else if let key = files.key, files.certificate == nil {
      self.add(.certificate, "\(key): the key needs its certificate")
    }
  }

  mutating func add(_ subject: CertificateProblems.Subject, _ text: String) {
    self.problems.append(CertificateProblems.Problem(subject: subject, text: text))
  }

  private mutating func certificates(
    _ subject: CertificateProblems.Subject,
    _ path: String?,
    _ content: Result<[UInt8], FileError>?
  ) -> [NIOSSLCertificate] {
    guard let path, let bytes = self.bytes(subject, path, content) else { return [] }
    let certificates = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
    if certificates.isEmpty { self.add(subject, "\(path): there is no PEM certificate in it") }
    return certificates
  }

  private mutating func bytes(
    _ subject: CertificateProblems.Subject,
    _ path: String,
    _ content: Result<[UInt8], FileError>?
  ) -> [UInt8]? {
    switch content {
    case .success(let bytes): return bytes
    case .failure(let error):
      self.add(subject, "\(path): \(String(cString: strerror(error.code)))")
      return nil
    case nil: return nil
    }
  }

  private struct FileError: Error { let code: Int32 }

  private static func content(ofFile path: String) -> Result<[UInt8], FileError> {
    guard let file = fopen(path, "r") else { return .failure(FileError(code: errno)) }
    defer { fclose(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      content.append(contentsOf: chunk[..<count])
      if count < chunk.count {
        return ferror(file) == 0 ? .success(content) : .failure(FileError(code: errno))
      }
    }
  }
}

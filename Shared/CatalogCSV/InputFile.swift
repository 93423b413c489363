import Glibc

/// A file open for reading, closed exactly once.
struct InputFile: ~Copyable {
  private static let chunkBytes = 1 << 16

  private let descriptor: CInt

  init(path: String) throws(CatalogCSVError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(Self.reason(errno)) }
    self.descriptor = descriptor
  }

  deinit { close(self.descriptor) }

  /// Up to 64 KiB; none at the end.
  borrowing func read() throws(CatalogCSVError) -> [UInt8] {
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { buffer, count in
      var taken = -1
      repeat {
        taken = Glibc.read(self.descriptor, buffer.baseAddress, Self.chunkBytes)
        code = taken < 0 ? errno : 0
      } while code == EINTR
      count = max(taken, 0)
    }
    guard code == 0 else { throw .unreadable(Self.reason(code)) }
    return bytes
  }

  private static func reason(_ code: CInt) -> String {
    String(cString: strerror(code))
  }
}

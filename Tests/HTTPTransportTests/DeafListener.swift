import Glibc

/// A port of 127.0.0.1 whose queue is full, so that connecting to it takes as long as one waits.
struct DeafListener {
  let port: Int
  private let descriptors: [Int32]

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var descriptors = [listener]
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
        guard bind(listener, address, length) == 0, listen(listener, 0) == 0,
          getsockname(listener, address, &length) == 0
        else { return errno }
        // More than any queue of length 0 takes.
        for _ in 0..<4 {
          let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
          let filler = socket(AF_INET, type, 0)
          _ = connect(filler, address, length)
          descriptors.append(filler)
        }
        return 0
      }
    }
    self.descriptors = descriptors
    self.port = Int(UInt16(bigEndian: address.sin_port))
    guard result == 0 else {
      self.close()
      throw RawConnection.Failure(call: "listen", code: result)
    }
  }

  func close() {
    for descriptor in self.descriptors { _ = Glibc.close(descriptor) }
  }
}

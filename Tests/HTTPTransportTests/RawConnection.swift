import Glibc
import NIOPosix

/// A TCP connection to 127.0.0.1 that sends and shows bytes as they are.
///
/// Its calls block.
final class RawConnection {
  private let descriptor: Int32

  struct Failure: Error {
    var call: String
    var code: Int32
  }

  init(port: Int) throws {
    self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard self.descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let descriptor = self.descriptor
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(call: "connect", code: errno) }
    var timeout = timeval(tv_sec: 15, tv_usec: 0)
    setsockopt(
      self.descriptor,
      SOL_SOCKET,
      SO_RCVTIMEO,
      &timeout,
      socklen_t(MemoryLayout<timeval>.size)
    )
    setsockopt(
      self.descriptor,
      SOL_SOCKET,
      SO_SNDTIMEO,
      &timeout,
      socklen_t(MemoryLayout<timeval>.size)
    )
  }

  deinit { close(self.descriptor) }

  func send(_ text: String) throws { try self.send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(
          self.descriptor,
          $0.baseAddress.map { $0 + sent },
          bytes.count - sent,
          Int32(MSG_NOSIGNAL)
        )
      }
      guard count > 0 else { throw Failure(call: "send", code: errno) }
      sent += count
    }
  }

  /// Ends our side only.
  func endOutput() { shutdown(self.descriptor, Int32(SHUT_WR)) }

  /// What comes next, empty at the end; a reset by the peer is an end as well.
  func receive() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(self.descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == ECONNRESET { return [] }
    guard count >= 0 else { throw Failure(call: "recv", code: errno) }
    return Array(buffer.prefix(count))
  }

  func receiveToEnd() throws -> String {
    var bytes: [UInt8] = []
    while case let more = try self.receive(), !more.isEmpty { bytes += more }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads until `text` has come or the peer has ended.
  func receive(until text: String) throws -> String {
    var bytes: [UInt8] = []
    while case let more = try self.receive(), !more.isEmpty {
      bytes += more
      let received = String(decoding: bytes, as: UTF8.self)
      if received.contains(text) { return received }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// As many threads as there may be tests that block at a time.
private let threads: NIOThreadPool = {
  let threads = NIOThreadPool(numberOfThreads: 64)
  threads.start()
  return threads
}()

/// Runs what blocks on a thread that may.
func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  try await threads.runIfActive(body)
}

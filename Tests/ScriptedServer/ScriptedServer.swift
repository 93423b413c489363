import Glibc
package import HTTPMessage
import Synchronization

/// An HTTP/1.1 server on loopback that answers as a test tells it to, well or badly.
///
/// One blocking thread for each connection: enough for tests, and independent of the servers and
/// clients under test.
package final class ScriptedServer: Sendable {
  /// A piece of an answer.
  package enum Step: Sendable {
    case response(HTTPResponse)
    case bytes([UInt8])
    case pause(Duration)
    /// Says nothing until the peer closes the connection.
    case hang
    /// Ends the connection.
    case close
  }

  /// What the server has seen so far.
  package struct Log: Sendable {
    package var connections = 0
    package var requests: [HTTPRequest] = []
    /// Connections that the peer closed during `hang`.
    package var abandoned = 0
  }

  package let port: Int
  private let listener: Int32
  private let state = Mutex((log: Log(), open: Set<Int32>(), isStopped: false))
  private let script: @Sendable (HTTPRequest, Int) -> [Step]

  package struct SocketError: Error {
    package let code: Int32
  }

  /// Listens on a free port of 127.0.0.1.
  ///
  /// - Parameter script: Answers a request; the number counts requests from 0.
  /// - Throws: `SocketError`.
  package init(_ script: @escaping @Sendable (HTTPRequest, Int) -> [Step]) throws {
    self.script = script
    self.listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.port = try Self.bind(self.listener)
    guard listen(self.listener, 64) == 0 else { throw SocketError(code: errno) }
    try Self.startThread { self.acceptConnections() }
  }

  package var authority: String { "127.0.0.1:\(self.port)" }
  package var log: Log { self.state.withLock { $0.log } }

  package func stop() {
    self.state.withLock { state in
      guard !state.isStopped else { return }
      state.isStopped = true
      shutdown(self.listener, Int32(SHUT_RDWR))
      for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
    }
  }

  /// Reserves a port of 127.0.0.1, for as long as the process runs, where nobody listens.
  package static func closedPort() throws -> Int {
    try Self.bind(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
  }

  private static func bind(_ socket: Int32) throws -> Int {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        Glibc.bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0
      }
    }
    guard result else { throw SocketError(code: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func startThread(_ run: @escaping @Sendable () -> Void) throws {
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(run))
    let code = pthread_create(
      &thread,
      nil,
      { context in
        if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      },
      body.toOpaque()
    )
    guard code == 0 else { throw SocketError(code: code) }
    pthread_detach(thread)
  }

  private func acceptConnections() {
    while true {
      let socket = accept(self.listener, nil, nil)
      guard socket >= 0 else { break }
      let isWelcome = self.state.withLock { state in
        state.log.connections += 1
        state.open.insert(socket)
        return !state.isStopped
      }
      guard isWelcome, (try? Self.startThread { self.serve(socket) }) != nil else { break }
    }
    close(self.listener)
  }

  private func serve(_ socket: Int32) {
    var reader = RequestReader(socket: socket)
    var goesOn = true
    while goesOn, let request = reader.next() {
      let number = self.state.withLock { state in
        state.log.requests.append(request)
        return state.log.requests.count - 1
      }
      for step in self.script(request, number) where goesOn {
        goesOn = self.perform(step, on: socket)
      }
    }
    _ = self.state.withLock { $0.open.remove(socket) }
    close(socket)
  }

  /// Returns whether the connection goes on.
  private func perform(_ step: Step, on socket: Int32) -> Bool {
    switch step {
    case .response(let response): return Self.send(Self.wireForm(of: response), on: socket)
    case .bytes(let bytes): return Self.send(bytes, on: socket)
    case .pause(let duration):
      usleep(UInt32(duration / .microseconds(1)))
      return true
    case .hang:
      var byte: UInt8 = 0
      let count = recv(socket, &byte, 1, 0)
      self.state.withLock { if count <= 0 && !$0.isStopped { $0.log.abandoned += 1 } }
      return false
    case .close: return false
    }
  }

  private static func send(_ bytes: [UInt8], on socket: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// A response as HTTP/1.1 writes it, with its content length.
  package static func wireForm(of response: HTTPResponse) -> [UInt8] {
    var head = "HTTP/1.1 \(response.status) Scripted\r\n"
    for field in response.fields.fields { head += "\(field.name): \(field.value)\r\n" }
    head += "content-length: \(response.body.count)\r\n\r\n"
    return Array(head.utf8) + response.body
  }
}

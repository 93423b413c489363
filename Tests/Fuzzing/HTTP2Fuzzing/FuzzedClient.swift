import HTTP2
import HTTPMessage

/// A client's session, and its requests in the order they were made.
struct FuzzedClient {
  private static let maxResponseBytes = 1024

  private let session: HTTP2ClientSession
  private var open: [HTTP2ClientStream] = []
  // Held, so that no two of them have the same identity.
  private var ended: [ObjectIdentifier: HTTP2ClientStream] = [:]
  private var begun: Set<ObjectIdentifier> = []
  private var isOver = false

  init?() {
    guard let session = try? HTTP2ClientSession(maxResponseBytes: Self.maxResponseBytes) else {
      return nil
    }
    self.session = session
    self.submit(bodyBytes: 0)
    self.send(10)
    self.receive([0, 0, 0, 4, 0, 0, 0, 0, 0])
  }

  mutating func run(_ input: inout FuzzInput) {
    while !input.isEmpty, !self.isOver, !self.session.isFinished {
      self.session.now += 100
      switch Step(&input) {
      case .receive(let bytes): self.receive(bytes)
      case .act(let number): self.act(number)
      }
    }
    self.send(1000)
    self.session.close(HTTPTransportError(.interrupted, "over"))
    self.receive([])
    require(self.session.openStreams == 0, "a stream has outlived its session")
  }

  private mutating func submit(bodyBytes: Int, wantsStream: Bool = false) {
    var request = HTTPRequest(
      method: "POST",
      target: "/",
      body: [UInt8](repeating: 0, count: bodyBytes)
    )
    request.wantsStream = wantsStream
    guard let stream = try? self.session.submit(request, authority: "x") else { return }
    self.open.append(stream)
  }

  private mutating func receive(_ bytes: [UInt8]) {
    do { try bytes.withUnsafeBytes { try self.session.receive($0) } } catch { self.isOver = true }
    while let (stream, event) = self.session.nextEvent() {
      let identity = ObjectIdentifier(stream)
      require(self.ended[identity] == nil, "a request goes on after its end")
      switch event {
      case .head: require(self.begun.insert(identity).inserted, "a response has begun twice")
      case .body(let bytes):
        require(self.begun.contains(identity), "a body came before its head")
        self.session.consume(bytes.count, of: stream)
      case .end(let result):
        self.ended[identity] = stream
        if case .success(let response) = result {
          require(response.body.count <= Self.maxResponseBytes, "a response is too large")
        }
      }
    }
  }

  private mutating func send(_ pieces: Int) {
    for _ in 0..<pieces {
      do { if try self.session.nextOutput() == nil { return } } catch { self.isOver = true }
    }
  }

  private mutating func act(_ number: UInt8) {
    switch number {
    case 0: self.session.ping()
    case 1: self.session.expire(before: self.session.now - 500)
    case 2: if let stream = self.open.popLast() { self.session.cancel(stream) }
    case 3..<8: self.send(Int(number))
    case 8: self.submit(bodyBytes: 0, wantsStream: true)
    default: self.submit(bodyBytes: Int(number) << 7)
    }
  }
}

import HTTP2
import HTTPMessage

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
private let limits = HTTP2ServerLimits(
  maxHeaderBytes: 512,
  maxBodyBytes: 1024,
  maxConcurrentStreams: 4
)
/// Begins a streamed answer, whose pieces this side sends by itself.
private let streamed: HTTPResponse = {
  var response = HTTPResponse(status: 200)
  response.stream = HTTPBodyStream(next: { nil }, cancel: {})
  return response
}()

/// A server's session, and those of its streams that await an answer or the rest of one.
struct FuzzedServer {
  private let session: HTTP2ServerSession
  private var waiting: [HTTP2ServerStream] = []
  private var answering: [HTTP2ServerStream] = []
  private var isOver = false

  init?() {
    guard let session = try? HTTP2ServerSession(limits: limits) else { return nil }
    self.session = session
    session.admit = { request in
      request.fields["x-refuse"] == nil ? nil : HTTPResponse(status: 429, body: [1])
    }
    self.receive(preface)
  }

  mutating func run(_ input: inout FuzzInput) {
    while !input.isEmpty, !self.isOver, !self.session.isFinished {
      self.session.now += 100
      switch Step(&input) {
      case .receive(let bytes): self.receive(bytes)
      case .act(let number): self.act(number)
      }
      require(self.session.openStreams >= 0, "there are fewer than no streams")
    }
    self.send(1000)
    self.session.close()
    while self.session.nextEvent() != nil {}
    require(self.session.openStreams == 0, "a stream has outlived its session")
  }

  private mutating func receive(_ bytes: [UInt8]) {
    do { try bytes.withUnsafeBytes { try self.session.receive($0) } } catch { self.isOver = true }
    while let event = self.session.nextEvent() {
      switch event {
      case .request(let stream): self.waiting.append(stream)
      case .rejected(let stream, _):
        self.session.reject(stream, with: HTTPResponse(status: 400, body: [1, 2, 3]))
      case .refused(let stream, let response):
        require(response.status == 429, "a request was refused by nobody")
        self.session.reject(stream, with: response)
      case .room(let stream): require(!stream.isComplete, "a whole answer has room for more")
      case .cancelled(let stream): require(stream.isClosed, "a cancelled stream is open")
      case .shutdownNoticed: self.session.goAway()
      }
    }
  }

  private mutating func send(_ pieces: Int) {
    for _ in 0..<pieces {
      do { if try self.session.nextOutput() == nil { return } } catch { self.isOver = true }
    }
  }

  private mutating func act(_ number: UInt8) {
    let session = self.session
    switch number {
    case 0: session.announceShutdown()
    case 1: session.goAway()
    case 2: session.ping()
    case 3: session.expire(requestsBefore: session.now - 500, responsesBefore: session.now - 800)
    case 4: session.forEachUnanswered { require(!$0.isComplete, "an answered stream waits") }
    case 5..<8: self.send(Int(number))
    case 8:
      if let stream = self.waiting.popLast() {
        session.respond(to: stream, with: streamed)
        self.answering.append(stream)
      }
    case 9, 10:
      if let stream = self.answering.last {
        _ = session.send([UInt8](repeating: number, count: Int(number) << 10), on: stream)
      }
    case 11:
      if let stream = self.answering.popLast() { session.end(stream, trailers: ["x": "y"]) }
    case 12: if let stream = self.answering.popLast() { session.abort(stream) }
    default: self.answer(bytes: Int(number) << 9)
    }
  }

  private mutating func answer(bytes: Int) {
    guard let stream = self.waiting.popLast() else { return }
    let request = self.session.takeRequest(of: stream)
    require(request.body.count <= limits.maxBodyBytes, "a body is too large")
    let body = [UInt8](repeating: 1, count: bytes)
    self.session.respond(to: stream, with: HTTPResponse(status: 200, body: body))
  }
}

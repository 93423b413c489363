import HTTP2
import HTTPMessage

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
private let limits = HTTP2ServerLimits(
  maxHeaderBytes: 512,
  maxBodyBytes: 1024,
  maxConcurrentStreams: 4
)

/// What a peer sends next, and what this side does meanwhile, by the first byte of each step.
private enum Step {
  /// A frame whose header fits its payload: type, flags, stream and length as one byte each.
  case frame([UInt8])
  /// Bytes as they are.
  case raw([UInt8])
  /// This side acts; what it does is up to the number.
  case act(UInt8)

  init(_ input: inout FuzzInput) {
    let kind = input.byte()
    switch kind {
    case 0xF0...: self = .act(kind & 0x0F)
    case 0xE0..<0xF0: self = .raw(input.bytes(Int(input.byte())))
    default:
      let flags = input.byte()
      let stream = input.byte()
      let payload = input.bytes(Int(input.byte()))
      let length = [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
      self = .frame(length + [kind % 11, flags, 0, 0, 0, stream] + payload)
    }
  }
}

private func fuzzServer(_ input: inout FuzzInput) {
  guard let session = try? HTTP2ServerSession(limits: limits) else { return }
  var waiting: [HTTP2ServerStream] = []
  var isOver = false
  func receive(_ bytes: [UInt8]) {
    do { try bytes.withUnsafeBytes { try session.receive($0) } } catch { isOver = true }
    while let event = session.nextEvent() {
      switch event {
      case .request(let stream): waiting.append(stream)
      case .rejected(let stream, _):
        session.reject(stream, with: HTTPResponse(status: 400, body: [1, 2, 3]))
      case .cancelled(let stream): require(stream.isClosed, "a cancelled stream is open")
      case .shutdownNoticed: session.goAway()
      }
    }
  }
  func send(_ pieces: Int) {
    for _ in 0..<pieces {
      do { if try session.nextOutput() == nil { return } } catch { isOver = true }
    }
  }
  receive(preface)
  while !input.isEmpty, !isOver, !session.isFinished {
    session.now += 100
    switch Step(&input) {
    case .frame(let bytes), .raw(let bytes): receive(bytes)
    case .act(let number):
      switch number {
      case 0: session.announceShutdown()
      case 1: session.goAway()
      case 2: session.ping()
      case 3: session.expire(requestsBefore: session.now - 500, responsesBefore: session.now - 800)
      case 4: session.forEachUnanswered { require(!$0.isAnswered, "an answered stream waits") }
      case 5..<9: send(Int(number))
      default:
        guard let stream = waiting.popLast() else { break }
        let request = session.takeRequest(of: stream)
        require(request.body.count <= limits.maxBodyBytes, "a body is too large")
        let body = [UInt8](repeating: number, count: Int(number) << 9)
        session.respond(to: stream, with: HTTPResponse(status: 200, body: body))
      }
    }
    require(session.openStreams >= 0, "there are fewer than no streams")
  }
  send(1000)
  session.close()
  while session.nextEvent() != nil {}
  require(session.openStreams == 0, "a stream has outlived its session")
}

private func fuzzClient(_ input: inout FuzzInput) {
  guard let session = try? HTTP2ClientSession(maxResponseBytes: 1024) else { return }
  var open: [HTTP2ClientStream] = []
  var isOver = false
  // Held, so that no two of them have the same identity.
  var answered: [ObjectIdentifier: HTTP2ClientStream] = [:]
  func submit(_ bodyBytes: Int) {
    let request = HTTPRequest(
      method: "POST",
      target: "/",
      body: [UInt8](repeating: 0, count: bodyBytes)
    )
    guard let stream = try? session.submit(request, authority: "x") else { return }
    open.append(stream)
  }
  func receive(_ bytes: [UInt8]) {
    do { try bytes.withUnsafeBytes { try session.receive($0) } } catch { isOver = true }
    while let event = session.nextEvent() {
      let earlier = answered.updateValue(event.stream, forKey: ObjectIdentifier(event.stream))
      require(earlier == nil, "a request was answered twice")
      if case .success(let response) = event.result {
        require(response.body.count <= 1024, "a response is too large")
      }
    }
  }
  func send(_ pieces: Int) {
    for _ in 0..<pieces {
      do { if try session.nextOutput() == nil { return } } catch { isOver = true }
    }
  }
  submit(0)
  send(10)
  receive([0, 0, 0, 4, 0, 0, 0, 0, 0])
  while !input.isEmpty, !isOver, !session.isFinished {
    session.now += 100
    switch Step(&input) {
    case .frame(let bytes), .raw(let bytes): receive(bytes)
    case .act(let number):
      switch number {
      case 0: session.ping()
      case 1: session.expire(before: session.now - 500)
      case 2:
        if let stream = open.popLast() { session.cancel(stream) }
      case 3..<9: send(Int(number))
      default: submit(Int(number) << 7)
      }
    }
  }
  send(1000)
  session.close(HTTPTransportError(.interrupted, "over"))
  receive([])
  require(session.openStreams == 0, "a stream has outlived its session")
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  if input.byte() & 1 == 0 { fuzzServer(&input) } else { fuzzClient(&input) }
  return 0
}

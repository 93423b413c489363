import ConformanceMessages
import CurlClient
import HTTPClient
import HTTPMessage
import NIOPosix
import Synchronization

/// The client of ours that speaks the HTTP version of a case.
enum Transport: Sendable {
  case http1(CurlClient, authority: String)
  case http2(HTTP2Client, authority: String)

  init(_ request: ClientCompatRequest) {
    let authority = "\(request.host):\(request.port)"
    if request.httpVersion == .httpVersion1 {
      self = .http1(CurlClient(), authority: authority)
    } else {
      let client = HTTP2Client(
        host: request.host,
        port: Int(request.port),
        group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
      )
      self = .http2(client, authority: authority)
    }
  }

  var authority: String {
    switch self {
    case .http1(_, let authority), .http2(_, let authority): authority
    }
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    switch self {
    case .http1(let client, _): try await client.send(request)
    case .http2(let client, _): try await client.send(request)
    }
  }

  /// Makes the connection.
  func warmUp() async throws {
    _ = try await self.send(HTTPRequest(method: "GET", authority: self.authority, target: "/"))
  }

  func close() async {
    switch self {
    case .http1(let client, _): client.close()
    case .http2(let client, _): await client.close()
    }
  }
}

/// What passes between the client and its transport.
final class Observed: Sendable {
  /// An element for each request on its way.
  let sent: AsyncStream<Void>
  private let sending: AsyncStream<Void>.Continuation
  private let content = Mutex<Int?>(nil)

  init() { (self.sent, self.sending) = AsyncStream.makeStream() }

  /// Of the last response.
  var status: Int? { self.content.withLock { $0 } }

  func send() { self.sending.yield() }

  func set(_ status: Int) { self.content.withLock { $0 = status } }
}

import Certificates
import ConformanceMessages
import CurlClient
import HTTPClient
import HTTPMessage
import NIOPosix
import Synchronization

/// The client of ours that speaks the HTTP version of a case.
struct Transport: Sendable {
  private enum Client: Sendable {
    case http1(CurlClient)
    case http2(HTTP2Client)
  }

  let authority: String
  /// "http" or "https".
  let scheme: String
  private let client: Client
  private let credentials: CredentialFolder?

  init(_ request: ClientCompatRequest) throws {
    let credentials = try CredentialFolder(request)
    self.authority = "\(request.host):\(request.port)"
    self.scheme = credentials == nil ? "http" : "https"
    self.credentials = credentials
    if request.httpVersion == .httpVersion1 {
      var configuration = CurlClient.Configuration()
      configuration.trustedCertificates = credentials?.files.authorities
      self.client = .http1(CurlClient(configuration: configuration))
    } else {
      let client = HTTP2Client(
        host: request.host,
        port: Int(request.port),
        credentials: try credentials.map { try Credentials($0.files, role: .client) },
        group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
      )
      self.client = .http2(client)
    }
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    switch self.client {
    case .http1(let client): try await client.send(request)
    case .http2(let client): try await client.send(request)
    }
  }

  /// Makes the connection.
  func warmUp() async throws {
    _ = try await self.send(
      HTTPRequest(method: "GET", scheme: self.scheme, authority: self.authority, target: "/")
    )
  }

  func close() async {
    switch self.client {
    case .http1(let client): client.close()
    case .http2(let client): await client.close()
    }
    self.credentials?.remove()
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

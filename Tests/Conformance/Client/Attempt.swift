import ConformanceMessages
import Foundation
import HTTPClient
import HTTPMessage
import NIOPosix
import RPC
import SwiftProtobuf
import Synchronization

/// Why a case can't be tried with our client.
enum Untried: Error {
  case unknownMethod(String)
  case noMessage
}

/// One call of a conformance case.
struct Attempt {
  private let request: ClientCompatRequest
  private let transport: HTTP2Client
  private let client: RPCClient
  private let authority: String
  private let observed = Observed()

  init(_ request: ClientCompatRequest) throws {
    let transport = HTTP2Client(
      host: request.host,
      port: Int(request.port),
      group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
    )
    let observed = self.observed
    let authority = "\(request.host):\(request.port)"
    self.request = request
    self.authority = authority
    self.transport = transport
    self.client = try RPCClient(
      baseURL: "http://\(authority)",
      send: { request in
        observed.send()
        let response = try await transport.send(request)
        observed.set(response)
        return response
      },
      codec: request.codec == .json ? .json : .proto,
      maxResponseBytes: Int(request.messageReceiveLimit)
    )
  }

  func run() async throws -> ClientResponseResult {
    let result =
      switch self.request.method {
      case "Unary": try await self.call(ConformanceMethods.unary) { $0.payload }
      case "IdempotentUnary":
        try await self.call(ConformanceMethods.idempotentUnary) { $0.payload }
      case "Unimplemented":
        try await self.call(ConformanceMethods.unimplemented) { _ in ConformancePayload() }
      default: throw Untried.unknownMethod(self.request.method)
      }
    await self.transport.close()
    return result
  }

  private func call<Request, Response>(
    _ method: Method<Request, Response>,
    payload: (Response) -> ConformancePayload
  ) async throws -> ClientResponseResult {
    guard let packed = self.request.requestMessages.first else { throw Untried.noMessage }
    let (message, fields) = (try Request(unpackingAny: packed), self.request.requestHeaders.fields)
    let timeout: Duration? =
      self.request.hasTimeoutMs ? .milliseconds(self.request.timeoutMs) : nil
    let client = self.client
    if self.request.hasCancel {
      // With the connection made before, it is a request under way that gets canceled.
      let first = HTTPRequest(method: "GET", authority: self.authority, target: "/")
      _ = try await self.transport.send(first)
    }
    let task = Task {
      try await client.call(method, message, timeout: timeout, fields: fields)
    }
    if self.request.hasCancel {
      for await _ in self.observed.sent { break }
      try await Task.sleep(for: .milliseconds(self.request.cancel.afterCloseSendMs))
      task.cancel()
    }
    let outcome = await task.result
    var result = ClientResponseResult(self.observed.response)
    switch outcome {
    case .success(let response): result.payloads = [payload(response)]
    case .failure(let error as RPCError): result.error = ConformanceError(error)
    case .failure(let error): throw error
    }
    return result
  }
}

/// What passes between the client and its transport.
private final class Observed: Sendable {
  /// An element for each request on its way.
  let sent: AsyncStream<Void>
  private let sending: AsyncStream<Void>.Continuation
  private let content = Mutex<HTTPResponse?>(nil)

  init() { (self.sent, self.sending) = AsyncStream.makeStream() }

  /// The last one, of which the client gives its callers the message only.
  var response: HTTPResponse? { self.content.withLock { $0 } }

  func send() { self.sending.yield() }

  func set(_ response: HTTPResponse) { self.content.withLock { $0 = response } }
}

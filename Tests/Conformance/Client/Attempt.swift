import ConformanceMessages
import Foundation
import HTTPMessage
import RPC
import SwiftProtobuf

/// Why a case can't be tried with our client.
enum Untried: Error {
  case unknownMethod(String)
  case noMessage
}

/// One call of a conformance case.
struct Attempt {
  private let request: ClientCompatRequest
  private let transport: Transport
  private let client: RPCClient
  private let observed = Observed()

  init(_ request: ClientCompatRequest) throws {
    let transport = try Transport(request)
    let observed = self.observed
    self.request = request
    self.transport = transport
    self.client = try RPCClient(
      baseURL: "\(transport.scheme)://\(transport.authority)",
      send: { request in
        observed.send()
        let response = try await transport.send(request)
        observed.set(response.status)
        return response
      },
      codec: request.codec == .json ? .json : .proto,
      wire: ClientWire(request),
      maxResponseBytes: Int(request.messageReceiveLimit)
    )
  }

  func run() async throws -> ClientResponseResult {
    // With the connection made before, it is a request under way that gets canceled.
    if self.request.hasCancel { try await self.transport.warmUp() }
    var result =
      switch self.request.method {
      case "Unary": try await self.call(ConformanceMethods.unary, \.payload)
      case "IdempotentUnary": try await self.call(ConformanceMethods.idempotentUnary, \.payload)
      case "Unimplemented": try await self.call(ConformanceMethods.unimplemented) { _ in .init() }
      case "ServerStream": try await self.stream(ConformanceMethods.serverStream)
      default: throw Untried.unknownMethod(self.request.method)
      }
    if let status = self.observed.status { result.httpStatusCode = Int32(clamping: status) }
    await self.transport.close()
    return result
  }

  private var timeout: Duration? {
    self.request.hasTimeoutMs ? .milliseconds(self.request.timeoutMs) : nil
  }

  private func message<Request: Message>() throws -> Request {
    guard let packed = self.request.requestMessages.first else { throw Untried.noMessage }
    return try Request(unpackingAny: packed)
  }

  private func call<Request, Response>(
    _ method: Method<Request, Response>,
    _ payload: @escaping @Sendable (Response) -> ConformancePayload
  ) async throws -> ClientResponseResult {
    let message: Request = try self.message()
    return try await self.canceled {
      var result = ClientResponseResult()
      do {
        let reply = try await self.client.callWithMetadata(
          method,
          message,
          timeout: self.timeout,
          fields: self.request.requestHeaders.fields
        )
        result.responseHeaders = [Header](reply.fields)
        result.responseTrailers = [Header](reply.trailers)
        result.payloads = [payload(reply.message)]
      } catch let error as RPCError {
        result.end(with: error)
      }
      return result
    }
  }

  private func stream(
    _ method: StreamMethod<ServerStreamRequest, ServerStreamResponse>
  ) async throws -> ClientResponseResult {
    let message: ServerStreamRequest = try self.message()
    let cancel = self.request.cancel
    return try await self.canceled {
      var result = ClientResponseResult()
      do {
        let stream = try await self.client.stream(
          method,
          message,
          timeout: self.timeout,
          fields: self.request.requestHeaders.fields
        )
        result.responseHeaders = [Header](stream.fields)
        for try await response in stream {
          result.payloads.append(response.payload)
          if cancel.afterNumResponses > 0, result.payloads.count == cancel.afterNumResponses {
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
        result.responseTrailers = [Header](stream.trailers)
      } catch let error as RPCError {
        result.end(with: error)
      }
      return result
    }
  }

  /// Runs a call, and cancels it some time after its request has left, where the case says so.
  private func canceled(
    _ call: @escaping @Sendable () async throws -> ClientResponseResult
  ) async throws -> ClientResponseResult {
    let task = Task { try await call() }
    if case .afterCloseSendMs(let delay) = self.request.cancel.cancelTiming {
      for await _ in self.observed.sent { break }
      try await Task.sleep(for: .milliseconds(delay))
      task.cancel()
    }
    return try await task.value
  }
}

extension ClientWire {
  /// All the case allows.
  fileprivate init(_ request: ClientCompatRequest) {
    self.init()
    self.maxGetBytes = request.useGetHTTPMethod ? .max : nil
    self.compressAboveBytes = request.compression == .gzip ? 0 : nil
    self.acceptsGzip = request.compression == .gzip
  }
}

extension ClientResponseResult {
  fileprivate mutating func end(with error: RPCError) {
    self.error = ConformanceError(error)
    self.responseTrailers = [Header](error.metadata)
    if self.payloads.isEmpty { self.responseHeaders += [Header](error.metadata) }
  }
}

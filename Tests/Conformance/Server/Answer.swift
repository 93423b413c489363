import ConformanceMessages
import Foundation
import HTTPMessage
import RPC
import SwiftProtobuf

/// What a handler can't learn from its `ServerContext`.
enum RequestLine {
  /// Of a GET, without its "?".
  @TaskLocal static var query: Substring?
}

extension ConformancePayload {
  /// Does what `definition` says, short of raw responses, which are for servers that test clients.
  init(
    _ definition: ResponseDefinition,
    answering request: some Message,
    _ context: ServerContext
  ) async throws {
    let info = try RequestInfo(request, context)
    self.init()
    self.requestInfo = info
    guard !definition.hasRawResponse else {
      throw RPCError(.invalidArgument, "no raw responses from here")
    }
    context.add(definition.responseHeaders, definition.responseTrailers)
    try await Task.sleep(for: .milliseconds(definition.responseDelayMs))
    switch definition.response {
    case .responseData(let data): self.data = data
    case .error(let error): throw RPCError(error, info)
    case nil: break
    }
  }
}

extension StreamResponseDefinition {
  /// Does what it says, short of raw responses.
  func answer(
    _ request: ServerStreamRequest,
    _ context: ServerContext,
    _ writer: StreamWriter<ServerStreamResponse>
  ) async throws {
    let info = try ConformancePayload.RequestInfo(request, context)
    guard !self.hasRawResponse else {
      throw RPCError(.invalidArgument, "no raw responses from here")
    }
    context.add(self.responseHeaders, self.responseTrailers)
    for (index, data) in self.responseData.enumerated() {
      try await Task.sleep(for: .milliseconds(self.responseDelayMs))
      try await writer.send(
        .with {
          $0.payload.data = data
          if index == 0 { $0.payload.requestInfo = info }
        }
      )
    }
    if self.hasError { throw RPCError(self.error, self.responseData.isEmpty ? info : nil) }
  }
}

extension ServerContext {
  fileprivate func add(_ headers: [Header], _ trailers: [Header]) {
    for field in headers.fields.fields { self.responseFields.append(field.name, field.value) }
    for field in trailers.fields.fields { self.responseTrailers.append(field.name, field.value) }
  }
}

extension ConformancePayload.RequestInfo {
  fileprivate init(_ request: some Message, _ context: ServerContext) throws {
    self.init()
    self.requestHeaders = [Header](context.fields)
    if context.fields["connect-timeout-ms"] != nil {
      self.timeoutMs = Int64((context.deadline - .now) / .milliseconds(1))
    }
    self.requests = [try Google_Protobuf_Any(message: request)]
    if let query = RequestLine.query {
      let items = URLComponents(string: "?" + query)?.queryItems ?? []
      self.connectGetInfo.queryParams = items.map { item in
        .with {
          $0.name = item.name
          $0.value = [item.value ?? ""]
        }
      }
    }
  }
}

extension RPCError {
  fileprivate init(_ error: ConformanceError, _ info: ConformancePayload.RequestInfo?) {
    var details = error.details.map {
      ErrorDetail(type: String($0.typeURL.split(separator: "/").last ?? ""), $0.value)
    }
    if let info { details.append(ErrorDetail(info)) }
    self.init(Code(rawValue: error.code.rawValue) ?? .unknown, error.message, details: details)
  }
}

extension ErrorDetail {
  fileprivate init(type: String, _ value: Data) {
    self.init(type: type, value: Array(value), debug: nil)
  }
}

import HTTPMessage

/// Anthropic's message batches.
///
/// They carry no mark of ours but the ids of their requests, which only results show: a batch whose
/// id was lost is found once it has ended.
///
/// Source: https://platform.claude.com/docs/en/api/creating-message-batches
struct AnthropicBatches: BatchAPI {
  let endpoint: VendorEndpoint
  private static let path = "/v1/messages/batches"

  func submission(
    of lines: [BatchLine],
    key: String
  ) -> (
    first: HTTPRequest, second: (@Sendable (HTTPResponse) throws(ProviderError) -> HTTPRequest)?
  ) {
    let requests = lines.map { line -> JSONValue in
      ["custom_id": .string(line.id), "params": line.body]
    }
    var request = self.endpoint.post(Self.path, ["requests": .array(requests)])
    request.isSentOnce = true
    return (request, nil)
  }

  func id(in response: HTTPResponse) throws(ProviderError) -> String {
    try identified(response).0
  }

  func status(of id: String) -> HTTPRequest { self.endpoint.get("\(Self.path)/\(id)") }

  func status(in response: HTTPResponse) throws(ProviderError) -> BatchStatus {
    let (id, body) = try identified(response)
    guard let status = body["processing_status"]?.string, id.isPathSafe else {
      throw .malformedReply
    }
    guard status == "ended" else { return .running }
    return .ended([self.endpoint.get("\(Self.path)/\(id)/results")], missing: .timedOut)
  }

  func results(in response: HTTPResponse) throws(ProviderError) -> [BatchResult] {
    try jsonLines(response).compactMap { line in
      guard let id = line["custom_id"]?.string, let result = line["result"] else { return nil }
      switch result["type"]?.string {
      case "succeeded":
        let reply = HTTPResponse(status: 200, body: result["message"]?.bytes ?? [])
        return BatchResult(id: id, outcome: .success(reply))
      case "errored":
        let error = HTTPResponse(status: 400, body: result["error"]?.bytes ?? [])
        return BatchResult(id: id, outcome: .failure(FailureSigns(error).meaning))
      case "expired": return BatchResult(id: id, outcome: .failure(.timedOut))
      default: return BatchResult(id: id, outcome: .failure(.overloaded()))
      }
    }
  }

  func search(after last: String?) -> HTTPRequest {
    self.endpoint.get("\(Self.path)?limit=100" + (last.map { "&after_id=\($0)" } ?? ""))
  }

  func matches(
    in response: HTTPResponse,
    key: String,
    counts: Set<Int>
  ) throws(ProviderError) -> [BatchMatch] {
    try listed(response).compactMap { batch in
      guard let id = batch["id"]?.string, let count = batch.requestCount, counts.contains(count)
      else { return nil }
      return BatchMatch(id: id, isCertain: false)
    }
  }
}

extension JSONValue {
  /// Of a batch, whatever became of them.
  fileprivate var requestCount: Int? {
    guard case .object(let counts)? = self["request_counts"] else { return nil }
    return counts.values.reduce(0) { sum, count in
      guard case .number(let number) = count else { return sum }
      return sum + (Int(exactly: number) ?? 0)
    }
  }
}

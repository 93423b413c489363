import HTTPMessage

/// OpenAI's batches: a file of requests, and two of results.
///
/// Source: https://platform.openai.com/docs/api-reference/batch
struct OpenAIBatches: BatchAPI {
  let endpoint: VendorEndpoint
  /// Of the single requests, behind the base URL.
  let path: String

  func submission(
    of lines: [BatchLine],
    key: String
  ) -> (
    first: HTTPRequest, second: (@Sendable (HTTPResponse) throws(ProviderError) -> HTTPRequest)?
  ) {
    let target = "/v1\(self.path)"
    let content = lines.flatMap { line -> [UInt8] in
      let request: JSONValue = [
        "custom_id": .string(line.id), "method": "POST", "url": .string(target), "body": line.body,
      ]
      return request.bytes + [UInt8(ascii: "\n")]
    }
    let upload = self.endpoint.upload(
      "/files",
      fields: ["purpose": "batch"],
      file: (name: "\(key).jsonl", content: content)
    )
    let endpoint = self.endpoint
    let create = { @Sendable (response: HTTPResponse) throws(ProviderError) -> HTTPRequest in
      let (file, _) = try identified(response)
      var request = endpoint.post(
        "/batches",
        [
          "input_file_id": .string(file), "endpoint": .string(target), "completion_window": "24h",
          "metadata": ["key": .string(key)],
        ]
      )
      request.isSentOnce = true
      return request
    }
    return (upload, create)
  }

  func id(in response: HTTPResponse) throws(ProviderError) -> String {
    try identified(response).0
  }

  func status(of id: String) -> HTTPRequest { self.endpoint.get("/batches/\(id)") }

  func status(in response: HTTPResponse) throws(ProviderError) -> BatchStatus {
    let (_, body) = try identified(response)
    switch body["status"]?.string {
    case "completed", "expired", "cancelled", "failed":
      let files = ["output_file_id", "error_file_id"].compactMap { body[$0]?.string }
      let missing = body["status"]?.string == "failed" ? Self.failure(body) : .timedOut
      return .ended(
        files.filter(\.isPathSafe).map { self.endpoint.get("/files/\($0)/content") },
        missing: missing
      )
    case .some: return .running
    case nil: throw .malformedReply
    }
  }

  /// The account has as many tokens in waiting batches as its tier allows.
  private static let queueIsFull = "token_limit_exceeded"

  /// Why a batch was not taken up.
  private static func failure(_ batch: JSONValue) -> ProviderError {
    let errors = batch["errors"]?["data"]?.array ?? []
    if errors.contains(where: { $0["code"]?.string == Self.queueIsFull }) { return .rateLimited() }
    guard !errors.isEmpty else { return .overloaded() }
    let body = JSONValue.object(["errors": .array(errors)])
    return FailureSigns(HTTPResponse(status: 400, body: body.bytes)).meaning
  }

  func results(in response: HTTPResponse) throws(ProviderError) -> [BatchResult] {
    try jsonLines(response).compactMap { line in
      guard let id = line["custom_id"]?.string else { return nil }
      guard let reply = line["response"], case .number(let status)? = reply["status_code"],
        let body = reply["body"]
      else {
        let isExpired = line["error"]?["code"]?.string == "batch_expired"
        return BatchResult(id: id, outcome: .failure(isExpired ? .timedOut : .overloaded()))
      }
      let single = HTTPResponse(status: Int(exactly: status) ?? 500, body: body.bytes)
      return BatchResult(id: id, outcome: .success(single))
    }
  }

  func search(after last: String?) -> HTTPRequest {
    self.endpoint.get("/batches?limit=100" + (last.map { "&after=\($0)" } ?? ""))
  }

  func matches(
    in response: HTTPResponse,
    key: String,
    counts: Set<Int>
  ) throws(ProviderError) -> [BatchMatch] {
    try listed(response).compactMap { batch in
      guard batch["metadata"]?["key"]?.string == key, let id = batch["id"]?.string else {
        return nil
      }
      return BatchMatch(id: id, isCertain: true)
    }
  }
}

extension VendorEndpoint {
  /// A request that sends a file as a browser's form does.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc7578
  func upload(
    _ path: String,
    fields: [String: String],
    file: (name: String, content: [UInt8])
  ) -> HTTPRequest {
    // Each line of the content is JSON, which never begins with a hyphen.
    let boundary = "netflixgpt-\(file.content.count)"
    var body: [UInt8] = []
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      let head = "--\(boundary)\r\ncontent-disposition: form-data; name=\"\(name)\"\r\n\r\n"
      body += Array("\(head)\(value)\r\n".utf8)
    }
    body += Array(
      """
      --\(boundary)\r
      content-disposition: form-data; name="file"; filename="\(file.name)"\r
      content-type: application/jsonl\r
      \r

      """.utf8
    )
    body += file.content + Array("\r\n--\(boundary)--\r\n".utf8)
    var request = self.get(path)
    request.method = "POST"
    request.fields.append("content-type", "multipart/form-data; boundary=\(boundary)")
    request.body = body
    return request
  }
}

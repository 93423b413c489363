package import HTTPMessage

/// One vendor's API for requests that may take a day and cost less, as pure translations.
///
/// A batch is made of the same bodies as single requests, each under an id of ours, and its results
/// are read like single replies.
package protocol BatchAPI: Sendable {
  /// The requests that hand over a batch, each made from the answer to the one before.
  ///
  /// - Parameters:
  ///   - lines: 1 or more, with ids that differ.
  ///   - key: Letters and digits, at most 40; `search` finds the batch by it.
  /// - Returns: What to send first, and then what to send for its answer; `nil` as a second one where
  ///   the first is all.
  func submission(
    of lines: [BatchLine],
    key: String
  ) -> (
    first: HTTPRequest, second: (@Sendable (HTTPResponse) throws(ProviderError) -> HTTPRequest)?
  )

  /// The batch's id, from the answer to the last request that hands it over.
  func id(in response: HTTPResponse) throws(ProviderError) -> String

  /// Asks how far a batch is.
  func status(of id: String) -> HTTPRequest

  /// Reads how far a batch is.
  func status(in response: HTTPResponse) throws(ProviderError) -> BatchStatus

  /// The results in one answer, in any order.
  func results(in response: HTTPResponse) throws(ProviderError) -> [BatchResult]

  /// Asks for the account's batches, the latest first: those behind the one named `last`.
  func search(after last: String?) -> HTTPRequest

  /// Which of the batches in an answer may be the one with `key`, made of one of `counts` lines.
  func matches(
    in response: HTTPResponse,
    key: String,
    counts: Set<Int>
  ) throws(ProviderError) -> [BatchMatch]
}

/// One request of a batch.
package struct BatchLine: Sendable, Hashable {
  /// Letters, digits and hyphens, at most 64.
  package var id: String
  /// As the body of a single request.
  package var body: JSONValue

  package init(id: String, body: JSONValue) {
    self.id = id
    self.body = body
  }
}

/// How far a batch is.
package enum BatchStatus: Sendable, Hashable {
  case running
  /// What to fetch for its results, and what became of the lines that have none: `timedOut` unless
  /// the vendor says why it did not take the batch up.
  case ended([HTTPRequest], missing: ProviderError)
}

/// What became of one request of a batch.
package struct BatchResult: Sendable {
  package var id: String
  /// As of a single request, or why there is none.
  package var outcome: Result<HTTPResponse, ProviderError>
}

/// A batch found in the account.
package struct BatchMatch: Sendable, Hashable {
  package var id: String
  /// False where only its results can tell whether it is the one sought.
  package var isCertain: Bool

  package init(id: String, isCertain: Bool) {
    self.id = id
    self.isCertain = isCertain
  }
}

/// Reads one JSON value a line; what is none is left out.
func jsonLines(_ response: HTTPResponse) throws(ProviderError) -> [JSONValue] {
  guard response.status == 200 else { throw FailureSigns(response).meaning }
  return response.body.split(separator: UInt8(ascii: "\n")).compactMap { JSONValue(Array($0)) }
}

/// The batches in an answer to a search.
func listed(_ response: HTTPResponse) throws(ProviderError) -> [JSONValue] {
  guard response.status == 200 else { throw FailureSigns(response).meaning }
  guard let batches = JSONValue(response.body)?["data"]?.array else { throw .malformedReply }
  return batches
}

/// The id of the last batch in an answer to a search that has more behind it.
func lastOfMore(_ response: HTTPResponse) -> String? {
  guard let body = JSONValue(response.body), body["has_more"] == .bool(true),
    let last = body["data"]?.array?.last?["id"]?.string, last.isPathSafe
  else { return nil }
  return last
}

/// Reads an object that has an id.
func identified(_ response: HTTPResponse) throws(ProviderError) -> (String, JSONValue) {
  guard (200...201).contains(response.status) else { throw FailureSigns(response).meaning }
  guard let body = JSONValue(response.body), let id = body["id"]?.string, !id.isEmpty else {
    throw .malformedReply
  }
  return (id, body)
}

extension String {
  /// Whether this can stand in a path as it is, 1...256 bytes long: vendors' ids can.
  package var isPathSafe: Bool {
    !self.isEmpty && self.utf8.count <= 256
      && self.utf8.allSatisfy {
        let character = Character(UnicodeScalar($0))
        return character.isASCII
          && (character.isLetter || character.isNumber || "-_".contains(character))
      }
  }
}

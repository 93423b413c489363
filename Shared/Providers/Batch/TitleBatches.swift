import HTTPMessage

/// Titles annotated by a vendor's batches, at the price of batches.
///
/// Nothing is kept here: whoever asks keeps the key before, and the id after a batch is handed over.
package struct TitleBatches: Sendable {
  /// The most titles of a batch.
  package static let maxTitles = 500
  /// As in single requests: one bad answer spoils this many titles.
  private static let titlesPerRequest = 10
  /// Bytes of English for each token, in an estimate.
  private static let bytesPerToken = 4
  /// Of the answer for one title, in an estimate.
  private static let outputTokensPerTitle = 110

  package let provider: String
  package let model: String
  let chat: any ChatAPI
  let batches: any BatchAPI
  let prompts: Prompts
  let account: ModelAccount
  let price: ModelPrice?
  /// Of the price, 0...1.
  let share: Double?
  let handler: HTTPHandler

  /// What a batch took, or is expected to take.
  package struct Cost: Sendable, Hashable {
    package var use: TokenUse
    /// `nil` where the price is not known.
    package var usd: Double?
  }

  /// What became of a batch.
  package struct Outcome: Sendable {
    /// In the order of the titles.
    package var annotations: [Result<TitleAnnotation, ProviderError>]
    /// Of all of the batch, failures included.
    package var cost: Cost
  }

  /// What a batch of `titles` will take, by rule of thumb.
  package func estimate(_ titles: [TitleText]) -> Cost {
    let bytes = self.lines(titles, key: "").reduce(0) { $0 + $1.body.bytes.count }
    return self.cost(
      of: TokenUse(
        input: bytes / Self.bytesPerToken,
        output: titles.count * Self.outputTokensPerTitle
      )
    )
  }

  /// Hands a batch over.
  ///
  /// - Parameters:
  ///   - titles: 1...`maxTitles`, with ids that differ.
  ///   - key: Letters and digits, at most 40, of no other batch.
  ///   - mayExist: Whether an earlier call with this key may have reached the vendor; the batch is
  ///     looked for first then.
  ///   - deadline: For all requests.
  /// - Returns: The vendor's id of the batch; `nil` while it can't be told whether it exists.
  /// - Throws: `ProviderError`; `budgetSpent` where the estimate is more than the day has left.
  package func submit(
    _ titles: [TitleText],
    key: String,
    mayExist: Bool,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> String? {
    let lines = self.lines(titles, key: key)
    if mayExist {
      switch try await self.find(key, count: lines.count, until: deadline) {
      case .found(let id): return id
      case .undecided: return nil
      case .absent: break
      }
    }
    return try await self.account.spending(self.estimate(titles).usd) { () throws(ProviderError) in
      let (first, second) = self.batches.submission(of: lines, key: key)
      var response = try await self.send(first, until: deadline)
      if let second { response = try await self.send(second(response), until: deadline) }
      let id = try self.batches.id(in: response)
      guard id.isPathSafe else { throw .malformedReply }
      return id
    }
  }

  /// Fetches what became of a batch.
  ///
  /// - Parameters:
  ///   - id: The vendor's.
  ///   - key: That the batch was handed over with.
  ///   - count: Of its titles.
  ///   - deadline: For all requests.
  /// - Returns: The outcome, the same each time; `nil` while the batch is under way.
  /// - Throws: `ProviderError`.
  package func collect(
    _ id: String,
    key: String,
    count: Int,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Outcome? {
    guard id.isPathSafe else { throw .badRequest }
    let status = try self.batches.status(
      in: try await self.send(self.batches.status(of: id), until: deadline)
    )
    guard case .ended(let requests) = status else { return nil }
    var results: [String: [BatchResult]] = [:]
    for request in requests {
      let response = try await self.send(request, until: deadline)
      for result in try self.batches.results(in: response) {
        results[result.id, default: []].append(result)
      }
    }
    return self.outcome(of: results, key: key, count: count)
  }

  private func outcome(
    of results: [String: [BatchResult]],
    key: String,
    count: Int
  ) -> Outcome {
    var annotations: [Result<TitleAnnotation, ProviderError>] = []
    var use = TokenUse(input: 0, output: 0)
    for start in stride(from: 0, to: count, by: Self.titlesPerRequest) {
      let size = min(Self.titlesPerRequest, count - start)
      // The model knows titles by their places in its request, and so does who reads its answer.
      let titles = (0..<size).map { TitleText(id: "\($0)", name: "", description: "", genres: []) }
      let found = results["\(key)-\(start / Self.titlesPerRequest)"] ?? []
      // One that is missing ran out of time, and of two for one request either is an answer to it.
      let outcome = found.first?.outcome ?? .failure(.timedOut)
      if case .success(let response) = outcome,
        let more = JSONValue(response.body).flatMap({ TokenUse(in: $0) })
      {
        use = TokenUse(input: use.input + more.input, output: use.output + more.output)
      }
      let answer = self.answer(outcome, to: titles)
      annotations += titles.map { title in
        answer.flatMap { answer in
          answer.annotations[title.id].map { .success($0) } ?? .failure(.malformedReply)
        }
      }
    }
    return Outcome(annotations: annotations, cost: self.cost(of: use))
  }

  private func answer(
    _ outcome: Result<HTTPResponse, ProviderError>,
    to titles: [TitleText]
  ) -> Result<TitlesAnswer, ProviderError> {
    do throws(ProviderError) {
      return .success(
        try TitlesReply.answer(from: try self.chat.reply(from: try outcome.get()), to: titles)
      )
    } catch {
      return .failure(error)
    }
  }

  private enum Search {
    case found(String)
    case undecided
    case absent
  }

  /// Looks for a batch whose id was lost on its way.
  private func find(
    _ key: String,
    count: Int,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Search {
    let matches = try self.batches.matches(
      in: try await self.send(self.batches.search, until: deadline),
      key: key,
      count: count
    )
    for match in matches where match.id.isPathSafe {
      if match.isCertain { return .found(match.id) }
      let status = try self.batches.status(
        in: try await self.send(self.batches.status(of: match.id), until: deadline)
      )
      // Whose it is shows only once it has ended.
      guard case .ended(let requests) = status else { return .undecided }
      for request in requests {
        let results = try self.batches.results(in: try await self.send(request, until: deadline))
        if results.contains(where: { $0.id.hasPrefix("\(key)-") }) { return .found(match.id) }
      }
    }
    return .absent
  }

  private func lines(_ titles: [TitleText], key: String) -> [BatchLine] {
    stride(from: 0, to: titles.count, by: Self.titlesPerRequest).map { start in
      let part = Array(titles[start..<min(start + Self.titlesPerRequest, titles.count)])
      let request = self.chat.request(
        for: .titles(part, self.prompts),
        as: self.chat.forms.first ?? .text
      )
      return BatchLine(
        id: "\(key)-\(start / Self.titlesPerRequest)",
        body: JSONValue(request.body) ?? .null
      )
    }
  }

  private func cost(of use: TokenUse) -> Cost {
    let usd = self.share.flatMap { share in self.price.map { $0.usd(of: use) * share } }
    return Cost(use: use, usd: usd)
  }

  private func send(
    _ request: HTTPRequest,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> HTTPResponse {
    try await ProviderError.exchange(request, over: self.handler, until: deadline)
  }
}

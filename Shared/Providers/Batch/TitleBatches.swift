import HTTPMessage

/// Titles annotated by a vendor's batches, at the price of batches.
///
/// Nothing is kept here: whoever asks keeps the key before, and the id after a batch is handed over.
package struct TitleBatches: Sendable {
  /// The most titles of a batch.
  package static let maxTitles = 500
  /// Bytes of English for each token, in an estimate.
  private static let bytesPerToken = 4
  /// Of the answer for one title, in an estimate.
  private static let outputTokensPerTitle = 110

  package let provider: String
  package let model: String
  let chat: any ChatAPI
  let batches: any BatchAPI
  let prompts: Prompts
  /// What single requests have taught of the forms of answer.
  let ladder: Ladder
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
    package var annotations: [Result<TitleAnnotation, TitleFailure>]
    /// Of all of the batch, failures included.
    package var cost: Cost
    /// Why the vendor did not take the batch up; nothing of it is paid for then.
    package var failure: TitleFailure?
  }

  /// Why a title has no answer.
  package struct TitleFailure: Error, Sendable, Hashable {
    package var meaning: ProviderError
    /// Whether the title may fare better when it is handed over again.
    package var mayPass: Bool

    /// - Parameters:
    ///   - meaning: Of the whole request.
    ///   - count: Of the titles in it.
    init(_ meaning: ProviderError, amongTitles count: Int) {
      self.meaning = meaning
      self.mayPass =
        switch meaning {
        // Of several titles it may be another's fault.
        case .refused, .blocked, .selfHarm: count > 1
        // There are other forms to ask in.
        case .formUnsupported, .badRequest: true
        case .timedOut: true
        default: meaning.treatment.retry != .never
        }
    }
  }

  /// What a batch will take, by rule of thumb.
  package struct Estimate: Sendable, Hashable {
    package var cost: Cost
    /// To the model.
    package var requests: Int
  }

  /// What a batch of `titles` will take.
  package func estimate(_ titles: [TitleText], _ handling: BatchHandling = .init()) -> Estimate {
    self.estimate(of: self.lines(titles, handling, key: ""), titles: titles.count)
  }

  private func estimate(of lines: [BatchLine], titles: Int) -> Estimate {
    let bytes = lines.reduce(0) { $0 + $1.body.bytes.count }
    let use = TokenUse(
      input: bytes / Self.bytesPerToken,
      output: titles * Self.outputTokensPerTitle
    )
    return Estimate(cost: self.cost(of: use), requests: lines.count)
  }

  /// Hands a batch over.
  ///
  /// - Parameters:
  ///   - titles: 1...`maxTitles`, with ids that differ.
  ///   - handling: How they are put to the model.
  ///   - key: Letters and digits, at most 40, of no other batch.
  ///   - mayExist: Whether an earlier call with this key may have reached the vendor; the batch is
  ///     looked for first then.
  ///   - requests: Of how many requests that call's batch was made, where it is known.
  ///   - deadline: For all requests.
  /// - Returns: The vendor's id of the batch; `nil` while it can't be told whether it exists.
  /// - Throws: `ProviderError`; `budgetSpent` where the estimate is more than the day has left.
  package func submit(
    _ titles: [TitleText],
    _ handling: BatchHandling = .init(),
    key: String,
    mayExist: Bool,
    requests: Int? = nil,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> String? {
    let lines = self.lines(titles, handling, key: key)
    if mayExist {
      let counts = Set([lines.count, requests ?? lines.count])
      switch try await self.find(key, counts: counts, until: deadline) {
      case .found(let id): return id
      case .undecided: return nil
      case .absent: break
      }
    }
    // Where the share is not known, the whole price is the most that it can be.
    let use = self.estimate(of: lines, titles: titles.count).cost.use
    let most = self.price.map { $0.usd(of: use) * (self.share ?? 1) }
    return try await self.account.spending(most) { () throws(ProviderError) in
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
    guard case .ended(let requests, let missing) = status else { return nil }
    var results: [String: BatchResult] = [:]
    for request in requests {
      let response = try await self.send(request, until: deadline)
      for result in try self.batches.results(in: response) where results[result.id] == nil {
        // Of two for one request either is an answer to it.
        results[result.id] = result
      }
    }
    var outcome = self.outcome(of: results, missing: missing, key: key, count: count)
    if results.isEmpty, missing != .timedOut {
      outcome.failure = TitleFailure(missing, amongTitles: count)
    }
    return outcome
  }

  private func outcome(
    of results: [String: BatchResult],
    missing: ProviderError,
    key: String,
    count: Int
  ) -> Outcome {
    var annotations = [Result<TitleAnnotation, TitleFailure>](
      repeating: .failure(TitleFailure(missing, amongTitles: count)),
      count: count
    )
    var use = TokenUse(input: 0, output: 0)
    for (id, result) in results {
      guard let places = BatchLayout.titles(of: id, key: key, count: count) else { continue }
      // The model knows titles by their places in its request, and so does who reads its answer.
      let titles = (0..<places.count).map {
        TitleText(id: "\($0)", name: "", description: "", genres: [])
      }
      if case .success(let response) = result.outcome,
        let more = JSONValue(response.body).flatMap({ TokenUse(in: $0) })
      {
        use = TokenUse(input: use.input + more.input, output: use.output + more.output)
      }
      let answer = self.answer(result.outcome, to: titles)
      for (place, title) in zip(places, titles) {
        annotations[place] =
          answer.flatMap { answer in
            answer.annotations[title.id].map { .success($0) } ?? .failure(.malformedReply)
          }
          .mapError { TitleFailure($0, amongTitles: titles.count) }
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
    counts: Set<Int>,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Search {
    var isUndecided = false
    var last: String?
    repeat {
      let response = try await self.send(self.batches.search(after: last), until: deadline)
      for match in try self.batches.matches(in: response, key: key, counts: counts)
      where match.id.isPathSafe {
        if match.isCertain { return .found(match.id) }
        switch try await self.isOurs(match.id, key, until: deadline) {
        case true?: return .found(match.id)
        case false?: break
        case nil: isUndecided = true
        }
      }
      last = lastOfMore(response)
    } while last != nil
    return isUndecided ? .undecided : .absent
  }

  /// Whether a batch has results under `key`; `nil` as long as it has not ended.
  private func isOurs(
    _ id: String,
    _ key: String,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Bool? {
    do throws(ProviderError) {
      let status = try self.batches.status(
        in: try await self.send(self.batches.status(of: id), until: deadline)
      )
      guard case .ended(let requests, _) = status else { return nil }
      for request in requests {
        let results = try self.batches.results(in: try await self.send(request, until: deadline))
        if results.contains(where: { $0.id.hasPrefix("\(key)-") }) { return true }
      }
      return false
    } catch {
      // Somebody else's, whose results are gone or not for us, must not keep ours from being found.
      guard error.isCertainRefusal, error.treatment.retry == .never else { throw error }
      return false
    }
  }

  private func lines(
    _ titles: [TitleText],
    _ handling: BatchHandling,
    key: String
  ) -> [BatchLine] {
    let form = self.form(handling)
    return titles.groups(atMost: handling.titlesPerRequest).map { places in
      var question = ChatQuestion.titles(Array(titles[places]), self.prompts)
      question.maxTokens *= handling.room
      question.isSpelledOut = handling.isSpelledOut
      let request = self.chat.request(for: question, as: form)
      return BatchLine(
        id: BatchLayout.id(of: places, key: key),
        body: JSONValue(request.body) ?? .null
      )
    }
  }

  /// The strictest form that neither single requests nor these titles' batches were refused.
  private func form(_ handling: BatchHandling) -> AnswerForm {
    let forms = self.chat.forms
    let known = forms.firstIndex(of: self.ladder.form) ?? 0
    return forms.dropFirst(max(known, handling.formsRefused)).first ?? forms.last ?? .text
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

package import HTTPMessage

/// Emotions by a vendor's language model.
///
/// What a vendor's API needs is in its `ChatAPI`; how a question is put, put again, and its answer
/// checked is here, once for all of them.
package final class LanguageModelProvider: EmotionProvider {
  package let name: String
  /// Larger requests take longer than most deadlines allow, and one bad answer spoils more of them.
  package let maxTitlesPerCall = 10
  private let api: any ChatAPI
  private let prompts: Prompts
  private let ladder: Ladder
  private let room = AnswerRoom()
  private let account: ModelAccount
  private let prices: PriceList
  private let handler: HTTPHandler

  /// - Parameters:
  ///   - name: As in the configured chain.
  ///   - api: The vendor's translation.
  ///   - prompts: What the model is told.
  ///   - billing: Where calls are booked.
  ///   - handler: Sends requests to the outside world.
  package init(
    name: String,
    api: any ChatAPI,
    prompts: Prompts = .builtIn,
    billing: Billing = Billing(),
    handler: @escaping HTTPHandler
  ) {
    self.name = name
    self.api = api
    self.prompts = prompts
    self.ladder = Ladder(api.forms, provider: name, model: api.model)
    self.prices = billing.prices
    self.account = billing.account(provider: name, model: api.model)
    self.handler = handler
  }

  package var model: String { self.api.model }

  /// Titles at the price of batches, `nil` where the vendor has none.
  package var batches: TitleBatches? {
    self.api.batches.map { batches in
      TitleBatches(
        provider: self.name,
        model: self.model,
        chat: self.api,
        batches: batches,
        prompts: self.prompts,
        ladder: self.ladder,
        account: self.account,
        price: self.prices.price(provider: self.name, model: self.model),
        share: self.prices.batchShare(provider: self.name),
        handler: self.handler
      )
    }
  }

  package func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer {
    var isCrisis = false
    do throws(ProviderError) {
      var answer = try await self.answer(to: .mood(mood, self.prompts), until: deadline) {
        (reply, isLenient) throws(ProviderError) in
        isCrisis = isCrisis || MoodReply.signalsCrisis(reply)
        return try MoodReply.answer(from: reply, isLenient: isLenient)
      }.answer
      // A second reply doesn't take back what the first one feared.
      answer.isCrisis = isCrisis
      return answer
    } catch {
      throw isCrisis && error != .cancelled ? .selfHarm : error
    }
  }

  package func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    var (answer, isRepaired) = try await self.answer(
      to: .titles(titles, self.prompts),
      until: deadline
    ) { (reply, _) throws(ProviderError) in
      try TitlesReply.answer(from: reply, to: titles)
    }
    let missing = titles.filter { answer.annotations[$0.id] == nil }
    guard !missing.isEmpty, !isRepaired else { return answer }
    var question = self.room.fitted(.titles(missing, self.prompts))
    question.isSpelledOut = true
    // What is there stays, whatever becomes of the rest.
    guard let (second, _) = try? await self.ask(question, until: deadline) else { return answer }
    answer.inputTokens += second.inputTokens
    answer.outputTokens += second.outputTokens
    answer.usd = answer.usd.flatMap { first in second.usd.map { first + $0 } }
    if let repaired = try? TitlesReply.answer(from: second, to: missing) {
      answer.annotations.merge(repaired.annotations) { first, _ in first }
    }
    return answer
  }

  /// Asks, and once more where the answer can't be read.
  ///
  /// Where a server refuses a question that got more room by what was learnt and answers it without,
  /// the room is given up.
  ///
  /// - Parameters:
  ///   - plain: What to ask, with the room that it needs without thoughts.
  ///   - deadline: For all tries.
  ///   - read: Reads a reply, leniently where nothing held the model to a form or it is the second.
  /// - Returns: What `read` made of the reply, whose tokens are those of both tries; and whether it
  ///   took the second one.
  /// - Throws: `ProviderError`.
  private func answer<Answer>(
    to plain: ChatQuestion,
    until deadline: ContinuousClock.Instant,
    read: (_ reply: ChatReply, _ isLenient: Bool) throws(ProviderError) -> Answer
  ) async throws(ProviderError) -> (answer: Answer, isRepaired: Bool) {
    try await self.answer(
      to: plain,
      isWide: self.room.isWide(for: plain),
      until: deadline,
      read: read
    )
  }

  private func answer<Answer>(
    to plain: ChatQuestion,
    isWide: Bool,
    until deadline: ContinuousClock.Instant,
    read: (_ reply: ChatReply, _ isLenient: Bool) throws(ProviderError) -> Answer
  ) async throws(ProviderError) -> (answer: Answer, isRepaired: Bool) {
    var question = isWide ? AnswerRoom.widen(plain) : plain
    var first: ChatReply?
    let failure: ProviderError
    do {
      let (reply, form) = try await self.ask(question, until: deadline)
      first = reply
      return (try read(reply, form == .text), false)
    } catch {
      failure = error
    }
    if isWide, failure == .badRequest {
      let answered = try await self.answer(to: plain, isWide: false, until: deadline, read: read)
      // The room was at fault, and not what was asked.
      self.room.forget(plain)
      return answered
    }
    let hasAllRoom = isWide && failure == .truncated
    guard failure.treatment.retry == .repair, !hasAllRoom else { throw failure }
    if failure == .truncated { question = AnswerRoom.widen(question) }
    if failure == .malformedReply { question.isSpelledOut = true }
    var (second, _) = try await self.ask(question, until: deadline)
    if let first { second.add(costOf: first) }
    let answer = try read(second, true)
    if failure == .truncated { self.room.learn(from: question) }
    return (answer, true)
  }

  /// Puts `question` in the strictest form that the server understands.
  ///
  /// - Returns: The reply, and the form that it was asked in.
  private func ask(
    _ question: ChatQuestion,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> (ChatReply, AnswerForm) {
    var form = self.ladder.form
    var steps: [(refusal: ProviderError, form: AnswerForm)] = []
    while true {
      do {
        var (reply, usd) = try await self.account.exchange(
          self.api.request(for: question, as: form),
          maxOutputTokens: question.maxTokens,
          over: self.handler,
          until: deadline,
          read: { response throws(ProviderError) in try self.api.reply(from: response) },
          bill: { ModelAccount.Bill(use: $0.use, usd: $0.usd) }
        )
        reply.usd = usd
        if steps.isEmpty { self.ladder.learn(form, after: nil) }
        for step in steps { self.ladder.learn(step.form, after: step.refusal) }
        return (reply, form)
      } catch {
        // A refusal that doesn't say why may be of the form: that is worth one try.
        let mayBeForm = error == .badRequest && !steps.contains { $0.refusal == .badRequest }
        guard error == .formUnsupported || mayBeForm, let lower = self.ladder.below(form) else {
          throw error
        }
        steps.append((error, lower))
        form = lower
      }
    }
  }
}

extension LanguageModelProvider: Inspectable {
  package var probe: HTTPRequest {
    self.api.request(for: .mood("a quiet, happy evening", self.prompts), as: self.ladder.form)
  }
  package var modelsRequest: HTTPRequest? { self.api.modelsRequest }

  package var remark: String {
    var remarks: [String] = []
    if self.ladder.isLowered {
      remarks.append("a strict JSON schema is not understood: using \(self.ladder.form.name)")
    }
    if self.room.isWidened {
      remarks.append(
        "answers need more room, as models do that think: moods are slow and cost more"
      )
    }
    return remarks.joined(separator: "; ")
  }
}

package import HTTPMessage

/// Emotions by a model behind OpenAI's chat API.
package struct OpenAIEmotionProvider: EmotionProvider {
  package let name: String
  /// Larger requests take longer than most deadlines allow, and one bad answer spoils more of them.
  package let maxTitlesPerCall = 10
  private let chat: OpenAIChat
  private let handler: HTTPHandler

  /// - Parameters:
  ///   - name: As in the configured chain.
  ///   - chat: The vendor's translation.
  ///   - handler: Sends requests to the outside world.
  package init(name: String = "openai", chat: OpenAIChat, handler: @escaping HTTPHandler) {
    self.name = name
    self.chat = chat
    self.handler = handler
  }

  package var model: String { self.chat.model }

  package func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer {
    var question = ChatQuestion.mood(mood)
    do {
      return try MoodReply.answer(from: await self.ask(question, until: deadline))
    } catch {
      guard error.treatment.retry == .repair else { throw error }
      if error == .truncated { question.maxTokens *= Self.moreRoom }
      return try MoodReply.answer(from: await self.ask(question, until: deadline))
    }
  }

  package func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    var answer: TitlesAnswer
    var room = 1
    do {
      answer = try await self.annotate(titles, room: room, until: deadline)
    } catch {
      guard error.treatment.retry == .repair else { throw error }
      if error == .truncated { room = Self.moreRoom }
      return try await self.annotate(titles, room: room, until: deadline)
    }
    let missing = titles.filter { answer.annotations[$0.id] == nil }
    guard !missing.isEmpty else { return answer }
    // What is there stays, whatever becomes of the rest.
    guard let repaired = try? await self.annotate(missing, room: room, until: deadline) else {
      return answer
    }
    answer.annotations.merge(repaired.annotations) { first, _ in first }
    answer.inputTokens += repaired.inputTokens
    answer.outputTokens += repaired.outputTokens
    return answer
  }

  /// How many times as long an answer may be when it was cut off: some models think in it.
  private static let moreRoom = 4

  private func annotate(
    _ titles: [TitleText],
    room: Int,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    var question = ChatQuestion.titles(titles)
    question.maxTokens *= room
    return try TitlesReply.answer(from: await self.ask(question, until: deadline), to: titles)
  }

  private func ask(
    _ question: ChatQuestion,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> ChatReply {
    let request = self.chat.request(for: question)
    let response = try await ProviderError.exchange(request, over: self.handler, until: deadline)
    return try self.chat.reply(from: response)
  }
}

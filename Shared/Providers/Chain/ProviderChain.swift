/// Providers in order of preference: the first that can answers, and the answer says who didn't.
package final class ProviderChain: Sendable {
  private struct Link: Sendable {
    let provider: any EmotionProvider
    let gate: ProviderGate
    let extracting: ProviderMetrics
    let annotating: ProviderMetrics

    init(_ provider: any EmotionProvider, _ policy: RetryPolicy) {
      self.provider = provider
      self.gate = ProviderGate(policy: policy)
      let (name, model) = (provider.name, provider.model)
      self.extracting = ProviderMetrics(stage: "extract", provider: name, model: model)
      self.annotating = ProviderMetrics(stage: "annotate", provider: name, model: model)
    }
  }

  private let links: [Link]

  /// Makes a chain whose providers are all well.
  ///
  /// - Parameters:
  ///   - providers: Best first, with names that differ; without any, nothing is answered.
  ///   - policy: For each of them.
  package init(_ providers: [any EmotionProvider], policy: RetryPolicy = RetryPolicy()) {
    self.links = providers.map { Link($0, policy) }
  }

  /// The providers and models in order: chains with the same identity answer alike.
  package var identity: String {
    self.links.map { "\($0.provider.name)/\($0.provider.model)" }.joined(separator: ",")
  }

  /// Who answers as long as it can; empty without providers.
  package var preferred: String { self.links.first?.provider.name ?? "" }

  /// Reads a mood, which is trimmed and not empty.
  ///
  /// - Throws: `selfHarm` when all fail and one of them by it, else the first provider's error;
  ///   `timedOut` when the deadline passes.
  package func emotions(
    inMood mood: String,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Answer<MoodAnswer> {
    var failures: [Failure] = []
    for (index, link) in self.links.enumerated() {
      let share = Share(of: deadline, isLast: index == self.links.count - 1)
      do {
        let answer = try await link.gate.call(
          until: share.deadline,
          maxWait: share.maxWait,
          metrics: link.extracting
        ) { deadline throws(ProviderError) in
          try await link.provider.emotions(inMood: mood, deadline: deadline)
        }
        for failure in failures { link.extracting.countFallback(from: failure) }
        return Answer(
          value: answer,
          provider: link.provider.name,
          model: link.provider.model,
          inputTokens: answer.inputTokens,
          outputTokens: answer.outputTokens,
          usd: answer.usd,
          degradations: failures.map { $0.degradation(to: link.provider.name) }
        )
      } catch {
        failures.append(Failure(provider: link.provider.name, error: error))
        do throws(ProviderError) {
          try error.checkTime(deadline)
        } catch {
          throw error == .timedOut ? failures.help ?? error : error
        }
      }
    }
    throw failures.help ?? failures.first?.error ?? .unreachable
  }

  /// Annotates titles whose ids differ.
  ///
  /// Titles that one provider fails at go to the next one, the others keep their answers. A title
  /// that reads like an instruction is asked about alone.
  ///
  /// - Returns: An outcome for each title, in the same order.
  package func annotations(
    of titles: [TitleText],
    until deadline: ContinuousClock.Instant
  ) async -> [Result<Answer<TitleAnnotation>, ProviderError>] {
    var failures: [String: [Failure]] = [:]
    var answers: [String: Answer<TitleAnnotation>] = [:]
    for (index, link) in self.links.enumerated() {
      let pending = titles.filter { answers[$0.id] == nil }
      if pending.isEmpty || ContinuousClock.now >= deadline || Task.isCancelled { break }
      let share = Share(of: deadline, isLast: index == self.links.count - 1)
      for part in await Self.annotate(pending, by: link, within: share) {
        for (title, outcome) in part {
          switch outcome {
          case .success(var answer):
            for failure in failures[title] ?? [] { link.annotating.countFallback(from: failure) }
            answer.degradations = (failures[title] ?? []).map {
              $0.degradation(to: link.provider.name)
            }
            answers[title] = answer
          case .failure(let error):
            failures[title, default: []].append(Failure(provider: link.provider.name, error: error))
          }
        }
      }
    }
    return titles.map { title in
      if let answer = answers[title.id] { return .success(answer) }
      if Task.isCancelled { return .failure(.cancelled) }
      return .failure(failures[title.id]?.first?.error ?? .timedOut)
    }
  }

  private typealias Outcomes = [String: Result<Answer<TitleAnnotation>, ProviderError>]

  /// Asks one provider for all of `titles`, a few calls at a time.
  private static func annotate(
    _ titles: [TitleText],
    by link: Link,
    within share: Share
  ) async -> [Outcomes] {
    let size = max(1, link.provider.maxTitlesPerCall)
    let chunks = titles.groups(atMost: size).map { Array(titles[$0]) }
    return await withTaskGroup(of: Outcomes.self) { group in
      var outcomes: [Outcomes] = []
      for (index, chunk) in chunks.enumerated() {
        if index >= Self.maxCallsAtOnce, let done = await group.next() { outcomes.append(done) }
        group.addTask { await Self.annotate(chunk: chunk, by: link, within: share) }
      }
      for await done in group { outcomes.append(done) }
      return outcomes
    }
  }

  private static let maxCallsAtOnce = 4

  private static func annotate(
    chunk: [TitleText],
    by link: Link,
    within share: Share
  ) async -> Outcomes {
    do {
      let answer = try await link.gate.call(
        until: share.deadline,
        maxWait: share.maxWait,
        metrics: link.annotating
      ) { deadline throws(ProviderError) in
        try await link.provider.annotations(of: chunk, deadline: deadline)
      }
      return Self.outcomes(of: chunk, from: answer, by: link.provider)
    } catch {
      return Dictionary(uniqueKeysWithValues: chunk.map { ($0.id, .failure(error)) })
    }
  }

  /// Gives each title its annotation and its part of the call's tokens and cost, which add up.
  private static func outcomes(
    of chunk: [TitleText],
    from answer: TitlesAnswer,
    by provider: any EmotionProvider
  ) -> Outcomes {
    var outcomes: Outcomes = [:]
    var remaining = chunk.count { answer.annotations[$0.id] != nil }
    let usd = answer.usd.map { $0 / Double(max(1, remaining)) }
    var (inputTokens, outputTokens) = (answer.inputTokens, answer.outputTokens)
    for title in chunk {
      guard let annotation = answer.annotations[title.id] else {
        outcomes[title.id] = .failure(.malformedReply)
        continue
      }
      let (input, output) = (inputTokens / remaining, outputTokens / remaining)
      (inputTokens, outputTokens, remaining) = (
        inputTokens - input, outputTokens - output, remaining - 1
      )
      outcomes[title.id] = .success(
        Answer(
          value: annotation,
          provider: provider.name,
          model: provider.model,
          inputTokens: input,
          outputTokens: output,
          usd: usd,
          degradations: []
        )
      )
    }
    return outcomes
  }
}

import Caching
import Contracts
import Providers
import RPC
import Safety
import SwiftProtobuf

/// Answers the methods of the emotion service.
struct EmotionServer: Sendable {
  private let chain: ProviderChain
  private let phrases: CrisisPhrases
  /// Of those who answer and of what they are told.
  private let identity: String
  private let moods: LRUCache<TextDigest, Answer<MoodAnswer>>

  /// Makes a server without any answer kept.
  ///
  /// - Parameters:
  ///   - chain: Who reads moods and titles.
  ///   - phrases: By which a mood is recognised as more than a mood.
  ///   - prompts: What its language models are told.
  ///   - maxMoodsKept: How many answers are kept, 1 or more.
  ///   - lifetime: How long an answer is of use.
  init(
    chain: ProviderChain,
    phrases: CrisisPhrases,
    prompts: Prompts = .builtIn,
    maxMoodsKept: Int = 10_000,
    lifetime: Duration = .seconds(3600)
  ) {
    self.chain = chain
    self.phrases = phrases
    self.identity = "\(chain.identity) \(prompts.identity)"
    self.moods = LRUCache(named: "readings", capacity: maxMoodsKept, lifetime: lifetime)
  }

  /// Reads the emotions of a mood, from the cache if it was read before.
  ///
  /// An answer that is less than what was asked for is not kept: the next call tries again.
  ///
  /// - Throws: `RPCError`.
  func extractEmotions(
    _ request: Netflixgpt_Emotion_V1_ExtractEmotionsRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Emotion_V1_ExtractEmotionsResponse {
    let mood = try MoodText(request.mood)
    let key = TextDigest(mood.normalized, self.identity)
    do {
      let (answer, isShared) = try await self.moods.value(
        for: key,
        isOwn: { $0 as? ProviderError == .timedOut },
        waiting: { wait in await withoutTurn { await wait() } },
        orCompute: {
          let answer = try await self.chain.emotions(inMood: mood.text, until: deadline)
          return (answer, mayKeep: answer.degradations.isEmpty)
        }
      )
      return .with {
        $0.emotions = answer.value.emotions.map { .init($0) }
        $0.language = answer.value.language
        $0.confidence = answer.value.confidence
        $0.usage = .init(stage: "extract", of: answer, isShared: isShared)
        $0.degraded = answer.degradations.map { .init(stage: "extract", $0) }
        $0.safety = .init(self.level(of: mood, answer))
      }
    } catch ProviderError.selfHarm {
      return Self.help(instead: self.chain.preferred)
    } catch let error as ProviderError {
      throw RPCError(error)
    } catch is CancellationError {
      throw RPCError(.cancelled)
    }
  }

  /// The highest level that the phrases, the model or a provider's filter gives the mood.
  private func level(of mood: MoodText, _ answer: Answer<MoodAnswer>) -> SafetyLevel {
    let isBlocked = answer.degradations.contains { $0.reason == ProviderError.selfHarm.reason }
    return answer.value.isCrisis || isBlocked ? .crisis : self.phrases.level(of: mood.text)
  }

  /// The answer to a mood that nobody reads because a filter takes it for a cry for help.
  private static func help(
    instead provider: String
  ) -> Netflixgpt_Emotion_V1_ExtractEmotionsResponse {
    .with {
      $0.emotions = [
        .with {
          $0.name = "despair"
          $0.intensity = 1
        }
      ]
      $0.language = "und"
      $0.confidence = 0
      $0.safety = .crisis
      $0.degraded = [
        .with {
          $0.stage = "extract"
          $0.from = provider
          $0.to = "content-filter"
          $0.reason = ProviderError.selfHarm.reason
        }
      ]
    }
  }

  /// Annotates titles; one that no provider could annotate carries a failure of its own.
  ///
  /// - Throws: `RPCError` when the request is invalid or its caller has gone.
  func annotateTitles(
    _ request: Netflixgpt_Emotion_V1_AnnotateTitlesRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Emotion_V1_AnnotateTitlesResponse {
    let titles = try TitleBatch(request.titles).titles
    // Tagging, and reading a model's long answers, would keep the event loop from other callers.
    let outcomes = await withTaskExecutorPreference(globalConcurrentExecutor) {
      await self.chain.annotations(of: titles, until: deadline)
    }
    if Task.isCancelled { throw RPCError(.cancelled) }
    return .with {
      $0.annotations = zip(titles, outcomes).map { Self.annotation(of: $0, $1) }
    }
  }

  private static func annotation(
    of title: TitleText,
    _ outcome: Result<Answer<TitleAnnotation>, ProviderError>
  ) -> Netflixgpt_Emotion_V1_TitleAnnotation {
    .with {
      $0.id = title.id
      switch outcome {
      case .success(let answer):
        $0.emotions = answer.value.emotions.map { .init($0) }
        $0.emojis = answer.value.emojis
        $0.usage = .init(stage: "annotate", of: answer, isShared: false)
        $0.degraded = answer.degradations.map { .init(stage: "annotate", $0) }
      case .failure(let error): $0.failure = .init(error)
      }
    }
  }
}

import Contracts
import Providers
import RPC
import SwiftProtobuf

/// Answers the methods that hand titles over to providers' batch APIs, and keeps nothing.
struct BatchServer: Sendable {
  private typealias Usage = Netflixgpt_Answer_V1_Usage

  /// Of the providers that have one, in the order of the chain.
  private let batches: [TitleBatches]

  init(_ providers: [any EmotionProvider]) {
    self.batches = providers.compactMap { ($0 as? LanguageModelProvider)?.batches }
  }

  /// Hands titles over, or says what that would take.
  ///
  /// - Throws: `RPCError`.
  func submit(
    _ request: Netflixgpt_Emotion_V1_SubmitAnnotationBatchRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Emotion_V1_SubmitAnnotationBatchResponse {
    let titles = try TitleBatch(request.titles, atMost: TitleBatches.maxTitles).titles
    let key = request.key
    try Self.check(key, at: "key")
    let handling = try Self.handling(of: request)
    let batches = try self.batches(of: request.provider, at: "provider")
    let estimate = batches.estimate(titles, handling)
    var response = Netflixgpt_Emotion_V1_SubmitAnnotationBatchResponse()
    response.estimate = Self.usage(estimate.cost, batches)
    response.requests = Int32(clamping: estimate.requests)
    guard !request.estimateOnly else { return response }
    do throws(ProviderError) {
      let id = try await batches.submit(
        titles,
        handling,
        key: key,
        mayExist: request.mayExist,
        requests: request.requests > 0 ? Int(request.requests) : nil,
        until: deadline
      )
      response.undecided = id == nil
      if let id {
        response.batch = .with {
          $0.provider = batches.provider
          $0.model = batches.model
          $0.id = id
          $0.key = key
        }
      }
      return response
    } catch {
      throw RPCError(error)
    }
  }

  /// Says what became of a batch.
  ///
  /// - Throws: `RPCError`.
  func collect(
    _ request: Netflixgpt_Emotion_V1_CollectAnnotationBatchRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Emotion_V1_CollectAnnotationBatchResponse {
    let (batch, ids) = (request.batch, request.titleIds)
    try Self.check(batch.key, at: "batch.key")
    guard batch.id.isPathSafe else {
      throw RPCError.invalid(
        field: "batch.id",
        "must be 1...256 letters, digits, hyphens and underscores",
        reason: batch.id.isEmpty ? "REQUIRED" : "MALFORMED"
      )
    }
    guard (1...TitleBatches.maxTitles).contains(ids.count) else {
      let description = "must be 1...\(TitleBatches.maxTitles) ids, are \(ids.count)"
      throw RPCError.invalid(
        field: "titleIds",
        description,
        reason: ids.isEmpty ? "REQUIRED" : "TOO_MANY"
      )
    }
    let field = "batch.provider"
    guard !batch.provider.isEmpty else {
      throw RPCError.invalid(field: field, "must not be empty", reason: "REQUIRED")
    }
    let batches = try self.batches(of: batch.provider, at: field)
    let outcome: TitleBatches.Outcome?
    do throws(ProviderError) {
      outcome = try await batches.collect(
        batch.id,
        key: batch.key,
        count: ids.count,
        until: deadline
      )
    } catch {
      throw RPCError(error)
    }
    guard let outcome else { return .with { $0.running = true } }
    return .with {
      $0.running = false
      $0.usage = Self.usage(outcome.cost, batches)
      $0.annotations = zip(ids, outcome.annotations).map { id, annotation in
        Self.annotation(of: id, annotation, by: batches)
      }
      if let failure = outcome.failure { $0.failure = .init(failure) }
    }
  }

  /// Those of the provider that has `name`, or the first where it is empty.
  private func batches(of name: String, at field: String) throws(RPCError) -> TitleBatches {
    guard !name.isEmpty else {
      guard let first = self.batches.first else { throw Self.noBatches }
      return first
    }
    let isName =
      name.utf8.count <= 40
      && name.utf8.allSatisfy { Self.isKeyByte($0) || $0 == UInt8(ascii: "-") }
    guard isName else {
      throw .invalid(
        field: field,
        "must be at most 40 lower-case letters, digits and hyphens",
        reason: "MALFORMED"
      )
    }
    guard let named = self.batches.first(where: { $0.provider == name }) else {
      throw RPCError(
        .failedPrecondition,
        "EMOTION_PROVIDERS names no \(name) with a batch API; what was handed over to it can't be "
          + "found without it",
        details: [.errorInfo(reason: "NO_BATCHES")]
      )
    }
    return named
  }

  private static func handling(
    of request: Netflixgpt_Emotion_V1_SubmitAnnotationBatchRequest
  ) throws(RPCError) -> BatchHandling {
    let fields = [
      ("narrowing", request.narrowing, BatchHandling.narrowings),
      ("formsRefused", request.formsRefused, BatchHandling.refusals),
    ]
    for (field, value, range) in fields where !range.contains(Int(value)) {
      throw .invalid(
        field: field,
        "must be \(range.lowerBound)...\(range.upperBound), is \(value)",
        reason: "OUT_OF_RANGE"
      )
    }
    return BatchHandling(
      narrowing: Int(request.narrowing),
      formsRefused: Int(request.formsRefused)
    )
  }

  private static func annotation(
    of id: String,
    _ annotation: Result<TitleAnnotation, TitleBatches.TitleFailure>,
    by batches: TitleBatches
  ) -> Netflixgpt_Emotion_V1_TitleAnnotation {
    .with {
      $0.id = id
      switch annotation {
      case .success(let annotation):
        $0.emotions = annotation.emotions.map { .init($0) }
        $0.emojis = annotation.emojis
        // Tokens and cost are told once, of the whole batch.
        $0.usage = .with {
          $0.stage = "annotate"
          $0.provider = batches.provider
          $0.model = batches.model
        }
      case .failure(let failure): $0.failure = .init(failure)
      }
    }
  }

  private static func usage(_ cost: TitleBatches.Cost, _ batches: TitleBatches) -> Usage {
    .with {
      $0.stage = "annotate"
      $0.provider = batches.provider
      $0.model = batches.model
      $0.inputTokens = Int32(clamping: cost.use.input)
      $0.outputTokens = Int32(clamping: cost.use.output)
      $0.cached = false
      if let usd = cost.usd { $0.usd = usd }
    }
  }

  private static func check(_ key: String, at field: String) throws(RPCError) {
    let isKey =
      (8...40).contains(key.utf8.count)
      && key.utf8.allSatisfy(Self.isKeyByte)
    guard isKey else {
      throw .invalid(
        field: field,
        "must be 8...40 lower-case letters and digits",
        reason: "MALFORMED"
      )
    }
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static let noBatches = RPCError(
    .failedPrecondition,
    "no provider of EMOTION_PROVIDERS has the batch API that is asked for; openai and anthropic do",
    details: [.errorInfo(reason: "NO_BATCHES")]
  )
}

extension Netflixgpt_Answer_V1_ItemFailure {
  fileprivate init(_ failure: TitleBatches.TitleFailure) {
    self.init(failure.meaning)
    self.mayPass = failure.mayPass
  }
}

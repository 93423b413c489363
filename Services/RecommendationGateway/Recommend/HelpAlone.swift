import Contracts
import RPC
import Safety
import SwiftProtobuf

/// Why there are no titles for a mood, and what was known of it by then.
struct NoTitles: Error, Sendable {
  /// How far the way to an answer went.
  struct Course: Sendable {
    /// What an answer needs, as a degradation names it.
    enum Part: String, Sendable {
      case emotionService = "emotion-service"
      case embeddingService = "embedding-service"
      case catalog
    }

    /// What is asked now.
    var part: Part
    var level: SafetyLevel
    var language = "und"
  }

  var error: RPCError
  var course: Course
  /// Empty where the catalog could not be read.
  var catalogVersion = ""
}

extension Recommender {
  /// Names help whatever else fails, as long as there is someone to name it to.
  ///
  /// - Parameters:
  ///   - mood: What is answered.
  ///   - titles: Finds titles; is given the level of the mood by its phrases, and throws `NoTitles`
  ///     where a part failed.
  /// - Returns: What `titles` gives, or help alone.
  /// - Throws: What `titles` throws, a `NoTitles` as its error.
  func titlesOrHelp(
    for mood: String,
    _ titles: @escaping @Sendable (SafetyLevel) async throws -> Answer
  ) async throws -> Answer {
    let level = self.safety.phrases.level(of: mood)
    let failure: NoTitles
    do {
      return try await Self.leavingTimeForHelp(at: level) { try await titles(level) }
    } catch let error as NoTitles {
      failure = error
    } catch is DeadlineExceeded {
      failure = NoTitles(error: Self.late, course: .init(part: .catalog, level: level))
    }
    guard failure.course.level == .crisis, !Task.isCancelled else { throw failure.error }
    return (KeptMessage(self.helpAlone(for: mood, failure)), Timings())
  }

  /// Does something in the caller's time, less at level crisis what naming help takes.
  ///
  /// - Throws: What `body` throws, and `DeadlineExceeded`.
  static func leavingTimeForHelp<Value: Sendable>(
    at level: SafetyLevel,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let scope = CallScope.current.leavingTimeForHelp
    guard level == .crisis, let end = CallScope.current.deadline, let early = scope.deadline else {
      return try await body()
    }
    // What is asked by a call gives up before, and says what it was.
    return try await withDeadline(early + early.duration(to: end) / 2) {
      try await CallScope.$current.withValue(scope) { try await body() }
    }
  }

  private func helpAlone(for mood: String, _ failure: NoTitles) -> Response {
    var response = Response()
    if !failure.catalogVersion.isEmpty { response.catalogVersion = failure.catalogVersion }
    response.safety = self.safety.message(
      at: failure.course.level,
      language: failure.course.language,
      mood: mood
    )
    response.degraded = [
      .with {
        $0.stage = "recommend"
        $0.from = failure.course.part.rawValue
        $0.to = "help-alone"
        $0.reason = failure.error.reason ?? failure.error.code.name.uppercased()
      }
    ]
    return response
  }

  static let late = RPCError(
    .deadlineExceeded,
    "no titles were found in time",
    details: [.errorInfo(reason: "DEADLINE_EXCEEDED")]
  )
}

extension CallScope {
  private static let timeForHelp = Duration.milliseconds(500)

  /// The same with an earlier deadline: a tenth of the time left is kept, at most 500 ms.
  var leavingTimeForHelp: CallScope {
    var scope = self
    scope.deadline = self.deadline.map { deadline in
      let left = max(.zero, ContinuousClock.now.duration(to: deadline))
      return deadline - min(left / 10, Self.timeForHelp)
    }
    return scope
  }
}

extension RPCError {
  /// What an error may come before its caller's deadline of which it tells.
  private static let slack = Duration.milliseconds(500)

  /// Whether it concerns the time of the call being served, and not what was asked.
  var isOfCaller: Bool {
    guard self.code == .deadlineExceeded else { return self.code == .canceled }
    return CallScope.current.deadline.map { $0 < .now + Self.slack } ?? false
  }
}

import Synchronization

/// Which questions need more room for their answers than they ask for: some models think in it.
///
/// Remembered until the server refuses a question that has it: a model that thinks for one mood
/// thinks for the next.
final class AnswerRoom: Sendable {
  /// How many times as long an answer may be then.
  private static let factor = 4

  private let widened = Mutex<Set<String>>([])

  /// Whether any question has needed more room.
  var isWidened: Bool { self.widened.withLock { !$0.isEmpty } }

  /// Whether questions of this name are given more room at once.
  func isWide(for question: ChatQuestion) -> Bool {
    self.widened.withLock { $0.contains(question.name) }
  }

  /// `question` with as much room as its kind has needed before.
  func fitted(_ question: ChatQuestion) -> ChatQuestion {
    self.isWide(for: question) ? Self.widen(question) : question
  }

  /// `question` with more room.
  static func widen(_ question: ChatQuestion) -> ChatQuestion {
    var question = question
    question.maxTokens *= Self.factor
    return question
  }

  /// Learns that a question of this name was answered when it had more room.
  func learn(from question: ChatQuestion) {
    self.widened.withLock { _ = $0.insert(question.name) }
  }

  /// Forgets that questions of this name were given more room.
  func forget(_ question: ChatQuestion) {
    self.widened.withLock { _ = $0.remove(question.name) }
  }
}

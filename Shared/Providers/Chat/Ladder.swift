import Synchronization

/// Which form of answer a provider's model can be held to, as its refusals have taught.
///
/// A step down is remembered as long as the process runs: a server that doesn't know a form today
/// won't know it for the next mood.
final class Ladder: Sendable {
  /// How often a refusal that didn't say why has to be followed by an answer in a lower form until
  /// the form is what counts as the reason.
  private static let hintsNeeded = 3

  private let forms: [AnswerForm]
  private let state = Mutex((rung: 0, hints: 0))

  /// - Parameter forms: Strictest first; never empty.
  init(_ forms: [AnswerForm]) {
    self.forms = forms
  }

  var form: AnswerForm {
    self.state.withLock { self.forms.indices.contains($0.rung) ? self.forms[$0.rung] : .text }
  }

  var isLowered: Bool { self.state.withLock { $0.rung > 0 } }

  /// The next form below `form`, `nil` at the bottom.
  func below(_ form: AnswerForm) -> AnswerForm? {
    guard let index = self.forms.firstIndex(of: form) else { return nil }
    return self.forms.dropFirst(index + 1).first
  }

  /// Learns that `form` is understood where a stricter one was refused.
  ///
  /// - Parameters:
  ///   - form: That was answered.
  ///   - isCertain: Whether the refusal named the form as its reason.
  func learn(_ form: AnswerForm, isCertain: Bool) {
    guard let index = self.forms.firstIndex(of: form) else { return }
    self.state.withLock { state in
      state.hints += 1
      guard isCertain || state.hints >= Self.hintsNeeded else { return }
      state = (max(state.rung, index), 0)
    }
  }
}

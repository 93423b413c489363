import Synchronization

/// Which form of answer a provider's model can be held to, as its refusals have taught.
///
/// A step down is remembered as long as the process runs: a server that doesn't know a form today
/// won't know it for the next mood.
final class Ladder: Sendable {
  private let forms: [AnswerForm]
  private let rung = Mutex(0)

  /// - Parameter forms: Strictest first; never empty.
  init(_ forms: [AnswerForm]) {
    self.forms = forms
  }

  var form: AnswerForm {
    self.rung.withLock { self.forms.indices.contains($0) ? self.forms[$0] : .text }
  }

  var isLowered: Bool { self.rung.withLock { $0 > 0 } }

  /// The next form below `form`, `nil` at the bottom.
  func below(_ form: AnswerForm) -> AnswerForm? {
    guard let index = self.forms.firstIndex(of: form) else { return nil }
    return self.forms.dropFirst(index + 1).first
  }

  /// Remembers that `form` is understood where a stricter one was not.
  func settle(on form: AnswerForm) {
    guard let index = self.forms.firstIndex(of: form) else { return }
    self.rung.withLock { $0 = max($0, index) }
  }
}

import Metrics
import Synchronization

/// Which form of answer a provider's model can be held to, as its refusals have taught.
///
/// A step down is remembered as long as the process runs: a server that doesn't know a form today
/// won't know it for the next mood.
final class Ladder: Sendable {
  /// How often in a row a refusal that didn't say why has to be followed by an answer in a lower form
  /// until the form is what counts as the reason.
  private static let hintsNeeded = 3

  private struct State {
    var rung = 0
    var hints = 0
    /// For each form, made by the first answer: most models are configured and never asked.
    var gauges: [Meter] = []
  }

  private let forms: [AnswerForm]
  private let dimensions: [(String, String)]
  private let state = Mutex(State())

  /// - Parameters:
  ///   - forms: Strictest first; never empty.
  ///   - provider: As configured, for the gauge of the form in use.
  ///   - model: Likewise.
  init(_ forms: [AnswerForm], provider: String, model: String) {
    self.forms = forms
    self.dimensions = [("provider", provider), ("model", model)]
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

  /// Learns from an answer, once for each refusal on the way to it.
  ///
  /// - Parameters:
  ///   - form: That was asked in next, at last the one that was answered in.
  ///   - refusal: What the stricter form was refused with, `nil` where none was. One that named the
  ///     form as its reason is certain; others count until the form in use is answered in again.
  func learn(_ form: AnswerForm, after refusal: ProviderError?) {
    guard let index = self.forms.firstIndex(of: form) else { return }
    self.state.withLock { state in
      let before = state.rung
      if let refusal {
        state.hints += 1
        if refusal == .formUnsupported || state.hints >= Self.hintsNeeded {
          (state.rung, state.hints) = (max(state.rung, index), 0)
        }
      } else if index == state.rung {
        state.hints = 0
      }
      if state.gauges.isEmpty || state.rung != before { self.show(&state) }
    }
  }

  private func show(_ state: inout State) {
    if state.gauges.isEmpty {
      state.gauges = self.forms.map { form in
        let dimensions = self.dimensions + [("form", form.rawValue)]
        return Meter(label: "provider_answer_form", dimensions: dimensions)
      }
    }
    for (index, gauge) in state.gauges.enumerated() { gauge.set(index == state.rung ? 1 : 0) }
  }
}

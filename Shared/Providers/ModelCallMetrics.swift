import Metrics
import RPC
import Synchronization
import Telemetry

/// Counts and traces the calls to one model for one purpose.
///
/// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
final class ModelCallMetrics: Sendable {
  private let operation: String
  private let provider: String
  private let model: String
  private let dimensions: [(String, String)]
  private let handles = Mutex(Handles())

  /// Made when they are first needed: most models never fail, and local ones take no tokens.
  private struct Handles {
    /// By the reason of a failure; "" of what succeeded.
    var durations: [String: Timer] = [:]
    /// "input" and "output".
    var tokens: [String: Recorder] = [:]
  }

  /// - Parameters:
  ///   - stage: As in an answer's usage, such as "extract".
  ///   - operation: As OpenTelemetry names it, such as "chat".
  ///   - provider: As configured.
  ///   - model: Of the provider.
  init(stage: String, operation: String, provider: String, model: String) {
    let dimensions = [
      ("stage", stage), ("gen_ai_operation_name", operation), ("gen_ai_provider_name", provider),
      ("gen_ai_request_model", model),
    ]
    self.operation = operation
    self.provider = provider
    self.model = model
    self.dimensions = dimensions
  }

  /// Runs one call to the provider.
  ///
  /// - Parameters:
  ///   - tokens: What the provider says that an answer took; nothing is counted of local models.
  ///   - body: The call.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  func measured<Value>(
    _ tokens: (Value) -> (input: Int, output: Int),
    _ body: () async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    let span = CallScope.current.span?.calling("\(self.operation) \(self.model)")
    let began = ContinuousClock.now
    do {
      let value = try await body()
      let used = tokens(value)
      self.count(used.input, "input")
      self.count(used.output, "output")
      self.end(span, after: .now - began, failure: nil, used)
      return value
    } catch {
      self.end(span, after: .now - began, failure: error.reason, (0, 0))
      throw error
    }
  }

  private func count(_ tokens: Int, _ type: String) {
    guard tokens > 0 else { return }
    let recorder = self.handles.withLock { handles in
      if let known = handles.tokens[type] { return known }
      let new = Recorder(
        label: "gen_ai_client_token_usage",
        dimensions: self.dimensions + [("gen_ai_token_type", type)]
      )
      handles.tokens[type] = new
      return new
    }
    recorder.record(tokens)
  }

  private func end(
    _ span: OpenSpan?,
    after duration: Duration,
    failure: String?,
    _ tokens: (input: Int, output: Int)
  ) {
    let timer = self.handles.withLock { handles in
      if let known = handles.durations[failure ?? ""] { return known }
      let new = Timer(
        label: "gen_ai_client_operation_duration_seconds",
        dimensions: self.dimensions + [("error_type", failure ?? "")]
      )
      handles.durations[failure ?? ""] = new
      return new
    }
    timer.record(duration: duration)
    span?.end(
      after: duration,
      failure: failure,
      [
        .text("gen_ai.operation.name", self.operation),
        .text("gen_ai.provider.name", self.provider),
        .text("gen_ai.request.model", self.model),
        .integer("gen_ai.usage.input_tokens", tokens.input),
        .integer("gen_ai.usage.output_tokens", tokens.output),
      ] + (failure.map { [.text("error.type", $0)] } ?? [])
    )
  }
}

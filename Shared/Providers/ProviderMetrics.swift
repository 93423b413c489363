import Metrics
import RPC
import Synchronization
import Telemetry

/// Counts and traces the calls to one model for one purpose.
///
/// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
final class ProviderMetrics: Sendable {
  private let operation: String
  private let provider: String
  private let model: String
  private let dimensions: [(String, String)]
  private let inputTokens: Recorder
  private let outputTokens: Recorder
  /// By the reason of a failure; "" of what succeeded.
  private let durations = Mutex<[String: Timer]>([:])

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
    func tokens(_ type: String) -> Recorder {
      Recorder(
        label: "gen_ai_client_token_usage",
        dimensions: dimensions + [("gen_ai_token_type", type)]
      )
    }
    self.operation = operation
    self.provider = provider
    self.model = model
    self.dimensions = dimensions
    self.inputTokens = tokens("input")
    self.outputTokens = tokens("output")
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
      if used.input > 0 { self.inputTokens.record(used.input) }
      if used.output > 0 { self.outputTokens.record(used.output) }
      self.end(span, after: .now - began, failure: nil, used)
      return value
    } catch {
      self.end(span, after: .now - began, failure: error.reason, (0, 0))
      throw error
    }
  }

  private func end(
    _ span: OpenSpan?,
    after duration: Duration,
    failure: String?,
    _ tokens: (input: Int, output: Int)
  ) {
    let timer = self.durations.withLock { durations in
      if let known = durations[failure ?? ""] { return known }
      let new = Timer(
        label: "gen_ai_client_operation_duration_seconds",
        dimensions: self.dimensions + [("error_type", failure ?? "")]
      )
      durations[failure ?? ""] = new
      return new
    }
    timer.recordNanoseconds(Int64(clamping: Int((duration / .nanoseconds(1)).rounded())))
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

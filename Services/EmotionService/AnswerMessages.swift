import Contracts
import Providers
import RPC
import Safety
import SwiftProtobuf

extension Netflixgpt_Answer_V1_Emotion {
  init(_ emotion: Emotion) {
    self = .with {
      $0.name = emotion.name
      $0.intensity = emotion.intensity
    }
  }
}

extension Netflixgpt_Answer_V1_Usage {
  /// What an answer cost.
  ///
  /// - Parameters:
  ///   - stage: As in "extract".
  ///   - answer: Of a provider.
  ///   - isShared: Whether another call paid for it.
  init(stage: String, of answer: Answer<some Sendable>, isShared: Bool) {
    self = .with {
      $0.stage = stage
      $0.provider = answer.provider
      $0.model = answer.model
      $0.inputTokens = isShared ? 0 : Int32(clamping: answer.inputTokens)
      $0.outputTokens = isShared ? 0 : Int32(clamping: answer.outputTokens)
      $0.cached = isShared
      if let usd = isShared ? 0 : answer.usd { $0.usd = usd }
    }
  }
}

extension Netflixgpt_Answer_V1_Degradation {
  init(stage: String, _ degradation: Degradation) {
    self = .with {
      $0.stage = stage
      $0.from = degradation.from
      $0.to = degradation.to
      $0.reason = degradation.reason
    }
  }
}

extension Netflixgpt_Answer_V1_SafetyLevel {
  init(_ level: SafetyLevel) {
    self =
      switch level {
      case .none: .none
      case .concern: .concern
      case .crisis: .crisis
      }
  }
}

extension Netflixgpt_Answer_V1_ItemFailure {
  /// What a caller may know of why a title has no annotation.
  init(_ error: ProviderError) {
    let error = RPCError(error)
    self = .with {
      $0.code = error.code.name
      $0.message = error.message
      if let reason = error.reason { $0.reason = reason }
    }
  }
}

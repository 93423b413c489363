package import RPC

extension RPCError {
  /// What a caller may know of a provider's failure: nothing that the vendor wrote.
  package init(_ error: ProviderError) {
    let (code, message): (Code, String) =
      switch error {
      // The caller's own credentials are fine: it is this service that has to be set up.
      case .unauthenticated:
        (.failedPrecondition, "the model provider does not accept this service's key")
      case .outOfCredit:
        (.resourceExhausted, "this service's account at the model provider has no credit left")
      case .budgetSpent:
        (.resourceExhausted, "what this service may spend on the model provider today is spent")
      case .rateLimited: (.unavailable, "the model provider limits how often it may be asked")
      case .overloaded: (.unavailable, "the model provider is overloaded")
      case .unreachable: (.unavailable, "the model provider can't be reached")
      case .refused, .blocked, .selfHarm:
        (.failedPrecondition, "the model provider declined to process this text")
      case .truncated, .malformedReply:
        (.unavailable, "the model provider gave no usable answer")
      case .badRequest, .formUnsupported:
        (.internal, "the model provider does not understand this service")
      case .unknownModel:
        (.failedPrecondition, "the model provider does not know the configured model")
      case .unsupported: (.failedPrecondition, "the model provider can't do this")
      case .otherSpace:
        (.failedPrecondition, "the model provider's vectors can't be compared with the others")
      case .timedOut: (.deadlineExceeded, "the model provider did not answer in time")
      case .cancelled: (.canceled, "the call was cancelled")
      }
    var details: [ErrorDetail] = [.errorInfo(reason: error.reason)]
    if case .budgetSpent = error { details.append(.spending) }
    if let delay = error.delayBeforeRetry { details.append(.retryInfo(after: delay)) }
    self.init(code, message, details: details)
  }
}

extension ErrorDetail {
  /// Says that it is the service's own budget that is used up, without its sum.
  fileprivate static let spending = ErrorDetail.quota(
    subject: "service",
    id: "provider-usd",
    metric: "usd",
    description: "USD for a model provider a UTC day"
  )
}

extension ProviderError {
  /// When it is worth asking again, `nil` where nothing but a person's work helps.
  fileprivate var delayBeforeRetry: Duration? {
    if case .budgetSpent(let hint) = self { return hint.after }
    guard case .later(let hint) = self.treatment.retry else { return nil }
    return hint.after ?? .seconds(1)
  }
}

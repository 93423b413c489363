/// Why a provider gave no answer, by what it means and not by its status.
package enum ProviderError: Error, Sendable, Hashable {
  /// The provider doesn't know our key, or doesn't let it do this.
  case unauthenticated
  /// Too many requests or tokens in too short a time.
  case rateLimited(RetryHint = RetryHint())
  /// The account has no money left, or has reached its own limit of spending.
  case outOfCredit
  /// What this service may spend on the provider today doesn't cover the call.
  case budgetSpent(RetryHint = RetryHint())
  /// The provider has too much to do, or failed by itself.
  case overloaded(RetryHint = RetryHint())
  /// The model declined to answer this text.
  case refused
  /// The provider's filter stopped this text or its answer.
  case blocked
  /// The provider's filter stopped this text because its writer may hurt themselves.
  case selfHarm
  /// The answer was longer than it was allowed to be.
  case truncated
  /// The answer is not what was asked for.
  case malformedReply
  /// The provider doesn't understand our request: a wrong address or parameter.
  case badRequest
  /// The provider has no model of the configured name.
  case unknownModel
  /// The provider doesn't know the form that the answer was asked in.
  case formUnsupported
  /// The provider is of a kind that can't do this.
  case unsupported
  /// The vectors live in another space than those of the chain.
  case otherSpace
  /// The time for the answer ran out.
  case timedOut
  /// No connection, or one that ended too early.
  case unreachable
  /// Whoever asked has gone.
  case cancelled

  /// What to do about it.
  package struct Treatment: Sendable, Hashable {
    /// In upper snake case, for programs to compare.
    package var reason: String
    package var retry: Retry
    package var coolDown: CoolDown
  }

  /// Whether asking the same provider again can help.
  package enum Retry: Sendable, Hashable {
    case never
    /// Once and at once, with more room for the answer.
    case repair
    /// After a while, if the deadline allows it.
    case later(RetryHint)
  }

  /// How long the provider is left alone.
  package enum CoolDown: Sendable, Hashable {
    case none
    /// Seconds, from the first failure on.
    case short
    /// Seconds, once failures follow each other, or as long as the provider asks for.
    case shortWhenRepeated
    /// Minutes: a person has to act first.
    case long
  }

  /// The one table of what each meaning asks for.
  package var treatment: Treatment {
    switch self {
    case .unauthenticated:
      Treatment(reason: "UNAUTHENTICATED", retry: .never, coolDown: .long)
    case .rateLimited(let hint):
      Treatment(reason: "RATE_LIMITED", retry: .later(hint), coolDown: .short)
    case .outOfCredit:
      Treatment(reason: "OUT_OF_CREDIT", retry: .never, coolDown: .long)
    // The budget is looked up anew for each call: a smaller one may fit.
    case .budgetSpent: Treatment(reason: "BUDGET_SPENT", retry: .never, coolDown: .none)
    case .overloaded(let hint):
      Treatment(reason: "OVERLOADED", retry: .later(hint), coolDown: .shortWhenRepeated)
    case .refused: Treatment(reason: "REFUSED", retry: .never, coolDown: .none)
    case .blocked: Treatment(reason: "BLOCKED", retry: .never, coolDown: .none)
    case .selfHarm: Treatment(reason: "SELF_HARM", retry: .never, coolDown: .none)
    case .truncated: Treatment(reason: "TRUNCATED", retry: .repair, coolDown: .none)
    case .malformedReply: Treatment(reason: "MALFORMED_REPLY", retry: .repair, coolDown: .none)
    case .badRequest: Treatment(reason: "BAD_REQUEST", retry: .never, coolDown: .none)
    case .unknownModel: Treatment(reason: "UNKNOWN_MODEL", retry: .never, coolDown: .none)
    case .formUnsupported: Treatment(reason: "FORM_UNSUPPORTED", retry: .never, coolDown: .none)
    case .unsupported: Treatment(reason: "UNSUPPORTED", retry: .never, coolDown: .none)
    case .otherSpace: Treatment(reason: "OTHER_SPACE", retry: .never, coolDown: .long)
    case .timedOut: Treatment(reason: "TIMED_OUT", retry: .never, coolDown: .shortWhenRepeated)
    case .unreachable:
      Treatment(
        reason: "UNREACHABLE",
        retry: .later(RetryHint()),
        coolDown: .shortWhenRepeated
      )
    case .cancelled: Treatment(reason: "CANCELLED", retry: .never, coolDown: .none)
    }
  }

  package var reason: String { self.treatment.reason }

  /// One of each meaning.
  package static let allMeanings: [ProviderError] = [
    .unauthenticated, .rateLimited(), .outOfCredit, .budgetSpent(), .overloaded(), .refused,
    .blocked, .selfHarm, .truncated,
    .malformedReply, .badRequest, .unknownModel, .formUnsupported, .unsupported, .otherSpace,
    .timedOut, .unreachable, .cancelled,
  ]
}

/// What a provider says about asking again.
package struct RetryHint: Sendable, Hashable {
  /// How long to wait, `nil` when it doesn't say.
  package var after: Duration?
  /// False when it asks not to be asked again.
  package var isAllowed: Bool

  package init(after: Duration? = nil, isAllowed: Bool = true) {
    self.after = after
    self.isAllowed = isAllowed
  }
}

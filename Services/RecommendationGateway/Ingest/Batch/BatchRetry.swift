import Contracts

/// What becomes of the titles that a batch gave no answer for.
struct BatchRetry {
  /// How often a title is handed over whose answer failed or ran out of time.
  static let maxAttempts = 3
  /// How many forms of answer a provider may refuse before a title counts as refused: more than any
  /// has.
  private static let maxFormsRefused = 3
  /// One title in each request.
  private static let narrowest = 2

  private var byHandling: [BatchJournal.Handling: [BatchJournal.Version]] = [:]
  /// Titles that are not, and why.
  private(set) var failed: [(id: String, reason: String)] = []
  /// Why nothing more can be handed over until a person has done something.
  private(set) var stop: Netflixgpt_Answer_V1_ItemFailure?

  /// Titles that are handed over again, by how; the same order for the same titles.
  var again: [(handling: BatchJournal.Handling, titles: [BatchJournal.Version])] {
    self.byHandling.sorted { $0.key < $1.key }.map { (handling: $0.key, titles: $0.value) }
  }

  /// Decides on one title that was handed over in the way of `handling`.
  mutating func add(
    _ title: BatchJournal.Version,
    _ failure: Netflixgpt_Answer_V1_ItemFailure,
    after handling: BatchJournal.Handling
  ) {
    if failure.isOfAccount {
      // Nothing was paid for, and nothing learnt about the title.
      self.stop = failure
      self.byHandling[handling, default: []].append(title)
    } else if let next = Self.next(after: handling, failure) {
      self.byHandling[next, default: []].append(title)
    } else {
      self.failed.append((title.id, failure.message))
    }
  }

  /// How a title is handed over next, `nil` where that can't help or was tried often enough.
  private static func next(
    after handling: BatchJournal.Handling,
    _ failure: Netflixgpt_Answer_V1_ItemFailure
  ) -> BatchJournal.Handling? {
    if failure.hasMayPass, !failure.mayPass { return nil }
    var next = handling
    switch failure.reason {
    case "FORM_UNSUPPORTED":
      // Costs nothing and names its reason, so that it is no attempt at the title.
      next.formsRefused += 1
      return next.formsRefused <= Self.maxFormsRefused ? next : nil
    case "BAD_REQUEST": next.formsRefused = min(handling.formsRefused + 1, Self.maxFormsRefused)
    case "REFUSED", "BLOCKED", "SELF_HARM": next.narrowing = Self.narrowest
    case "TRUNCATED", "MALFORMED_REPLY":
      next.narrowing = min(handling.narrowing + 1, Self.narrowest)
    default: break
    }
    next.attempt += 1
    return next.attempt <= Self.maxAttempts ? next : nil
  }
}

extension Netflixgpt_Answer_V1_ItemFailure {
  /// Whether it says nothing of the item, but that the provider's account or its settings need a
  /// person.
  fileprivate var isOfAccount: Bool {
    ["OUT_OF_CREDIT", "UNAUTHENTICATED", "UNKNOWN_MODEL"].contains(self.reason)
  }

  /// Whether the provider has as much waiting as it allows.
  var isQueueFull: Bool { self.reason == "RATE_LIMITED" }
}

import Glibc
package import HTTPMessage
import RPC

/// Says in plain words what keeps a provider from answering, for `doctor`.
package struct ProviderInspection: Sendable {
  /// How long a provider may take before it counts as hanging.
  package static let patience: Duration = .seconds(20)
  private static let maxModelsNamed = 8

  private let handler: HTTPHandler
  private let patience: Duration

  /// - Parameters:
  ///   - handler: Sends requests to the outside world.
  ///   - patience: For each request.
  package init(handler: @escaping HTTPHandler, patience: Duration = Self.patience) {
    self.handler = handler
    self.patience = patience
  }

  /// What is wrong and what to do about it.
  ///
  /// Asks the provider once more where that tells more: which models it has, or why it can't be
  /// reached.
  ///
  /// - Parameters:
  ///   - error: What a call ended with.
  ///   - model: That was asked for.
  ///   - provider: Who can be asked once more, if anybody.
  /// - Returns: Words that follow the provider's name, without a secret or a vendor's own.
  package func explanation(
    of error: ProviderError,
    model: String,
    provider: (any Inspectable)?
  ) async -> String {
    switch error {
    case .unauthenticated: return "the key is rejected: check the provider's key"
    case .outOfCredit:
      return "no credit: the account is empty, or has reached its own limit of spending"
    case .budgetSpent(let hint): return "its budget of the day is spent" + Self.until(hint)
    case .rateLimited(let hint): return "rate limited" + Self.until(hint)
    case .overloaded(let hint): return "overloaded, or failing by itself" + Self.until(hint)
    case .refused, .blocked, .selfHarm: return "declines to read a harmless text"
    case .truncated: return "its answers are cut off, even with four times the room"
    case .malformedReply: return "answers, but not with what it is asked for"
    case .badRequest: return "does not understand the request: check the base URL and the model"
    case .unknownModel: return await self.unknownModel(model, provider)
    case .formUnsupported: return "knows no form of answer that emotions could be asked in"
    case .unsupported: return "is of a kind that can't do this"
    case .otherSpace: return "its vectors can't be compared with those of the first provider"
    case .timedOut: return "gave no answer within \(Self.patience.components.seconds) seconds"
    case .unreachable: return "can't be reached" + (await self.reason(provider))
    case .cancelled: return "was interrupted"
    }
  }

  private func unknownModel(_ model: String, _ provider: (any Inspectable)?) async -> String {
    let unknown = "model \(model) is unknown, or the base URL is wrong"
    guard let request = provider?.modelsRequest,
      let response = try? await ProviderError.exchange(
        request,
        over: self.handler,
        until: .now + self.patience
      )
    else { return unknown }
    let names = ModelList.names(in: response)
    guard !names.isEmpty else { return unknown }
    let near = names.sorted { Self.likeness($0, model) > Self.likeness($1, model) }
    let more = names.count > Self.maxModelsNamed ? ", …" : ""
    return "\(unknown); try these: "
      + near.prefix(Self.maxModelsNamed).joined(separator: ", ") + more
  }

  /// How many letters two names have in common at their beginning.
  private static func likeness(_ left: String, _ right: String) -> Int {
    zip(left, right).prefix { $0 == $1 }.count
  }

  private func reason(_ provider: (any Inspectable)?) async -> String {
    guard let request = provider?.probe else { return "" }
    do {
      _ = try await withDeadline(.now + self.patience) { try await self.handler(request) }
      return ": a first connection was lost, a second one was not"
    } catch is DeadlineExceeded {
      return ": a first connection was lost, and a second one gave no answer"
    } catch let error as HTTPTransportError {
      return ": \(error.description)"
    } catch {
      return ""
    }
  }

  private static func until(_ hint: RetryHint) -> String {
    guard let wait = hint.after else { return "" }
    var seconds = time(nil) + Int(wait / .seconds(1))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return " until \(clock.joined(separator: ":")) UTC"
  }
}

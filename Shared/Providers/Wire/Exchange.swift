import HTTPMessage
import RPC

extension ProviderError {
  /// Sends `request` and waits for its response until `deadline`.
  static func exchange(
    _ request: HTTPRequest,
    over handler: @escaping HTTPHandler,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> HTTPResponse {
    do {
      return try await Unanswered.exchange(request, over: handler, until: deadline)
    } catch {
      throw error.meaning
    }
  }

  /// Whether the provider has certainly done nothing for the request.
  var isCertainRefusal: Bool {
    switch self {
    case .unauthenticated, .rateLimited, .outOfCredit, .budgetSpent, .badRequest, .unknownModel,
      .formUnsupported, .unsupported:
      true
    case .overloaded, .refused, .blocked, .selfHarm, .truncated, .malformedReply, .otherSpace,
      .timedOut, .unreachable, .cancelled:
      false
    }
  }
}

/// A request that got no response.
struct Unanswered: Error {
  var meaning: ProviderError
  /// Whether the provider may have done its work all the same.
  var wasSent: Bool

  /// Sends `request` and waits for its response until `deadline`.
  static func exchange(
    _ request: HTTPRequest,
    over handler: @escaping HTTPHandler,
    until deadline: ContinuousClock.Instant
  ) async throws(Unanswered) -> HTTPResponse {
    guard ContinuousClock.now < deadline else {
      throw Unanswered(meaning: .timedOut, wasSent: false)
    }
    do {
      return try await withoutTurn {
        try await withThrowingTaskGroup(of: HTTPResponse?.self) { group in
          group.addTask { try await handler(request) }
          group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            return nil
          }
          defer { group.cancelAll() }
          guard let response = try await group.next() ?? nil else { throw ProviderError.timedOut }
          return response
        }
      }
    } catch let error as ProviderError {
      throw Unanswered(meaning: error, wasSent: true)
    } catch is CancellationError {
      throw Unanswered(meaning: .cancelled, wasSent: true)
    } catch let error as HTTPTransportError {
      let wasSent = !error.isUnsent && !error.isSafeToResend
      throw Unanswered(meaning: ProviderError(error), wasSent: wasSent)
    } catch {
      throw Unanswered(meaning: .unreachable, wasSent: true)
    }
  }
}

extension ProviderError {
  fileprivate init(_ error: HTTPTransportError) {
    self =
      switch error.reason {
      case .unreachable, .refused, .interrupted, .protocolError: .unreachable
      case .timedOut: .timedOut
      case .responseTooLarge: .malformedReply
      }
  }
}

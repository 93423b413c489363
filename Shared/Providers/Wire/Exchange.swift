import HTTPMessage

extension ProviderError {
  /// Sends `request` and waits for its response until `deadline`.
  static func exchange(
    _ request: HTTPRequest,
    over handler: @escaping HTTPHandler,
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> HTTPResponse {
    guard ContinuousClock.now < deadline else { throw .timedOut }
    do {
      return try await withThrowingTaskGroup(of: HTTPResponse?.self) { group in
        group.addTask { try await handler(request) }
        group.addTask {
          try await Task.sleep(until: deadline, clock: .continuous)
          return nil
        }
        defer { group.cancelAll() }
        guard let response = try await group.next() ?? nil else { throw ProviderError.timedOut }
        return response
      }
    } catch let error as ProviderError {
      throw error
    } catch is CancellationError {
      throw .cancelled
    } catch let error as HTTPTransportError {
      throw ProviderError(error)
    } catch {
      throw .unreachable
    }
  }

  private init(_ error: HTTPTransportError) {
    self =
      switch error.reason {
      case .unreachable, .refused, .interrupted, .protocolError: .unreachable
      case .timedOut: .timedOut
      case .responseTooLarge: .malformedReply
      }
  }
}

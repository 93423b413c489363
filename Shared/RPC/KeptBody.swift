import Synchronization

/// A whole body, to be taken once.
final class KeptBody: Sendable {
  private let body: Mutex<[UInt8]?>

  init(_ body: [UInt8]) { self.body = Mutex(body.isEmpty ? nil : body) }

  func take() -> [UInt8]? { self.body.withLock { $0.take() } }
}

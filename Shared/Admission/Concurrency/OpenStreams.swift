import HTTPMessage
import RPC
import Synchronization

/// The streams that are open at once in this process, however long each stays so.
///
/// They take no part in the adaptive limit: how long a stream lasts says nothing of the server's load.
final class OpenStreams: CallCounter {
  private let most: Int
  private let count = Atomic(0)

  /// - Parameter most: 1 or more; those of priority "critical" alone may take the last tenth, and
  ///   sheddable ones no more than the first half.
  init(most: Int) { self.most = most }

  /// Takes a place, which `leave` gives back; throws an `Overload` where there is none.
  func enter(_ priority: CallPriority) throws(Overload) {
    let most =
      switch priority {
      case .critical: self.most
      case .standard: self.most - self.most / 10
      case .sheddable: self.most / 2
      }
    guard self.count.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
      self.leave()
      throw Overload(.limit, wait: Self.wait)
    }
  }

  func leave() { self.count.wrappingSubtract(1, ordering: .relaxed) }

  func leave(atWork: Duration, _ end: CallEnd) { self.leave() }

  /// A stream keeps its place whether it works or waits.
  func pause() -> Bool { false }

  func resume() {}

  /// Seconds until it is worth asking again: nobody knows when a stream ends.
  private static let wait = 5.0
}

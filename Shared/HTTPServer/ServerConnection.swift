import NIOCore

/// One accepted connection, in whatever protocol; used on its event loop only.
protocol ServerConnection: AnyObject {
  /// Ends what has taken too long.
  func enforceDeadlines()
  /// Takes no more requests than those that are on their way.
  func announceDrain()
  /// Takes no more requests, and closes with the last response.
  func drain()
  /// Cancels the handlers at work.
  func cancelHandlers()
  /// Closes at once.
  func close()
}

extension Channel {
  /// The address at the other end without its port, or "" where there is none.
  var peer: String { self.remoteAddress?.ipAddress ?? "" }
}

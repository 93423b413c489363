import HTTP2
import HTTPMessage

/// The way of a streamed response's pieces to its client; used on the connection's event loop only.
final class ResponseOutlet: HTTP2StreamOutlet {
  /// Sends a piece and returns whether there is room for more.
  private let write: ([UInt8]) -> Bool
  /// Ends the response.
  private let finish: (HeaderFields) -> Void
  /// Breaks the response off.
  private let breakOff: () -> Void
  /// Told when whoever sends has come to an end.
  var handlerEnded: (() -> Void)?
  private var sender: CheckedContinuation<Bool, Never>?
  private var isClosed = false

  init(
    write: @escaping ([UInt8]) -> Bool,
    end: @escaping (HeaderFields) -> Void,
    abort: @escaping () -> Void
  ) {
    self.write = write
    self.finish = end
    self.breakOff = abort
  }

  /// Sends a piece and resumes `sender` when there is room for more, with false when nobody reads.
  func send(_ bytes: [UInt8], _ sender: CheckedContinuation<Bool, Never>) {
    guard !self.isClosed else { return sender.resume(returning: false) }
    let hasRoom = self.write(bytes)
    // Writing may have found out that the client is gone.
    if hasRoom || self.isClosed {
      sender.resume(returning: !self.isClosed)
    } else {
      self.sender = sender
    }
  }

  func end(trailers: HeaderFields) {
    guard !self.isClosed else { return }
    self.isClosed = true
    self.finish(trailers)
  }

  func abort() {
    guard !self.isClosed else { return }
    self.isClosed = true
    self.breakOff()
  }

  func makeRoom() {
    self.sender.take()?.resume(returning: true)
  }

  func close() {
    self.isClosed = true
    self.sender.take()?.resume(returning: false)
  }
}

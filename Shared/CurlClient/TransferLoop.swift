import CCurl
import Glibc
import HTTPMessage

/// Runs every transfer of a client on one thread.
final class TransferLoop {
  private let multi: MultiHandle
  private let inbox: Inbox
  private let configuration: CurlClient.Configuration
  private var transfers: [UInt64: Transfer] = [:]

  private init(_ multi: MultiHandle, _ inbox: Inbox, _ configuration: CurlClient.Configuration) {
    self.multi = multi
    self.inbox = inbox
    self.configuration = configuration
  }

  /// Starts the thread, which ends after `Inbox.close`.
  ///
  /// - Returns: Whether the system gave a thread.
  static func start(
    _ multi: MultiHandle,
    _ inbox: Inbox,
    _ configuration: CurlClient.Configuration
  ) -> Bool {
    let loop = TransferLoop(multi, inbox, configuration)
    let context = Unmanaged.passRetained(loop)
    var thread = pthread_t()
    let result = pthread_create(
      &thread,
      nil,
      { context in
        guard let context else { return nil }
        Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      },
      context.toOpaque()
    )
    guard result == 0 else {
      context.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  private func run() {
    Self.leaveSignalsToOthers()
    var running: Int32 = 0
    while true {
      let messages = self.inbox.take()
      for call in messages.started { self.begin(call) }
      for id in messages.cancelled { self.finish(id, .failure(CancellationError())) }
      if messages.isClosed { break }
      let performed = curl_multi_perform(self.multi.raw, &running)
      self.collect()
      let polled = curl_multi_poll(self.multi.raw, nil, 0, 60_000, nil)
      if performed != CURLM_OK || polled != CURLM_OK { self.inbox.close() }
    }
    for id in Array(self.transfers.keys) {
      self.finish(id, .failure(HTTPTransportError(.interrupted, "the client was closed")))
    }
  }

  private func begin(_ call: Call) {
    let transfer: Transfer
    do {
      transfer = try Transfer(call, self.configuration)
    } catch {
      call.continuation.resume(throwing: error.transportError(bytesSent: 0))
      return
    }
    guard curl_multi_add_handle(self.multi.raw, transfer.handle.raw) == CURLM_OK else {
      let error = CurlError(code: CURLE_OUT_OF_MEMORY).transportError(bytesSent: 0)
      call.continuation.resume(throwing: error)
      return
    }
    self.transfers[call.id] = transfer
  }

  private func collect() {
    var remaining: Int32 = 0
    while let message = curl_multi_info_read(self.multi.raw, &remaining) {
      // The message dies with the next call into libcurl: read it before `finish`.
      let code = ccurl_result(message)
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
        let (id, transfer) = self.transfers.first(where: { $0.value.handle.raw == handle })
      else { continue }
      self.finish(id, transfer.outcome(code))
    }
  }

  /// Takes the transfer off the network and answers its call; an unknown id is one answered before.
  private func finish(_ id: UInt64, _ outcome: Result<HTTPResponse, any Error>) {
    guard let transfer = self.transfers.removeValue(forKey: id) else { return }
    curl_multi_remove_handle(self.multi.raw, transfer.handle.raw)
    transfer.call.continuation.resume(with: outcome)
  }

  /// Signals are for the thread that waits for them; a broken pipe is an error code here.
  private static func leaveSignalsToOthers() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
  }
}

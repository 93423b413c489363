import ArgumentParser
import Contracts
import Dispatch
import Glibc
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf
import Synchronization

/// Answers `GetEmbeddingSpace` late, with failures, or not at all, as `/behave` was last told.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "serve")

  @Option var host = "127.0.0.1"
  @Option var port: Int
  @Option(help: "Milliseconds each call takes.") var delay = 20
  @Option(help: "Milliseconds after SIGTERM in which calls are still answered.") var drain = 500

  func run() async throws {
    let behaviour = Behaviour(delay: .milliseconds(self.delay))
    let health = Health()
    var server = RPCServer(schema: Schema.fileDescriptorSet, health: health)
    server.register(EmbeddingMethods.getEmbeddingSpace) { _, _ in
      try await behaviour.act()
      return .init()
    }
    server.route("/behave") { request in
      behaviour.change(String(request.query ?? ""))
      return .init(status: 200, body: Array("\(behaviour.calls)\n".utf8))
    }
    let complete = server
    let configuration = HTTPServerConfiguration(host: self.host, port: self.port) {
      reason,
      fields in
      complete.response(to: reason, fields)
    }
    let (signals, signalled) = AsyncStream.makeStream(of: Void.self)
    signal(SIGTERM, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    source.setEventHandler { signalled.yield() }
    source.activate()
    try await withHTTPServer(configuration, handler: { await complete.handle($0) }) { _ in
      health.start()
      for await _ in signals.prefix(1) {}
      health.drain()
      try await Task.sleep(for: .milliseconds(self.drain))
    }
  }
}

/// What calls meet.
private final class Behaviour: Sendable {
  private struct State {
    var delay: Duration
    var fails = false
    var calls = 0
  }

  private let state: Mutex<State>

  init(delay: Duration) { self.state = Mutex(State(delay: delay)) }

  var calls: Int { self.state.withLock { $0.calls } }

  /// Takes "fail", "heal" or a number of milliseconds.
  func change(_ word: String) {
    self.state.withLock { state in
      if let milliseconds = Int(word) { state.delay = .milliseconds(milliseconds) }
      if word == "fail" { state.fails = true }
      if word == "heal" { state.fails = false }
    }
  }

  func act() async throws {
    let (delay, fails) = self.state.withLock { state in
      state.calls += 1
      return (state.delay, state.fails)
    }
    if fails { throw RPCError(.unavailable, "told to fail") }
    try await Task.sleep(for: delay)
  }
}

import Admission
import ArgumentParser
import HTTPClient
import HTTPMessage
import RPC

/// Offers a server up to four times what it can answer, and shows what comes of it.
@main
struct OverloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overload",
    abstract: "Measure goodput and refusals at up to four times a server's capacity.",
    discussion: """
      Without --port, a server of this process with a handler of known capacity is asked, with the \
      adaptive limit and without it. With it, the capacity is what as many callers as it takes get \
      answered, each after the answer before. Ends with 1 when at four times the capacity goodput is \
      below 80 % of its peak or 1 % of critical calls or more are refused.
      """
  )

  @Option(help: "Ask the gateway at this port of 127.0.0.1 instead.")
  var port: Int?

  @Option(help: "Seconds for each row.")
  var seconds = 10.0

  @Option(help: "How long a caller waits, in milliseconds.")
  var deadline = 2000

  func validate() throws {
    guard self.seconds >= 1, self.deadline >= 1 else {
      throw ValidationError("--seconds and --deadline must be at least 1.")
    }
  }

  func run() async throws {
    if let port {
      let rows = try await self.asking(port) { load in
        let capacity = await self.capacity(load)
        print("capacity: \(Row.tenths(capacity)) calls per second\n\(Row.header)")
        return await self.rows("gateway", capacity, load)
      }
      return try self.judge(rows)
    }
    print(Row.header)
    let bare = try await self.scripted("no limit", isLimited: false)
    let limited = try await self.scripted("limit", isLimited: true)
    print("peak memory \(Memory.peakMegabytes()) MB")
    let kept = (limited.last?.goodput ?? 0) / max(bare.last?.goodput ?? 0, 0.1)
    print("goodput at 4 x with the limit is \(Row.tenths(kept)) x that without it")
    try self.judge(limited)
  }

  private func scripted(_ name: String, isLimited: Bool) async throws -> [Row] {
    var configuration = AdmissionControl.Configuration()
    if !isLimited { configuration.mostRunning = nil }
    let server = try await ScriptedServer(configuration)
    return try await server.serving { port in
      try await self.asking(port) { await self.rows(name, ScriptedServer.capacity, $0) }
    }
  }

  /// Enough for some thousand calls at a time, at 250 on each of a client's connections.
  private static let clients = 8

  private func asking<R>(_ port: Int, _ body: (Load) async throws -> R) async throws -> R {
    let clients = (0..<Self.clients).map { _ in HTTP2Client(host: "127.0.0.1", port: port) }
    let load = Load(
      clients: try clients.map { try RPCClient(baseURL: "http://gateway", send: $0.handler) },
      deadline: .milliseconds(self.deadline)
    )
    let result = try await body(load)
    for client in clients { await client.close() }
    return result
  }

  /// Calls per second that are answered with a few callers or with many, whichever is more.
  private func capacity(_ load: Load) async -> Double {
    let seconds = self.seconds / 2
    _ = await load.saturate(8, for: .seconds(seconds))
    var best = 1.0
    for callers in [8, 16, 32] {
      best = max(best, Double(await load.saturate(callers, for: .seconds(seconds)).good) / seconds)
    }
    return best
  }

  /// A first row, which is not counted, lets the limit find its place.
  private func rows(_ name: String, _ capacity: Double, _ load: Load) async -> [Row] {
    _ = await load.offer(capacity * 0.8, for: .seconds(self.seconds / 2))
    var rows: [Row] = []
    for multiple in [0.5, 1, 1.5, 4] {
      let tally = await load.offer(capacity * multiple, for: .seconds(self.seconds))
      let row = Row(name: name, multiple: multiple, tally: tally, seconds: self.seconds)
      print(row)
      rows.append(row)
    }
    return rows
  }

  private func judge(_ rows: [Row]) throws {
    let peak = rows.map(\.goodput).max() ?? 0
    guard let last = rows.last, peak > 0 else { throw ExitCode.failure }
    let share = last.goodput / peak
    let lost = last.refusedShare(of: .critical)
    print(
      "goodput at 4 x: \(Row.percent(share)) of its peak; critical refused: \(Row.percent(lost))"
    )
    guard share >= 0.8, lost < 0.01 else { throw ExitCode.failure }
  }
}

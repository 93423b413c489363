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
      adaptive limit and without it. Ends with 1 when at four times the capacity goodput is below \
      80 % of its peak or 1 % of critical calls or more are refused.
      """
  )

  @Option(help: "Ask the gateway at this port of 127.0.0.1 instead.")
  var port: Int?

  @Option(help: "Calls per second that the gateway can answer; needed with --port.")
  var capacity = 200.0

  @Option(help: "Seconds for each row.")
  var seconds = 10.0

  @Option(help: "How long a caller waits, in milliseconds.")
  var deadline = 2000

  func validate() throws {
    guard self.capacity >= 1, self.seconds >= 1, self.deadline >= 1 else {
      throw ValidationError("--capacity, --seconds and --deadline must be at least 1.")
    }
  }

  func run() async throws {
    print(Row.header)
    if let port {
      let client = HTTP2Client(host: "127.0.0.1", port: port)
      let rows = await self.rows("gateway", self.capacity, client)
      await client.close()
      try self.judge(rows)
      return
    }
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
      let client = HTTP2Client(host: "127.0.0.1", port: port)
      let rows = await self.rows(name, ScriptedServer.capacity, client)
      await client.close()
      return rows
    }
  }

  /// A first row, which is not counted, lets the limit find its place.
  private func rows(_ name: String, _ capacity: Double, _ client: HTTP2Client) async -> [Row] {
    let load = Load(client: client, deadline: .milliseconds(self.deadline))
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

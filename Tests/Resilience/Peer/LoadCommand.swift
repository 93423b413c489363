import ArgumentParser
import Channel
import Contracts
import Glibc
import HTTPClient
import HTTPMessage
import RPC

/// Calls `GetEmbeddingSpace` from many tasks at once; prints a line of JSON each half second.
struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "load")

  @Option(help: "HOST:PORT, separated by commas.") var targets: String
  @Option(help: "Tasks that call one after the other.") var tasks = 32
  @Option(help: "Ends after so many calls.") var calls = Int.max
  @Option(help: "Ends after so many seconds.") var seconds = 3600.0
  @Option(help: "Milliseconds for a call with all its attempts.") var timeout = 15_000
  @Option(help: "Milliseconds that a task rests between calls.") var rest = 0
  @Option(help: "A file of gRPC's service config.") var config: String?

  func run() async throws {
    let tally = Tally()
    let config = try self.config.map { try ServiceConfig(json: Self.bytes(of: $0)) }
    let channel = ServiceChannel(
      name: "embedding-service",
      targets: try self.targets.split(separator: ",").map(Self.target),
      config: config ?? ServiceConfig(),
      idempotency: { path in
        path == EmbeddingMethods.getEmbeddingSpace.path ? .noSideEffects : nil
      },
      transport: { address in
        var configuration = HTTP2ClientConfiguration()
        configuration.pingInterval = .seconds(2)
        configuration.pingTimeout = .seconds(3)
        let client = HTTP2Client(
          host: address.host,
          port: address.port,
          configuration: configuration
        )
        let send = client.handler
        return EndpointTransport(
          handler: { request in
            if request.target == EmbeddingMethods.getEmbeddingSpace.path {
              tally.count(attemptAt: address.description)
            }
            return try await send(request)
          },
          close: client.close
        )
      }
    )
    let client = try RPCClient(baseURL: "http://embedding-service", send: channel.handler)
    let end = ContinuousClock.now + .seconds(self.seconds)
    let limit = self.calls
    let rest = self.rest
    let timeout = Duration.milliseconds(self.timeout)
    await withDiscardingTaskGroup { group in
      group.addTask { await Self.report(tally, channel) }
      await withDiscardingTaskGroup { callers in
        for _ in 0..<self.tasks {
          callers.addTask {
            while ContinuousClock.now < end, tally.mayStart(limit: limit) {
              let began = ContinuousClock.now
              var failure: RPCError?
              do throws(RPCError) {
                _ = try await client.call(
                  EmbeddingMethods.getEmbeddingSpace,
                  .init(),
                  timeout: timeout
                )
              } catch {
                failure = error
              }
              tally.count(.now - began, failure)
              if rest > 0 { try? await Task.sleep(for: .milliseconds(rest)) }
            }
          }
        }
      }
      group.cancelAll()
    }
    tally.print(channel.snapshot(), isLast: true)
    await channel.close()
  }

  private static func report(_ tally: Tally, _ channel: ServiceChannel) async {
    while true {
      do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
      tally.print(channel.snapshot(), isLast: false)
    }
  }

  private static func target(_ text: Substring) throws -> ChannelTarget {
    let parts = text.split(separator: ":")
    guard let host = parts.first, parts.count == 2, let port = Int(parts[1]) else {
      throw ValidationError("\(text) is not HOST:PORT")
    }
    return ChannelTarget(host: String(host), port: port)
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw ValidationError("\(path) can't be read") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }
}

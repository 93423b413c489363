import ArgumentParser
import CatalogStore
import RPC
import ServiceRuntime

#if canImport(Glibc)
import Glibc
#endif

/// Embeds the catalog again, for a new embedding model.
struct ReindexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reindex",
    abstract: "Move the catalog into the space of the embedding service's model.",
    discussion: """
      Does nothing where the catalog is in that space already. Gateways go on serving. Ends with 69 \
      when the service or the store failed; the catalog is then as it was.
      """
  )

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Gateway.self)
    let gateway = try wired(Gateway.self, values)
    let start = ContinuousClock.now
    let result: Result<Int, any Error>
    do {
      result = .success(
        try await gateway.reindexer.run { done, total in complain("\(done)/\(total) texts") }
      )
    } catch { result = .failure(error) }
    await gateway.close()
    switch result {
    case .success(0): print("nothing to do: the catalog is in the space of the service")
    case .success(let count):
      let seconds = start.duration(to: .now) / .seconds(1)
      print("\(count) titles moved in \(tenths(seconds)) s")
    case .failure(let error):
      complain("reindex: \((error as? RPCError)?.message ?? "\(error)")")
      throw ExitCode(EX_UNAVAILABLE)
    }
  }
}

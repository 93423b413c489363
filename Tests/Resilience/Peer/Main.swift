import ArgumentParser

/// A server whose behaviour can be changed while it runs, and a client that calls several of them.
@main
struct Main: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resilience-peer",
    subcommands: [ServeCommand.self, LoadCommand.self, CostCommand.self]
  )
}

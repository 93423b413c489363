import CatalogCSV
import CatalogStore
import Foundation
import RPC
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `Ingesting by batches` {
  private static let csv = """
    \(ToyGateway.header)
    b1,Uno,MOVIE,an unheard feeling,1999,PG,90,[],,
    b2,Due,MOVIE,paid joy,1999,PG,90,[],,

    """

  private func run(_ gateway: ToyGateway) async throws -> Ingestor.Outcome {
    let file = gateway.folder.appending(path: "batch.csv")
    try Self.csv.write(to: file, atomically: true, encoding: .utf8)
    let rows = try CatalogFile(path: file.path).rows
    let journal = try BatchJournal(path: "\(file.path).batches")
    let work = try await gateway.ingestor.work(for: rows, again: false)
    let batches = BatchIngest(ingestor: gateway.ingestor, pollInterval: .milliseconds(10)) { _ in }
    return try await batches.run(work, journal, of: Set(rows.map(\.id))).outcome
  }

  @Test func `a title that could not be stored is named by the run that goes on`() async throws {
    try await ToyGateway.with("") { gateway in
      gateway.services.state.withLock { $0.isOutOfCredit = true }
      let error = await #expect(throws: RPCError.self) { try await self.run(gateway) }
      #expect(error?.message.contains("no credit") == true)
      gateway.services.state.withLock { $0.isOutOfCredit = false }
      let outcome = try await self.run(gateway)
      #expect(outcome.stored == 1)
      #expect(outcome.failures.map(\.id) == ["b1"])
      let stored = try await gateway.store.titles(["b1", "b2"])
      #expect(stored.map(\.id) == ["b2"])
    }
  }
}

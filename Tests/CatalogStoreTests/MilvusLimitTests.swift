import CatalogStore
import GRPCWire
import HTTPClient
import RPC
import Testing

@testable import MilvusStore

/// What real servers say of what they refuse; `MILVUS_TEST_URL` names them.
@Suite struct `A Milvus` {
  private static func withGeneration(
    of address: MilvusAddress,
    _ body: (MilvusClient, CollectionNames, Generation) async throws -> Void
  ) async throws {
    let proxy = HTTP2Client(host: address.proxies[0].host, port: address.proxies[0].port)
    let client = MilvusClient(
      send: proxy.handler,
      database: address.database,
      credentials: .none
    )
    let names = CollectionNames(prefix: "limits_\(UInt32.random(in: 0...UInt32.max))")
    let reading = CatalogReading(log: VersionLog(client: client, names: names))
    let generation = Generation(slot: 1, writer: 1)
    try await Generations(reading: reading).create(generation, width: 4)
    try await body(client, names, generation)
    try await Generations(reading: reading).drop(generation)
    await proxy.close()
  }

  private static func refusal(_ body: () async throws -> Void) async -> MilvusError? {
    do { try await body() } catch { return error as? MilvusError }
    return nil
  }

  /// What a server says to what this side would not have sent.
  private static func answerToMoreThan64MiB(_ address: MilvusAddress) async -> RPCError {
    let proxy = HTTP2Client(host: address.proxies[0].host, port: address.proxies[0].port)
    let client = GRPCClient(send: proxy.handler, maxMessageBytes: 128 << 20)
    var request = MilvusInsertRequest()
    request.collectionName = String(repeating: "x", count: 65 << 20)
    var refusal = RPCError(.unknown, "taken")
    do throws(RPCError) {
      let _: MilvusMutationResult = try await client.call(
        MilvusMethod.insert.path,
        request,
        deadline: .now + Self.far
      )
    } catch {
      refusal = error
    }
    await proxy.close()
    return refusal
  }

  private static let far = Duration.seconds(20)

  @Test(arguments: StoreFactory.milvusAddresses)
  func `refuses in words what it cannot do`(_ address: MilvusAddress) async throws {
    try await Self.withGeneration(of: address) { client, names, generation in
      let emotions = names.emotions(generation)
      func search(_ vector: [Float], count: Int) async throws {
        _ = try await client.search(
          emotions,
          near: [vector],
          where: "",
          vectorField: RowField.vector,
          count: count,
          nameField: RowField.emotion,
          timestamp: 1,
          patience: Self.far
        )
      }
      func insert(_ names: [String], width: Int) async throws {
        let rows = names.enumerated().map { number, name in
          (
            tag: RowTag(slot: 1, writer: 1, number: number), name: name,
            vector: [Float](repeating: 1, count: width)
          )
        }
        _ = try await client.insert(
          EmotionRows.columns(rows, width: width),
          count: rows.count,
          into: emotions,
          patience: Self.far
        )
      }
      let refusals: [(String, MilvusError?)] = [
        ("a vector of another length", await Self.refusal { try await insert(["joy"], width: 5) }),
        (
          "a text beyond its limit",
          await Self.refusal { try await insert([String(repeating: "x", count: 600)], width: 4) }
        ),
        (
          "more hits than 16,384",
          await Self.refusal { try await search([1, 0, 0, 0], count: 16_385) }
        ),
        ("a search by another length", await Self.refusal { try await search([1, 0], count: 1) }),
        (
          "a collection that is missing",
          await Self.refusal {
            _ = try await client.query(
              "nowhere",
              where: "page >= 0",
              fields: [RowField.key],
              timestamp: 1,
              patience: Self.far
            )
          }
        ),
        (
          "a condition that is none",
          await Self.refusal {
            _ = try await client.query(
              emotions,
              where: "page >=",
              fields: [RowField.key],
              timestamp: 1,
              patience: Self.far
            )
          }
        ),
        (
          "a message of more than 64 MiB",
          await Self.refusal {
            try await insert((0..<4).map { _ in String(repeating: "x", count: 17 << 20) }, width: 4)
          }
        ),
      ]
      let larger = await Self.answerToMoreThan64MiB(address)
      print("\(address.proxies[0].port)  the server to such a message: \(larger)")
      // milvus-lite has no such limit, or answers with as much again.
      #expect(larger.code == .resourceExhausted || larger.message == "taken")
      for (what, refusal) in refusals {
        let told = refusal.map { "\(StoreError($0))" } ?? "taken"
        print("\(address.proxies[0].port)  \(what): \(refusal?.code ?? 0)  \(told.prefix(160))")
        // milvus-lite takes some of it: it is there to develop with.
        if what.hasPrefix("a message") || what.hasPrefix("a collection") {
          #expect(refusal != nil, "\(what)")
        }
        #expect(refusal?.isRetriable != true, "\(what)")
      }
    }
  }
}

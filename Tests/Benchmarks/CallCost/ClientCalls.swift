import Channel
import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf

/// Calls of clients that are answered at once.
enum ClientCalls {
  private static let answer: HTTPHandler = { _ in
    HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
  }

  static func all() async throws -> [MeasuredCall] {
    var once = ServiceConfig()
    once.fallback.repetition = .none
    var first = once
    first.balancing = .pickFirst
    var roundRobin = once
    roundRobin.balancing = .roundRobin
    var hedging = once
    hedging.fallback.repetition = .hedge(HedgingPolicy(delay: .seconds(1)))
    return [
      MeasuredCall(name: "nobody", without: nil) {
        _ = try? await Self.answer(HTTPRequest(method: "POST", target: "/"))
      },
      MeasuredCall(name: "nobody, by a deadline", without: "nobody") {
        let end = ContinuousClock.now + .seconds(15)
        _ = try? await withDeadline(end) {
          try await Self.answer(HTTPRequest(method: "POST", target: "/"))
        }
      },
      try Self.call("a handler", nil, Self.answer),
      try Self.call("a channel of one, pick_first", "a handler", Self.channel(1, first)),
      try Self.call("round_robin of three", "a handler", Self.channel(3, roundRobin)),
      try Self.call("p2c_ewma of three", "a handler", Self.channel(3, once)),
      try Self.call("p2c_ewma, retries", "p2c_ewma of three", Self.channel(3, ServiceConfig())),
      try Self.call("p2c_ewma, hedging", "p2c_ewma of three", Self.channel(3, hedging)),
    ]
  }

  private static func call(
    _ name: String,
    _ without: String?,
    _ handler: @escaping HTTPHandler
  ) throws -> MeasuredCall {
    let client = try RPCClient(baseURL: "http://cost", send: handler)
    return MeasuredCall(name: name, without: without) {
      _ = try? await client.call(EmbeddingMethods.getEmbeddingSpace, .init())
    }
  }

  private static func channel(_ endpoints: Int, _ config: ServiceConfig) -> HTTPHandler {
    ServiceChannel(
      name: "cost",
      targets: (1...endpoints).map { ChannelTarget(host: "127.0.0.\($0)", port: 80) },
      config: config,
      idempotency: { _ in .noSideEffects },
      transport: { _ in EndpointTransport(handler: Self.answer) }
    )
    .handler
  }
}

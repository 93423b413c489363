import HTTPMessage
import RPC
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A call that the end of its server cuts off` {
  @Test(arguments: [(true, 503, "DRAINING"), (false, 499, "CANCELED")])
  func `is unavailable, while one that its caller left is canceled`(
    isDraining: Bool,
    status: Int,
    reason: String
  ) async throws {
    let health = Health()
    let server = try await GuardedServer(
      health: health,
      recommend: { _ in try await Task.sleep(for: .seconds(60)) }
    )
    let call = Task { await server.call() }
    #expect(await eventually { server.runs.value == 1 })
    if isDraining { health.drain() }
    call.cancel()
    let response = await call.value
    #expect(response.status == status)
    #expect(response.text.contains(reason))
    #expect((response.fields["retry-after"] != nil) == isDraining)
  }
}

/// Measures what each thing that can be switched on adds to a call, in this process and without a
/// transport.
///
/// Prints a table of microseconds of processor time a call: the least of many short rounds, as others
/// use the machine too.
@main
enum CallCost {
  static func main() async throws {
    // Handles of metrics are made by the first call, so the first server's count nothing.
    let bare = try await ServerCalls.bare()
    let observed = try await ServerCalls.observed(bare)
    await Table.print("A server answers", observed.calls, between: observed.clear)
    print("\nA scrape takes \(Table.rounded(observed.scrape())) µs.\n")
    await Table.print("A client calls", try await ClientCalls.all())
  }
}

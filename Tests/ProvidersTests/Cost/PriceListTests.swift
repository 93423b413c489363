import Providers
import Testing

@Suite struct `The price file` {
  private static let text = """
    {"asOf":"2026-11-22","batchShare":{"openai":0.5},"prices":{\
    "openai/m":{"input":1,"cachedInput":0.5,"output":4},"openai/e":{"input":2}}}
    """

  private func list(_ text: String = Self.text) throws -> PriceList {
    try PriceList(json: Array(text.utf8))
  }

  @Test func `that is built in is dated and prices the models asked by default`() {
    let prices = PriceList.builtIn
    #expect(prices.asOf == "2026-11-22")
    for (provider, model) in [
      ("openai", "gpt-4o-mini"), ("openai-responses", "gpt-4o-mini"),
      ("anthropic", "claude-haiku-5-5"), ("gemini", "gemini-2.5-flash-lite"),
      ("groq", "openai/gpt-oss-20b"), ("openai", "text-embedding-3-small"),
      ("cohere", "embed-v4.0"), ("voyage", "voyage-4-lite"), ("mistral", "mistral-embed"),
    ] {
      #expect(prices.price(provider: provider, model: model) != nil, "\(provider)/\(model)")
    }
    #expect(prices.batchShare(provider: "openai") == 0.5)
    #expect(prices.batchShare(provider: "anthropic") == 0.5)
    #expect(prices.batchShare(provider: "groq") == nil)
  }

  @Test func `knows no model but those it names`() throws {
    let list = try self.list()
    #expect(list.price(provider: "openai", model: "m-2026-01-01") == nil)
    #expect(list.price(provider: "azure", model: "m") == nil)
    #expect(list.price(provider: "local", model: "whatever")?.input == 0)
  }

  @Test func `tells cached input from the rest`() throws {
    let price = try #require(try self.list().price(provider: "openai", model: "m"))
    #expect(price.usd(of: TokenUse(input: 1_000_000, output: 0)) == 1)
    #expect(price.usd(of: TokenUse(input: 1_000_000, cachedInput: 400_000, output: 0)) == 0.8)
    #expect(price.usd(of: TokenUse(input: 0, output: 250_000)) == 1)
    #expect(price.usd(of: TokenUse(input: 0, output: 0)) == 0)
    // A provider can't have had more in its cache than it was sent.
    #expect(price.usd(of: TokenUse(input: 1_000_000, cachedInput: .max, output: -5)) == 0.5)
    let embedding = try #require(try self.list().price(provider: "openai", model: "e"))
    #expect(embedding.usd(of: TokenUse(input: 500_000, output: 0)) == 1)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"asOf":"yesterday","prices":{}}"#, #"{"asOf":"2026-11-22"}"#,
    #"{"asOf":"2026-11-22","prices":{"m":{"input":1}}}"#,
    #"{"asOf":"2026-11-22","prices":{"a/m":{"input":-1}}}"#,
    #"{"asOf":"2026-11-22","prices":{"a/m":{"output":1}}}"#,
    #"{"asOf":"2026-11-22","prices":{},"batchShare":{"a":2}}"#,
  ])
  func `that is not whole is refused`(text: String) {
    #expect(throws: PriceList.Malformed.self) { try self.list(text) }
  }
}

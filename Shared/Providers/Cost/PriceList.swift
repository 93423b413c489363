import FoundationEssentials

/// What models cost, as read from one dated file.
///
/// A model that is not in it has no price, which is not the same as costing nothing.
package struct PriceList: Sendable, Hashable {
  /// Why a file of prices can't be used.
  package struct Malformed: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// When the prices were looked up: a date such as "2026-11-22".
  package let asOf: String
  private let prices: [String: ModelPrice]
  private let batchShares: [String: Double]

  /// The prices that come with the product.
  package static let builtIn: PriceList = {
    // A test reads the file that is built in.
    (try? PriceList(json: PackageResources.prices_json)) ?? PriceList()
  }()

  private init() {
    self.asOf = ""
    self.prices = [:]
    self.batchShares = [:]
  }

  /// Reads a file in the form of `Resources/prices.json`.
  ///
  /// - Throws: `Malformed`, naming what is wrong.
  package init(json: [UInt8]) throws(Malformed) {
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: Data(json))
    } catch {
      throw Malformed(description: "must be JSON with the members asOf and prices")
    }
    guard file.asOf.split(separator: "-").map(\.count) == [4, 2, 2] else {
      throw Malformed(description: "asOf must be a date such as 2026-11-22")
    }
    for (name, price) in file.prices.sorted(by: { $0.key < $1.key }) {
      let numbers = [price.input, price.cachedInput ?? 0, price.output ?? 0]
      guard name.contains("/"), numbers.allSatisfy({ (0...100_000).contains($0) }) else {
        throw Malformed(
          description: "\(name): must be named vendor/model, with prices of 0...100000 USD"
        )
      }
    }
    guard (file.batchShare ?? [:]).values.allSatisfy({ (0...1).contains($0) }) else {
      throw Malformed(description: "batchShare: must be 0...1")
    }
    self.asOf = file.asOf
    self.batchShares = file.batchShare ?? [:]
    self.prices = file.prices.mapValues {
      ModelPrice(input: $0.input, cachedInput: $0.cachedInput ?? $0.input, output: $0.output ?? 0)
    }
  }

  /// What a model costs.
  ///
  /// - Parameters:
  ///   - provider: As configured; "local" costs nothing.
  ///   - model: Exactly as a request names it.
  /// - Returns: `nil` where nobody wrote it down.
  /// - Returns: USD for a million tokens, `nil` where nobody wrote it down.
  package func price(provider: String, model: String) -> ModelPrice? {
    if provider == "local" { return ModelPrice(input: 0, cachedInput: 0, output: 0) }
    return self.prices["\(Self.vendor(of: provider))/\(model)"]
  }

  /// The part of the price that requests of a batch cost, 0...1; `nil` where it is not known.
  package func batchShare(provider: String) -> Double? {
    self.batchShares[Self.vendor(of: provider)]
  }

  /// Whose account a provider is: OpenAI's two APIs have one price.
  private static func vendor(of provider: String) -> String {
    provider == "openai-responses" ? "openai" : provider
  }

  private struct File: Decodable {
    var asOf: String
    var prices: [String: Entry]
    var batchShare: [String: Double]?

    struct Entry: Decodable {
      var input: Double
      var cachedInput: Double?
      var output: Double?
    }
  }
}

/// USD for 1,000,000 tokens.
package struct ModelPrice: Sendable, Hashable {
  package var input: Double
  package var cachedInput: Double
  package var output: Double

  /// What `use` costs, in USD.
  package func usd(of use: TokenUse) -> Double {
    let input = Double(use.input - use.cachedInput) * self.input
    let cached = Double(use.cachedInput) * self.cachedInput
    return (input + cached + Double(use.output) * self.output) / 1_000_000
  }
}

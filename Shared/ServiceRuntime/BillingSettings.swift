/// What calls to providers cost and may cost.
package enum BillingSettings {
  package static let prices = Setting<String?>.optional(
    "PRICES_FILE",
    "File of what models cost, instead of Shared/Providers/Resources/prices.json."
  )
  package static let file = Setting<String?>.optional(
    "BUDGET_FILE",
    "File that keeps what a day has cost over restarts; processes of one machine may share it."
  )

  /// `PROVIDER_BUDGETS`: USD for each UTC day, by provider.
  ///
  /// - Parameter known: Providers of the service.
  /// - Returns: A setting that is empty where nobody has a budget.
  package static func budgets(of known: [String]) -> Setting<[String: Double]> {
    Setting(
      "PROVIDER_BUDGETS",
      type: "list",
      range: "provider=USD, each provider once; 0...1000000 USD",
      shown: "",
      "What each provider may cost this service a UTC day, such as openai=5,anthropic=2; "
        + "then the next one answers.",
      default: [:]
    ) { text in
      var budgets: [String: Double] = [:]
      for item in text.split(separator: ",", omittingEmptySubsequences: false) {
        let parts = item.split(separator: "=", omittingEmptySubsequences: false)
          .map { $0.filter { $0 != " " } }
        guard parts.count == 2, known.contains(parts[0]), budgets[parts[0]] == nil,
          let usd = Double(parts[1]), (0...1_000_000).contains(usd)
        else { return nil }
        budgets[parts[0]] = usd
      }
      return budgets
    }
  }

  /// `PRICES_FILE` and what it holds, `nil` where it is not set.
  package static func priceFile(
    _ values: SettingValues
  ) throws(ConfigurationProblems) -> (path: String, content: [UInt8])? {
    guard let path = values[Self.prices] else { return nil }
    guard let content = bytes(ofFile: path) else {
      throw ConfigurationProblems(["PRICES_FILE: \(path) can't be read"])
    }
    return (path, content)
  }
}

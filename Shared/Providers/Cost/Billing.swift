/// What calls cost and may cost: the prices and budgets of a process.
package struct Billing: Sendable {
  /// Why a budget can't be kept.
  package struct Unpriced: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// Why prices or budgets can't be used, by the setting that names them.
  package struct Unusable: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  package let prices: PriceList
  package let budgets: DailyBudgets?

  /// - Parameters:
  ///   - prices: By which calls are billed.
  ///   - budgets: `nil` for none.
  package init(prices: PriceList = .builtIn, budgets: DailyBudgets? = nil) {
    self.prices = prices
    self.budgets = budgets
  }

  /// Reads what settings name.
  ///
  /// - Parameters:
  ///   - priceFile: `PRICES_FILE` and its content; `nil` for the prices built in.
  ///   - limits: `PROVIDER_BUDGETS`: USD for a day by provider.
  ///   - budgetFile: `BUDGET_FILE`, which is not touched where nobody has a budget.
  /// - Throws: `Unusable`, naming the file.
  package init(
    priceFile: (path: String, content: [UInt8])?,
    limits: [String: Double],
    budgetFile: String?
  ) throws(Unusable) {
    var prices = PriceList.builtIn
    if let priceFile {
      do throws(PriceList.Malformed) {
        prices = try PriceList(json: priceFile.content)
      } catch {
        throw Unusable(description: "PRICES_FILE: \(priceFile.path) \(error)")
      }
    }
    var budgets: DailyBudgets?
    if !limits.isEmpty {
      do throws(DailyBudgets.Unusable) {
        budgets = try DailyBudgets(limits, file: budgetFile)
      } catch {
        throw Unusable(description: "BUDGET_FILE: \(error)")
      }
    }
    self.init(prices: prices, budgets: budgets)
  }

  /// Checks that a provider's budget can be kept.
  ///
  /// - Throws: `Unpriced` for a model without a price whose provider has a budget.
  package func check(provider: String, model: String) throws(Unpriced) {
    guard let budgets = self.budgets, budgets.isLimited(provider),
      self.prices.price(provider: provider, model: model) == nil
    else { return }
    throw Unpriced(
      description: """
        PROVIDER_BUDGETS: the budget of \(provider) can't be kept, as the price of its model \
        \(model) is not known: add \(provider)/\(model) to PRICES_FILE
        """
    )
  }

  /// The account that calls to a model are booked on.
  package func account(provider: String, model: String) -> ModelAccount {
    ModelAccount(
      provider: provider,
      price: self.prices.price(provider: provider, model: model),
      budgets: self.budgets,
      model: model
    )
  }
}

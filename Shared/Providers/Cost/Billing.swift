/// What calls cost and may cost: the prices and budgets of a process.
package struct Billing: Sendable {
  /// Why a budget can't be kept.
  package struct Unpriced: Error, Sendable, CustomStringConvertible {
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

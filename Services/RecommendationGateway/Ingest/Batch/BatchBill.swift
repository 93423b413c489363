import Contracts

/// What batches take and took, for a person.
enum BatchBill {
  static func estimate(_ parts: [Netflixgpt_Answer_V1_Usage], of titles: Int) -> String {
    guard let first = parts.first else { return "0 titles to do" }
    let usd = Self.sum(parts.map { $0.hasUsd ? $0.usd : nil })
    return """
      \(titles) titles to do in \(parts.count) batches by \(first.provider)/\(first.model)
      about \(parts.reduce(0) { $0 + Int($1.inputTokens) }) tokens in and \
      \(parts.reduce(0) { $0 + Int($1.outputTokens) }) out: about \(Self.text(of: usd))
      """
  }

  static func text(of parts: [BatchJournal.Part]) -> String {
    let usd = Self.sum(parts.map(\.usd))
    return """
      \(parts.count) batches took \(parts.reduce(0) { $0 + $1.inputTokens }) tokens in and \
      \(parts.reduce(0) { $0 + $1.outputTokens }) out: \(Self.text(of: usd))
      """
  }

  /// Unknown where a part is.
  private static func sum(_ parts: [Double?]) -> Double? {
    parts.reduce(.some(0)) { sum, part in sum.flatMap { sum in part.map { sum + $0 } } }
  }

  private static func text(of usd: Double?) -> String {
    guard let usd else { return "at a price that is not known" }
    return "\((usd * 1_000_000).rounded() / 1_000_000) USD"
  }
}

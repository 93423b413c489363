/// The tokens of one call, as its provider counted them.
package struct TokenUse: Sendable, Hashable {
  /// All of the input, what came from the provider's cache included.
  package var input: Int
  /// The part of `input` that the provider had in its cache.
  package var cachedInput: Int
  package var output: Int

  package init(input: Int, cachedInput: Int = 0, output: Int) {
    self.input = Optional(input).tokenCount
    self.cachedInput = min(self.input, Optional(cachedInput).tokenCount)
    self.output = Optional(output).tokenCount
  }

  /// What a reply of any vendor's form says, also one that carries no answer; `nil` where it counts
  /// nothing.
  init?(in reply: JSONValue) {
    let usage = reply["usage"] ?? reply["usageMetadata"] ?? reply
    func count(_ names: String...) -> Int? { names.lazy.compactMap { usage[$0]?.count }.first }
    let input = count("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count")
    let output = count(
      "completion_tokens",
      "output_tokens",
      "candidatesTokenCount",
      "eval_count"
    )
    guard input != nil || output != nil else { return nil }
    self.init(input: input ?? 0, output: output ?? 0)
  }
}

extension JSONValue {
  fileprivate var count: Int? {
    guard case .number(let number) = self else { return nil }
    return Int(exactly: number)
  }
}

/// Text to a vector whose neighbours feel alike, not only mean alike: joy and sorrow lie apart.
package final class EmbeddingModel: Sendable {
  package let dimensions: Int
  package let version: String

  private let tokenizer: Tokenizer
  private let signs: Signs
  private let table: VectorTable

  package convenience init(_ resource: ModelResource) throws(LocalModelError) {
    try self.init(resource, tokenizer: try Tokenizer(resource), signs: try Signs(resource))
  }

  init(
    _ resource: ModelResource,
    tokenizer: Tokenizer,
    signs: Signs
  ) throws(LocalModelError) {
    self.version = resource.version
    self.tokenizer = tokenizer
    self.signs = signs
    self.table = try VectorTable(resource, tag: "EMBA")
    self.dimensions = self.table.dimensions
    guard self.table.count == self.tokenizer.count else {
      throw LocalModelError(.malformed, "section EMBA has another vocabulary than section HASH")
    }
  }

  /// - Returns: A unit vector, `[dimensions]`; `nil` where no token is known, as in punctuation.
  ///   Emoji count as the names of the feelings they show.
  /// - Complexity: O(length of the text), which is read up to 8,000 scalars and 512 tokens.
  package func embedding(of text: String) -> [Float]? {
    let (rest, found) = self.signs.split(text)
    let words = self.tokenizer.splitter.words(of: rest) + found.flatMap { $0.map(\.name) }
    guard words.contains(where: isWord) else { return nil }
    return self.table.direction(of: self.tokenizer.tokens(of: words))
  }

  /// As `embedding(of:)`, for words that hold no signs.
  func direction(of words: [String]) -> [Float]? {
    self.table.direction(of: self.tokenizer.tokens(of: words))
  }
}

/// Whether a token of the splitter is a word, not a symbol.
func isWord(_ token: String) -> Bool {
  guard let first = token.unicodeScalars.first else { return false }
  return WordSplitter.kind(of: first.value) == .word
}

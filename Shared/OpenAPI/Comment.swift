/// What stands above a message, a field or a method.
///
/// The text from "Example:" on, if there is one, is JSON of what the comment is about.
struct Comment {
  /// In one line; empty without a comment.
  let text: String
  /// JSON.
  let example: String?

  init(_ source: String) {
    let words = source.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let marker = "Example: "
    guard let start = words.firstRange(of: marker) else {
      self.text = words
      self.example = nil
      return
    }
    var text = words[..<start.lowerBound]
    while text.last == " " { text.removeLast() }
    self.text = String(text)
    self.example = String(words[start.upperBound...])
  }

  /// Up to the first full stop that ends a sentence, without it.
  var summary: String {
    let end = self.text.firstRange(of: ". ")?.lowerBound ?? self.text.endIndex
    let sentence = self.text[..<end]
    return String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence)
  }

  /// `nil` when empty.
  var description: String? { self.text.isEmpty ? nil : self.text }
}

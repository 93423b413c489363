/// A text's words, pairs of words and pieces of words, hashed.
struct NGrams: Sendable {
  /// Words read of a text.
  static let limit = 64
  /// Characters of a word's pieces, its edges among them.
  private static let pieces = 3...5

  private(set) var hashes: [WordHash] = []

  /// - Complexity: O(letters), of the first 64 words.
  init(_ words: [String]) {
    var pair = firstOfPair
    for word in words.prefix(Self.limit).map({ Array($0.utf8) }) {
      self.hashes.append(wordMark.adding(word))
      self.hashes.append(pair.adding(word))
      pair = pairMark.adding(word).adding(CollectionOfOne(UInt8(ascii: " ")))
      if word.count >= 3, word.allSatisfy({ $0 < 0x80 }) { self.appendPieces(of: word) }
    }
    self.hashes.append(pair.adding(CollectionOfOne(edge)))
  }

  private mutating func appendPieces(of word: [UInt8]) {
    let edged = [edge] + word + [edge]
    for start in 0...edged.count - Self.pieces.lowerBound {
      var hash = pieceMark
      for (count, byte) in zip(1...Self.pieces.upperBound, edged[start...]) {
        hash.add(byte)
        if count >= Self.pieces.lowerBound { self.hashes.append(hash) }
      }
    }
  }
}

/// Stands at both ends of a text, and of a word that is cut into pieces.
private let edge: UInt8 = 1
private let wordMark = WordHash("w".utf8)
private let pairMark = WordHash("b".utf8)
private let pieceMark = WordHash("c".utf8)
private let firstOfPair = pairMark.adding([edge, UInt8(ascii: " ")])

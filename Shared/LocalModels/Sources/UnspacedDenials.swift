/// Tells whether what a phrase names is denied, in languages whose words are not parted by spaces.
///
/// From the phrase outwards, over what may stand between it and a denial ("不[是很]开心", "不安[で
/// は]ない"), to the first scalar that may not: "不安で眠れない" denies the sleep and not the fear.
struct UnspacedDenials: Sendable {
  /// What denies in front of a phrase.
  private let before: [[Unicode.Scalar]]
  private let betweenBefore: Set<Unicode.Scalar>
  /// What denies behind a phrase.
  private let after: [[Unicode.Scalar]]
  private let betweenAfter: Set<Unicode.Scalar>
  /// What begins like a denial and is none.
  private let affirming: [[Unicode.Scalar]]

  /// The most scalars between a phrase and a denial.
  private static let reach = 6

  private init(
    before: [String] = [],
    betweenBefore: String = "",
    after: [String],
    betweenAfter: String = "",
    affirming: [String] = []
  ) {
    self.before = before.map { Array($0.unicodeScalars) }
    self.betweenBefore = Set(betweenBefore.unicodeScalars)
    self.after = after.map { Array($0.unicodeScalars) }
    self.betweenAfter = Set(betweenAfter.unicodeScalars)
    self.affirming = affirming.map { Array($0.unicodeScalars) }
  }

  /// - Returns: Those of a language by its BCP 47 code; none where spaces part words.
  static func of(_ language: String) -> UnspacedDenials? {
    switch language {
    case "zh": self.chinese
    case "ja": self.japanese
    case "ko": self.korean
    default: nil
    }
  }

  /// Whether `text` denies the phrase that stands at `range`.
  func deny(_ range: Range<Int>, in text: [Unicode.Scalar]) -> Bool {
    var end = range.lowerBound
    for _ in 0...Self.reach {
      if self.before.contains(where: { text[..<end].ends(with: $0) }) { return true }
      guard end > 0, self.betweenBefore.contains(text[end - 1]) else { break }
      end -= 1
    }
    var start = range.upperBound
    for _ in 0...Self.reach {
      let rest = text[start...]
      if self.affirming.contains(where: { rest.starts(with: $0) }) { return false }
      if self.after.contains(where: { rest.starts(with: $0) }) { return true }
      guard let next = rest.first, self.betweenAfter.contains(next) else { return false }
      start += 1
    }
    return false
  }

  private static let chinese = UnspacedDenials(
    before: ["不", "没", "沒", "无法", "無法", "难以", "難以"],
    // Without 这: "never been so" affirms.
    betweenBefore: "是有很太怎么麼那再会會能想觉覺得感特别別够什好非常真的大",
    after: ["不起来", "不起來", "不了"]
  )
  private static let japanese = UnspacedDenials(
    after: [
      "ない", "ません", "ありません", "きません", "なかった", "なくて", "なくなっ", "いらない", "要らない",
      "じゃねえ", "じゃねぇ", "なわけない", "なわけがない",
    ],
    betweenAfter: "じゃではてにいしだともりのわけくっかこが思言感え",
    affirming: ["しかない", "しかありません"]
  )
  private static let korean = UnspacedDenials(
    before: [" 안", " 안 ", " 못", " 못 "],
    after: [
      "않", "없", "아니", "안 해", "안 나", "안 돼", "안 된", "지 못", "지못", "지도 못", "지는 못", "진 못",
    ],
    betweenAfter: "하지는은진도가이을를스럽움 "
  )
}

extension ArraySlice where Element: Equatable {
  fileprivate func ends(with other: [Element]) -> Bool {
    self.suffix(other.count).elementsEqual(other)
  }
}

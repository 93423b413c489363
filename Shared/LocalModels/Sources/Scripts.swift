/// - Returns: The language that mostly writes in the script of `words`, or `nil`.
func scriptLanguage(of words: [String]) -> String? {
  if words.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { return nil }
  var counts: [String: Int] = [:]
  var total = 0
  var isUkrainian = false
  for scalar in words.lazy.flatMap(\.unicodeScalars).prefix(2_000) {
    total += 1
    guard scalar.value >= 0x370, let code = code(of: scalar.value) else { continue }
    counts[code, default: 0] += 1
    isUkrainian = isUkrainian || ukrainian.contains(scalar)
  }
  let kana = counts["ja", default: 0]
  if kana > 0, kana + counts["zh", default: 0] > total / 2 { return "ja" }
  let code = counts.first { $0.value > total / 2 }?.key
  return code == "ru" && isUkrainian ? "uk" : code
}

private let ukrainian: Set<Unicode.Scalar> = ["і", "є", "ґ"]

/// The main blocks of scripts, and the language with most readers of each.
///
/// Source: https://www.unicode.org/Public/UNIDATA/Blocks.txt
private func code(of scalar: UInt32) -> String? {
  switch scalar {
  case 0x370...0x3FF: "el"
  case 0x400...0x52F: "ru"
  case 0x590...0x5FF: "he"
  case 0x600...0x6FF: "ar"
  case 0x900...0x97F: "hi"
  case 0xE00...0xE7F: "th"
  case 0x3040...0x30FF: "ja"
  case 0x3400...0x9FFF: "zh"
  case 0x1100...0x11FF, 0xAC00...0xD7AF: "ko"
  default: nil
  }
}

/// How long the parts of an answer took.
struct Timings: Sendable {
  var extract = Duration.zero
  var embed = Duration.zero
  var search = Duration.zero

  /// As in "extract;dur=1.25, embed;dur=0.50, search;dur=2.00": milliseconds.
  ///
  /// Source: https://www.w3.org/TR/server-timing/
  var header: String {
    let parts = [("extract", self.extract), ("embed", self.embed), ("search", self.search)]
    return parts.map { name, duration in
      let hundredths = Int(duration / .microseconds(10))
      let fraction = hundredths % 100
      return "\(name);dur=\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }.joined(separator: ", ")
  }
}

import CatalogStore
import Contracts
import RPC

/// A checked request for recommendations.
struct RecommendPlan: Sendable {
  /// 1...2,000 Unicode scalars, trimmed.
  var mood: String
  var limit: Int
  var filter: TitleFilter
  var lifts: Bool
  var seed: UInt32?

  /// Checks a request from the wire.
  ///
  /// - Parameters:
  ///   - request: As it came.
  ///   - path: What stands before its fields in a JSON path: "" or "requests[3].".
  ///   - genres: The genres of the catalog.
  /// - Throws: `invalid_argument` that names the first field at fault.
  init(
    _ request: Netflixgpt_Recommendation_V1_RecommendRequest,
    at path: String = "",
    genres: [String]
  ) throws(RPCError) {
    self.mood = try Self.mood(request.mood, at: "\(path)mood")
    self.limit = try Self.limit(request.hasLimit ? request.limit : nil, at: "\(path)limit")
    self.filter = try TitleFilter(request.filter, at: "\(path)filter", genres: genres)
    switch request.goal {
    case .unspecified, .match: self.lifts = false
    case .lift: self.lifts = true
    case .UNRECOGNIZED(let number):
      throw .invalid(
        field: "\(path)goal",
        "must be GOAL_MATCH or GOAL_LIFT, is \(number)",
        reason: "UNKNOWN_VALUE"
      )
    }
    self.seed = request.hasSeed ? request.seed : nil
  }

  /// How many titles to answer, 10 unless said.
  static func limit(_ limit: Int32?, at field: String) throws(RPCError) -> Int {
    guard let limit else { return 10 }
    guard (1...100).contains(limit) else { throw .outOfRange(field, "\(limit)", "1...100") }
    return Int(limit)
  }

  /// A mood, trimmed.
  static func mood(_ text: String, at field: String) throws(RPCError) -> String {
    let scalars = text.unicodeScalars
    // An invisible character says nothing alone, but belongs to the emoji that it ends.
    guard !text.isBlank,
      let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else {
      throw .invalid(field: field, "must say something, is empty or blank", reason: "REQUIRED")
    }
    let trimmed = scalars[first...last]
    guard trimmed.count <= 2000 else {
      throw .invalid(
        field: field,
        "must have at most 2000 characters, has \(trimmed.count)",
        reason: "TOO_LONG"
      )
    }
    let allowed: Set<Unicode.Scalar> = ["\t", "\n", "\r"]
    guard
      !trimmed.contains(where: {
        $0.properties.generalCategory == .control && !allowed.contains($0)
      })
    else {
      throw .invalid(
        field: field,
        "must not have control characters",
        reason: "CONTROL_CHARACTER"
      )
    }
    return String(trimmed)
  }
}

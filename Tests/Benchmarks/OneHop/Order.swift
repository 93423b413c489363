/// What one side of the hop is to do: `serve PORT` or `load PORT json|proto CALLERS SECONDS`.
package enum Order {
  case serve(port: Int)
  case load(port: Int, isJSON: Bool, Load)

  package static let usage = "serve PORT | load PORT json|proto CALLERS SECONDS"

  /// Reads a command line; `nil` where it is neither.
  package init?(_ words: [String]) {
    guard words.count > 2, let port = Int(words[2]) else { return nil }
    if words[1] == "serve" {
      self = .serve(port: port)
    } else {
      guard words.count == 6, let callers = Int(words[4]), let seconds = Double(words[5]) else {
        return nil
      }
      self = .load(
        port: port,
        isJSON: words[3] == "json",
        Load(callers: callers, seconds: seconds)
      )
    }
  }
}

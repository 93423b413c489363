import HTTPMessage

/// What a reply that failed shows of its cause, whatever the vendor's form of an error is.
///
/// Vendors put errors under `error`, `detail`, `details`, `innererror` or at the top, as objects,
/// lists or words. Nothing read here is shown to anybody: a vendor may repeat the text it was sent.
struct FailureSigns {
  /// Of HTTP, or of the body where it tells another inside a reply with 200.
  var status: Int
  /// Codes, types, statuses and reasons, in lower case.
  var words: Set<String> = []
  /// The messages, in lower case.
  var message = ""
  var hint: RetryHint
  /// Whether the body says that it is an error.
  var isError = false

  init(_ response: HTTPResponse) {
    let headers = RetryHeaders(response.fields)
    self.status = response.status
    self.hint = headers.hint
    self.shouldRetry = headers.shouldRetry
    guard let body = JSONValue(response.body) else { return }
    switch body["error"] {
    case .object, .array: self.isError = true
    case .string(let text): self.isError = !text.isEmpty
    default: self.isError = body["type"]?.string == "error" || body["object"]?.string == "error"
    }
    self.collect(body, depth: 0)
    // Gemini says in its body what others say in their header.
    if self.hint.after == nil { self.hint.after = self.retryDelay }
  }

  /// `x-should-retry`, where it is sent.
  let shouldRetry: Bool?
  private var retryDelay: Duration?

  private static let wordKeys = [
    "code", "type", "status", "reason", "error_type", "error_code", "quotaId",
  ]
  private static let textKeys = ["message", "error", "detail", "msg"]
  private static let innerKeys = [
    "error", "detail", "details", "innererror", "inner_error", "violations", "errors", "metadata",
  ]
  private static let maxDepth = 6
  /// A word of ours, for what vendors say in a member of its own.
  static let selfHarm = "self_harm_filtered"

  private mutating func collect(_ value: JSONValue, depth: Int) {
    guard depth < Self.maxDepth else { return }
    if let elements = value.array {
      for element in elements.prefix(16) { self.collect(element, depth: depth + 1) }
      return
    }
    for key in Self.wordKeys {
      switch value[key] {
      case .string(let word):
        self.words.insert(word.lowercased())
        self.take(status: Int(word))
      case .number(let number): self.take(status: Int(exactly: number))
      default: break
      }
    }
    for key in Self.textKeys {
      guard let text = value[key]?.string else { continue }
      self.message += text.prefix(1000).lowercased() + "\n"
    }
    if ContentFilter.stopsSelfHarm(value) { self.words.insert(Self.selfHarm) }
    if value["flagged_input"] != nil { self.words.insert("flagged_input") }
    if let delay = value["retryDelay"]?.string, delay.hasSuffix("s"),
      let seconds = Double(delay.dropLast()), (0...86_400).contains(seconds)
    {
      self.retryDelay = .seconds(seconds)
    }
    for key in Self.innerKeys {
      if let inner = value[key] { self.collect(inner, depth: depth + 1) }
    }
  }

  /// The body's status counts where HTTP says that all is well.
  private mutating func take(status: Int?) {
    guard self.status == 200, let status, (400...599).contains(status) else { return }
    self.status = status
    self.isError = true
  }
}

import HTTPMessage
import Providers
import ServiceRuntime

/// A server that speaks OpenAI's chat API in a dialect that nobody foresaw: `compatible`.
enum CompatibleVendor {
  private static let keyField = Setting<String>.text(
    "COMPATIBLE_KEY_FIELD",
    default: "authorization",
    "Header field that carries the key of the provider compatible; authorization for a bearer token."
  )
  private static let extraFields = Setting<String?>.secret(
    "COMPATIBLE_HEADER",
    "Further header fields for the provider compatible, one a line: name: value."
  )
  private static let extraBody = Setting<[String: JSONValue]>(
    "COMPATIBLE_BODY",
    type: "JSON",
    range: "an object",
    shown: "",
    "Further members of every request's body for the provider compatible.",
    default: [:]
  ) { text in
    guard case .object(let members) = JSONValue(Array(text.utf8)) else { return nil }
    return members
  }
  private static let forms = Setting<[String]>.names(
    "COMPATIBLE_FORMS",
    default: AnswerForm.allCases.map(\.rawValue),
    of: AnswerForm.allCases.map(\.rawValue),
    "How the provider compatible may be asked to hold the model to a form, in order."
  )
  private static let maxTokensName = Setting<String>.choice(
    "COMPATIBLE_MAX_TOKENS_NAME",
    default: "max_tokens",
    of: ["max_tokens", "max_completion_tokens"],
    "What the provider compatible calls the limit of an answer."
  )

  static let vendor = EmotionVendor.chat(
    "compatible",
    VendorSettings("COMPATIBLE", "compatible"),
    model: EmotionVendor.model("COMPATIBLE", "compatible"),
    extra: [
      Self.keyField.about, Self.extraFields.about, Self.extraBody.about, Self.forms.about,
      Self.maxTokensName.about,
    ],
    endpoint: { values, baseURL, key in
      let field = values[Self.keyField].lowercased()
      return try VendorEndpoint(
        baseURL: baseURL,
        key: key,
        field: field == "authorization" ? .bearer : .named(field),
        extraFields: try Self.fields(values[Self.extraFields] ?? "")
      )
    },
    api: { endpoint, model, values in
      var dialect = OpenAIDialect()
      dialect.forms = values[Self.forms].compactMap { AnswerForm(rawValue: $0) }
      dialect.maxTokensName = values[Self.maxTokensName]
      dialect.hasStrictTools = false
      dialect.extraMembers = values[Self.extraBody]
      return OpenAIChat(endpoint: endpoint, model: model, dialect: dialect)
    }
  )

  private static func fields(_ text: String) throws(ConfigurationProblems) -> HeaderFields {
    var fields = HeaderFields()
    for line in text.split(whereSeparator: \.isNewline) where !String(line).isBlank {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        throw ConfigurationProblems(["COMPATIBLE_HEADER: every line must be a name: value"])
      }
      let value = String(line[line.index(after: colon)...]).trimmed
      fields.append(String(line[..<colon]).trimmed.lowercased(), value)
    }
    return fields
  }
}

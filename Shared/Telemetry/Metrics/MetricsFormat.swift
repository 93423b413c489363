/// How metrics are written.
package enum MetricsFormat: Sendable, CaseIterable {
  /// Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
  case prometheus
  /// Source: https://prometheus.io/docs/specs/om/open_metrics_spec/
  case openMetrics

  /// The format that the value of an `Accept` field asks for.
  package init(accept: String?) {
    let names = (accept ?? "").lowercased().split(separator: ",").filter { element in
      !element.split(separator: ";").contains { part in
        let part = part.filter { $0 != " " }
        return part.hasPrefix("q=") && Double(part.dropFirst(2)) == 0
      }
    }
    self =
      names.contains { $0.contains("application/openmetrics-text") } ? .openMetrics : .prometheus
  }

  package var contentType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  func text(of metrics: [MetricSnapshot]) -> String {
    var text = ""
    for metric in metrics {
      // OpenMetrics names a counter without the ending that its samples have.
      let isBare = self == .openMetrics && metric.kind == .counter
      let family = isBare ? String(metric.name.dropLast("_total".count)) : metric.name
      if let help = MetricHelp.texts[metric.name] { text += "# HELP \(family) \(help)\n" }
      text += "# TYPE \(family) \(metric.kind.rawValue)\n"
      for sample in metric.samples {
        text += metric.name
        text += sample.suffix
        if !sample.labels.isEmpty { text += "{\(sample.labels)}" }
        text += " \(MetricText.number(sample.value))\n"
      }
    }
    if self == .openMetrics { text += "# EOF\n" }
    return text
  }
}

/// Names, labels and numbers as both formats have them.
enum MetricText {
  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, with "_" for what else there is.
  static func name(_ label: String) -> String { self.identifier(label, allowing: ":") }

  /// Such as `cache="moods",kind="hit"`, in the order of the names.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { ("\(self.identifier($0.0, allowing: "_"))", $0.1) }
      .sorted { $0.0 < $1.0 }
      .map { "\($0.0)=\"\(self.escaped($0.1))\"" }
      .joined(separator: ",")
  }

  /// As in "0.005", "1.0" and "+Inf".
  static func bound(_ value: Double) -> String { value == .infinity ? "+Inf" : "\(value)" }

  /// As short as it can be without loss.
  static func number(_ value: Double) -> String {
    if let whole = Int64(exactly: value) { return String(whole) }
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
  }

  private static func identifier(_ text: String, allowing other: Character) -> String {
    var name = ""
    for character in text {
      let isDigit = character.isASCII && character.isNumber
      let isLetter = character.isASCII && character.isLetter
      if isDigit, name.isEmpty { name += "_" }
      name.append(isLetter || isDigit || character == other ? character : "_")
    }
    return name.isEmpty ? "_" : name
  }

  private static func escaped(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

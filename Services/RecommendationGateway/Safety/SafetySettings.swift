import Safety
import ServiceRuntime

enum SafetySettings {
  static let mode = Setting<String>.choice(
    "SAFETY_MODE",
    default: SafetyMode.soften.rawValue,
    of: SafetyMode.allCases.map(\.rawValue),
    "What answers do when a mood speaks of suicide or self-harm: only say so, recommend gentle "
      + "titles, or recommend none. Help is named in any case."
  )
  static let resources = Setting<String?>.optional(
    "SAFETY_RESOURCES_FILE",
    "JSON file with the help that answers name, instead of the list that is shipped."
  )

  static let table = [Self.mode.about, Self.resources.about]
}

extension SafetyPolicy {
  /// - Throws: `ConfigurationProblems`.
  init(_ values: SettingValues) throws {
    let key = SafetySettings.resources.about.key
    let resources: HelpResources
    if let path = values[SafetySettings.resources] {
      guard let content = bytes(ofFile: path) else {
        throw ConfigurationProblems(["\(key): the file can't be read"])
      }
      do { resources = try HelpResources(json: content) } catch {
        throw ConfigurationProblems(["\(key): \(error)"])
      }
    } else {
      resources = try HelpResources.shipped()
    }
    self.init(
      mode: SafetyMode(rawValue: values[SafetySettings.mode]) ?? .soften,
      phrases: try CrisisPhrases.shipped(),
      resources: resources
    )
  }
}

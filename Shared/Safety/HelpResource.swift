import Foundation

/// Where a person in need finds someone to talk to.
package struct HelpResource: Sendable, Hashable, Codable {
  package var name: String
  /// As a person reads it, such as "call or text 988"; may be empty.
  package var contact: String
  package var url: String
  /// Where it helps, such as "US"; empty: anywhere.
  package var region: String
  /// BCP 47 tags of the languages it is shown for, of which only what stands before the first hyphen
  /// counts; empty: all.
  package var languages: [String]

  package init(name: String, contact: String, url: String, region: String, languages: [String]) {
    self.name = name
    self.contact = contact
    self.url = url
    self.region = region
    self.languages = languages
  }
}

/// The resources that answers name.
package struct HelpResources: Sendable {
  /// Why a file of resources can't be used.
  package struct InvalidFile: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// In the order they are shown.
  private let resources: [HelpResource]

  /// Those that are shipped; operators know their callers' region better.
  package static func shipped() throws(InvalidFile) -> HelpResources {
    try HelpResources(json: PackageResources.resources_json)
  }

  /// Reads a JSON array of objects with the properties of `HelpResource`.
  ///
  /// - Throws: `InvalidFile` for anything else, and for an empty array.
  package init(json: [UInt8]) throws(InvalidFile) {
    guard let resources = try? JSONDecoder().decode([HelpResource].self, from: Data(json)),
      !resources.isEmpty, resources.allSatisfy({ !$0.name.isEmpty })
    else {
      throw InvalidFile(
        description: "must be a JSON array of objects with name, contact, url, region, languages"
      )
    }
    self.resources = resources.map { resource in
      var resource = resource
      resource.languages = resource.languages.map(Self.primary)
      return resource
    }
  }

  /// Those for a language, the ones of that language first.
  ///
  /// - Parameter language: BCP 47; only what stands before the first hyphen counts.
  /// - Returns: At least one wherever one is for all languages.
  package func resources(for language: String) -> [HelpResource] {
    let primary = Self.primary(language)
    return self.resources.filter { $0.languages.contains(primary) }
      + self.resources.filter { $0.languages.isEmpty }
  }
  private static func primary(_ language: String) -> String {
    language.prefix { $0 != "-" }.lowercased()
  }
}

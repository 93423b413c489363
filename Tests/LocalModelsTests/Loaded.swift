import Foundation
import LocalModels

/// The models that are shipped, opened once for all tests.
enum Loaded {
  private static let opened = Result {
    let resource = try ModelResource.locate(override: nil)
    return (try EmotionModel(resource), try EmbeddingModel(resource), resource)
  }

  static var emotions: EmotionModel { get throws { try self.opened.get().0 } }
  static var resource: ModelResource { get throws { try self.opened.get().2 } }
  static var embeddings: EmbeddingModel { get throws { try self.opened.get().1 } }

  /// A file beside the tests' sources.
  static func file(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: name)
  }

  /// The bytes of the resource file as it lies in the sources.
  static func resourceBytes() throws -> [UInt8] {
    let path = "../../Shared/LocalModels/Resources/affect.model"
    return Array(try Data(contentsOf: self.file(path)))
  }
}

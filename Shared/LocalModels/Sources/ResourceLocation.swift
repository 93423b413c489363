import Glibc

extension ModelResource {
  static let fileName = "affect.model"
  static let folderName = "NetflixGPT_LocalModels.resources"

  /// Opens the file beside the executable, or the one that `override` (`MODEL_FILE`) names.
  package static func locate(override: String?) throws(LocalModelError) -> ModelResource {
    if let override { return try ModelResource(path: override) }
    guard let folder = executableFolder() else {
      throw LocalModelError(.missing, "the executable's folder is unknown; set MODEL_FILE")
    }
    return try ModelResource(path: "\(folder)/\(self.folderName)/\(self.fileName)")
  }
}

/// Returns the folder of the running program, in tests that of the test bundle.
private func executableFolder() -> String? {
  let path = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
    guard let start = buffer.baseAddress else { return }
    count = max(0, readlink("/proc/self/exe", start, buffer.count))
  }
  return folder(of: String(decoding: path, as: UTF8.self))
}

private func folder(of path: String) -> String? {
  guard let slash = path.lastIndex(of: "/") else { return nil }
  return String(path[..<slash])
}

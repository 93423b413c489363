#if canImport(Glibc)
import Glibc
#endif

/// The bytes of a file, or `nil` where it can't be read.
package func bytes(ofFile path: String) -> [UInt8]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var content: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    content.append(contentsOf: chunk[..<count])
    if count < chunk.count { return ferror(file) == 0 ? content : nil }
  }
}

/// The content of a secret's file without the line break that editors put at its end.
func secret(atPath path: String) -> String? {
  guard let content = bytes(ofFile: path),
    let text = String(validating: content, as: UTF8.self)
  else { return nil }
  let secret = String(text.drop(while: \.isWhitespace))
  guard let last = secret.lastIndex(where: { !$0.isWhitespace }) else { return nil }
  return String(secret[...last])
}

/// The path of a resource of a module of ours.
///
/// SwiftPM puts resources into a folder beside the executable; its own accessor traps where that
/// folder is missing, this does not.
package func resourcePath(module: String, _ name: String) -> String? {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  let count = readlink("/proc/self/exe", &buffer, buffer.count)
  guard count > 0,
    let executable = String(
      validating: buffer[..<count].lazy.map { UInt8(bitPattern: $0) },
      as: UTF8.self
    ),
    let slash = executable.lastIndex(of: "/")
  else { return nil }
  let path = "\(executable[..<slash])/NetflixGPT_\(module).resources/\(name)"
  return access(path, R_OK) == 0 ? path : nil
}

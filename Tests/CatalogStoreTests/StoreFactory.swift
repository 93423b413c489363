import CatalogStore
import Foundation
import Glibc
import HTTPClient
import MilvusStore
import Testing

/// A kind of store that must behave as `TitleStore` says.
struct StoreFactory: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Opens the store of a folder, anew each time.
  let open: @Sendable (_ folder: String) throws -> any TitleStore

  static let sqlite = StoreFactory(testDescription: "SQLite") { folder in
    try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
  }

  /// The servers that `MILVUS_TEST_URL` names, separated by blanks, as in
  /// `milvus://127.0.0.1:19530 milvus://127.0.0.1:19550`.
  static let milvusAddresses =
    (getenv("MILVUS_TEST_URL").map { String(cString: $0) } ?? "")
    .split(separator: " ").compactMap { url in MilvusAddress(String(url)) }

  /// SQLite, and every Milvus that is named.
  static let all = [sqlite] + milvusAddresses.map { address in milvus(address) }

  /// The catalog of a folder is the one whose collections are named like it.
  private static func milvus(_ address: MilvusAddress) -> StoreFactory {
    let client = HTTP2Client(host: address.proxies[0].host, port: address.proxies[0].port)
    let place = "port \(address.proxies[0].port)/\(address.database)"
    return StoreFactory(testDescription: "Milvus at \(place)") { folder in
      MilvusCatalogStore(
        send: client.handler,
        database: address.database,
        prefix: folder.split(separator: "/").joined(separator: "_").replacing("-", with: "_")
      )
    }
  }

  /// Calls `body` with an empty store, which is removed afterwards.
  func withStore<Value>(_ body: (any TitleStore) async throws -> Value) async throws -> Value {
    try await withFolder { folder in try await body(try self.open(folder)) }
  }
}

/// Calls `body` with the path of a new folder, which is removed afterwards with its files.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  var template = Array("\(NSTemporaryDirectory())/netflixgpt-store-XXXXXX".utf8CString)
  let path = template.withUnsafeMutableBufferPointer { buffer in
    buffer.baseAddress.flatMap(mkdtemp).map { start in String(cString: start) }
  }
  let folder = try #require(path)
  defer {
    for name in files(in: folder) { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
  return try await body(folder)
}

func files(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { start in String(cString: start) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names
}

func bytes(of path: String) throws -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  let size = Int(lseek(descriptor, 0, SEEK_END))
  lseek(descriptor, 0, SEEK_SET)
  var bytes = [UInt8](repeating: 0, count: size)
  let taken = bytes.withUnsafeMutableBytes { buffer in
    read(descriptor, buffer.baseAddress, size)
  }
  try #require(taken == size)
  return bytes
}

func write(_ bytes: [UInt8], to path: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try #require(descriptor >= 0)
  defer { close(descriptor) }
  let written = bytes.withUnsafeBytes { buffer in
    Glibc.write(descriptor, buffer.baseAddress, buffer.count)
  }
  try #require(written == bytes.count)
}

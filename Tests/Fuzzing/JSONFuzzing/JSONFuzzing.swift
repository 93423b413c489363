import HTTPMessage
import SwiftProtobuf

@testable import RPC

#if canImport(Glibc)
import Glibc
#endif

/// The descriptors of our contracts, from the folder that the fuzzer is started in.
private let shapes: MessageShapes = {
  guard let file = fopen("Shared/Contracts/Resources/schema.binpb", "r") else {
    fatalError("start this from the repository's folder")
  }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return MessageShapes(schema: Array(bytes.prefix(count)))
}()

/// What our reader of JSON says must be what swift-protobuf says, but for fields nobody knows.
private func inspect<M: Message>(_ text: [UInt8], as type: M.Type) {
  let isMessage = (try? M(jsonUTF8Bytes: text)) != nil
  for isStrict in [false, true] {
    do throws(RPCError) {
      try JSONInspection.check(
        text,
        as: M.protoMessageName,
        in: shapes,
        refusesUnknownFields: isStrict
      )
    } catch {
      require(!isMessage, "a message was refused: \(error.message)")
      require(error.code == .invalidArgument, "a refusal has another code")
    }
  }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  let kind = input.byte()
  let bytes = input.bytes(count)
  switch kind % 7 {
  case 0: inspect(bytes, as: Netflixgpt_Recommendation_V1_RecommendRequest.self)
  case 1: inspect(bytes, as: Netflixgpt_Recommendation_V1_RecommendResponse.self)
  case 2:
    if let contents = ErrorBody.decode(bytes) { _ = contents.details }
  case 3:
    if let inflated = try? Gzip.inflate(bytes, limit: 1 << 16) {
      require(inflated.count <= 1 << 16, "more was inflated than is allowed")
    }
  case 4:
    let query = Query(text(bytes)[...])
    if let message = query["message"] { _ = Base64.decode(message) }
    if let decoded = Base64.decode(bytes) {
      require(Base64.decode(Array(Base64.encode(decoded).utf8)) == decoded, "base64 changed")
    }
  case 5:
    if let timeout = try? Timeout.parse(text(bytes)) { _ = Timeout.format(timeout) }
  default:
    let names = [
      "content-type", "content-encoding", "accept-encoding", "connect-timeout-ms", "x-request-id",
      "traceparent", "prefer",
    ]
    var fields = HeaderFields()
    for (index, value) in bytes.split(separator: 0).enumerated() {
      fields.append(names[index % names.count], text(Array(value)))
    }
    let call = CallFields(fields)
    require(RequestID.isValid(call.requestID), "a request ID can't be sent on")
  }
  return 0
}

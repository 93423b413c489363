@testable import RPC

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  let kind = input.byte()
  let choice = input.byte()
  let codec: Codec = choice & 1 == 0 ? .json : .proto
  switch kind % 5 {
  case 0:
    let bytes = input.bytes(count)
    let whole = StreamChecks.envelopes(bytes, in: max(1, bytes.count))
    let cut = StreamChecks.envelopes(bytes, in: Int(choice % 16) + 1)
    require(whole == cut, "where a body is cut makes a difference")
    let written = whole.whole.flatMap(\.bytes)
    require(bytes.starts(with: written), "envelopes are not what was read")
  case 1:
    let bytes = input.bytes(count)
    let inflates = choice & 2 != 0
    let whole = StreamChecks.read(bytes, in: max(1, bytes.count), codec, mayInflate: inflates)
    let cut = StreamChecks.read(bytes, in: Int(choice >> 2) + 1, codec, mayInflate: inflates)
    require(whole == cut, "where a stream is cut makes a difference")
  case 2: CallChecks.serve(input.bytes(count), choice: choice)
  case 3:
    let status = choice & 2 == 0 ? 200 : 100 + Int(input.byte()) * 2
    let bytes = input.bytes(count)
    CallChecks.read(bytes, status: status, codec: codec, isCompressed: choice & 4 != 0)
  default:
    let status = choice < 128 ? "0" : String(decoding: input.bytes(3), as: UTF8.self)
    let message = String(decoding: input.bytes(Int(choice & 0x7F)), as: UTF8.self)
    CallChecks.readGRPC(input.bytes(count), status: status, message: message)
  }
  return 0
}

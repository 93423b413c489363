/// What libFuzzer calls with each input, whose first byte chooses the side.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  if input.byte() & 1 == 0 {
    guard var server = FuzzedServer() else { return -1 }
    server.run(&input)
  } else {
    guard var client = FuzzedClient() else { return -1 }
    client.run(&input)
  }
  return 0
}

/// What a peer sends next, and what this side does meanwhile, by the first byte of each step.
enum Step {
  /// Bytes from the peer: a frame whose header fits its payload, or whatever they are.
  case receive([UInt8])
  /// This side acts; what it does is up to the number, 0...15.
  case act(UInt8)

  /// A frame is written as type, flags, stream and length in one byte each.
  init(_ input: inout FuzzInput) {
    let kind = input.byte()
    switch kind {
    case 0xF0...: self = .act(kind & 0x0F)
    case 0xE0..<0xF0: self = .receive(input.bytes(Int(input.byte())))
    default:
      let flags = input.byte()
      let stream = input.byte()
      let payload = input.bytes(Int(input.byte()))
      let length = [0, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
      self = .receive(length + [kind % 11, flags, 0, 0, 0, stream] + payload)
    }
  }
}

/// What Swift 6.3.1 optimizes wrongly, as decision 20 tells: prints the numbers from 0 to 7.
struct Failure: Error {}

@inline(never) func later(_ number: Int) async throws -> String {
  try await Task.sleep(for: .milliseconds(1))
  if number > 7 { throw Failure() }
  return "text"
}

func numbers() async -> [Int] {
  await withTaskGroup(of: (Int, String?).self) { group in
    for number in 0..<8 {
      group.addTask {
        do { return (number, try await later(number)) } catch { return (number, nil) }
      }
    }
    var found: [Int] = []
    for await (number, _) in group { found.append(number) }
    return found
  }
}

print(await numbers().sorted())

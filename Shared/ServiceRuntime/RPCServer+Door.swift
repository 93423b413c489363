import Admission
import HTTPMessage
import HTTPServer
import RPC

extension RPCServer {
  /// What answers requests, for pages of other sites too where they are allowed.
  func handler(_ crossOrigin: CrossOrigin?) -> HTTPHandler {
    guard let crossOrigin else { return { request in await self.handle(request) } }
    return { request in
      var response = await self.handle(request)
      crossOrigin.mark(&response, to: request)
      return response
    }
  }

  /// What is asked about a request before its body is read.
  func door(_ crossOrigin: CrossOrigin?) -> @Sendable (inout HTTPRequest) -> HTTPResponse? {
    { request in
      if let preflight = crossOrigin?.preflight(request) { return preflight }
      guard var response = self.admit(&request) else { return nil }
      crossOrigin?.mark(&response, to: request)
      return response
    }
  }
}

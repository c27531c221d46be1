/** Where a request comes from, as the edge sees it. */
export type RequestPeer = {
  /** The client's address: the socket's, or the one a trusted proxy names. */
  readonly address: string
  /** The socket's own peer is this machine. */
  readonly loopback: boolean
  /** `Forwarded`, `X-Forwarded-For` or `X-Real-IP` was sent, by whomever. */
  readonly forwarded: boolean
  /** The client speaks HTTPS, to us or to a trusted proxy that says so. */
  readonly https: boolean
  /** The names a trusted proxy says the client asked for. */
  readonly forwardedHosts?: readonly string[]
}

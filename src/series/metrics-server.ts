import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HearsayError } from '../errors.js'
import type { Exposition } from '../exposition.js'

/** Where metrics are served. */
export interface MetricsAddress {
  /** An IP address. @default 127.0.0.1: this machine only */
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
}

export interface MetricsServer {
  readonly url: string
  /** Idempotent. */
  close(): Promise<void>
}

const loopback = '127.0.0.1'

/**
 * What a scraper needs is little: one request every few seconds, with headers of a few hundred bytes. Whatever else knocks
 * is turned away before it costs anything.
 */
const limits = { connections: 16, headerBytes: 8192, requestMs: 5000, idleMs: 15_000 } as const

/**
 * Serves metrics at `/metrics`, to read only. Without a token, since a scraper is configured with one address that
 * stays; what is told are numbers, and peers' names.
 *
 * @throws {@link HearsayError} `NETWORK` where it cannot listen there
 */
export async function serveMetrics(
  { host = loopback, port }: MetricsAddress,
  text: () => Promise<Exposition>,
): Promise<MetricsServer> {
  const isLocal = host === loopback
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.requestMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.requestMs,
    },
    async (request, response) => {
      const refusal = refusalOf(request, isLocal)
      if (refusal !== undefined) {
        // A body is not read: the connection ends with the answer.
        response.writeHead(refusal, { Connection: 'close', Allow: 'GET, HEAD' }).end()
        return
      }
      try {
        const { type, text: body } = await text()
        response.writeHead(200, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
        response.end(request.method === 'HEAD' ? undefined : body)
      } catch {
        response.writeHead(500, { Connection: 'close' }).end()
      }
    },
  )
  server.maxConnections = limits.connections
  // A reader that stalls does not keep its connection.
  server.setTimeout(limits.idleMs)
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw notListening(error, { host, port })
  }
  const address = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    url: `http://${address.family === 'IPv6' ? `[${host}]` : host}:${address.port}/metrics`,
    close() {
      closing ??= new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closing
    },
  }
}

function notListening(error: unknown, { host, port }: Required<MetricsAddress>): HearsayError {
  const { code } = error as NodeJS.ErrnoException
  const what =
    code === 'EADDRINUSE'
      ? 'is in use; choose another port, or 0 for any that is free'
      : `cannot be listened on (${code}); choose an address of this machine, and a port from 1024 on`
  return new HearsayError('NETWORK', what, { field: 'metrics', value: `${host}:${port}`, cause: error })
}

/**
 * Why a request is not answered, as a status. On loopback the name under which the server was dialled is checked: a page
 * whose name is made to point here (DNS rebinding) must not read what is served.
 */
function refusalOf({ method, url, headers }: IncomingMessage, isLocal: boolean): number | undefined {
  if (isLocal && !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) return 403
  if (url?.split('?')[0] !== '/metrics') return 404
  return method === 'GET' || method === 'HEAD' ? undefined : 405
}

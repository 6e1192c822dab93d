import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/*
 * Others dial a peer that comes back at its former address. One that was configured with "any free port" must then
 * listen on the port that it was assigned.
 */

const anyHost: readonly string[] = ['0.0.0.0', '::']

/**
 * The addresses that a host was configured to listen on, with the ports that it was assigned in the place of "any".
 *
 * @param listen - multiaddrs as configured
 * @param actual - the multiaddrs that the host listens on
 */
export function pinned(listen: readonly string[], actual: readonly Multiaddr[]): string[] {
  const taken = new Set<string>()
  return listen.map(text => {
    const asked = partsOf(multiaddr(text))
    if (asked?.port !== 0) return text
    const got = actual
      .map(partsOf)
      .find(
        parts =>
          parts !== undefined &&
          parts.kind === asked.kind &&
          (anyHost.includes(asked.host) || parts.host === asked.host) &&
          !taken.has(`${parts.kind}/${parts.port}`),
      )
    if (got === undefined) return text
    taken.add(`${got.kind}/${got.port}`)
    return withPort(text, got.port)
  })
}

/** Addresses to listen on, of which some have changed. */
export interface Vacant {
  readonly listen: readonly string[]
  /** Ports that another process uses. */
  readonly taken: readonly number[]
}

/** The same addresses, with any free port in the place of one that another process uses by now. */
export async function vacant(listen: readonly string[]): Promise<Vacant> {
  const taken: number[] = []
  const free: string[] = []
  for (const text of listen) {
    const parts = partsOf(multiaddr(text))
    const isTaken = parts !== undefined && parts.port !== 0 && (await isInUse(parts.host, parts.port))
    if (isTaken) taken.push(parts.port)
    free.push(isTaken ? withPort(text, 0) : text)
  }
  return { listen: free, taken }
}

/** Any other fault of the address is reported by the host that listens on it. */
async function isInUse(host: string, port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  } finally {
    server.close()
  }
}

/** Undefined for an address that has no TCP port of this machine. */
function partsOf(
  address: Multiaddr,
): { readonly kind: string; readonly host: string; readonly port: number } | undefined {
  const parts = address.getComponents().filter(({ name }) => name !== 'p2p')
  const [host, tcp] = parts
  if ((host?.name !== 'ip4' && host?.name !== 'ip6') || tcp?.name !== 'tcp' || parts.length > 3) return undefined
  return { kind: parts.map(({ name }) => name).join('/'), host: host.value!, port: Number(tcp.value) }
}

function withPort(address: string, port: number): string {
  return address.replace(/\/tcp\/\d+/, `/tcp/${port}`)
}

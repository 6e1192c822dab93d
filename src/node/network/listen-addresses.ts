import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/*
 * A peer that comes back is looked for where it was. It was told "any free port", and has to ask for the one that it got.
 */

const anyHost: readonly string[] = ['0.0.0.0', '::']

/**
 * What a host was asked to listen on, with the ports that it got in the place of "any".
 *
 * @param listen - multiaddrs as they were asked for
 * @param actual - the host's own
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
  /** Ports that another process has. */
  readonly taken: readonly number[]
}

/** The same addresses, with any free port in the place of one that another process has by now. */
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

/** Whatever else is wrong with the address, the host says that listens there. */
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

/** Undefined for what has no TCP port of this machine. */
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

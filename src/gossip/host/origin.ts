import { isPrivate } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The groups of an IPv6 address that name its network: one machine may dial from any address of its /64. */
const networkGroups = 4

/**
 * Where a connection comes from, in a form that one peer with many identities cannot vary: the host of its address, for
 * IPv6 the network, and through a relay that of the relay.
 */
export function originOf(address: Multiaddr): string {
  const [first] = address.getComponents()
  if (first?.value === undefined) return first?.name ?? ''
  return first.name === 'ip6' ? groupsOf(first.value).slice(0, networkGroups).join(':') : first.value
}

/**
 * The network of a public address, which whoever has one machine there can vary within: the /24 of an IPv4 and the /48 of
 * an IPv6 address. Undefined of others: on a LAN, and behind a relay, the same address says nothing of whose peer it is.
 */
export function networkOf(address: Multiaddr): string | undefined {
  const [first] = address.getComponents()
  if (first?.value === undefined || address.toString().includes('/p2p-circuit')) return undefined
  if (first.name !== 'ip4' && first.name !== 'ip6') return undefined
  if (isPrivate(address)) return undefined
  return first.name === 'ip4'
    ? `${first.value.split('.').slice(0, 3).join('.')}.0/24`
    : `${groupsOf(first.value).slice(0, 3).join(':')}::/48`
}

/** The eight groups of an IPv6 address, whose longest run of zeros may be written as "::". */
function groupsOf(address: string): string[] {
  const [left = '', right] = address.split('::')
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'))
  const [before, after] = [groups(left), groups(right)]
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<string>(zeros).fill('0'), ...after]
}
